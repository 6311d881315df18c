using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Personality.Linux;

public sealed partial class LinuxTask
{
    /// <summary>fork(2): a child process with access to all that this task has open, and its Linux
    /// side.</summary>
    /// <remarks>Who runs programs asks <see cref="TakeChild"/> for the child; it is abandoned if nobody does
    /// before this task ends. EAGAIN, EIO when a file's node can't be reached.</remarks>
    internal async ValueTask<SysResult> Fork()
    {
        var forked = await Patient(Process, static process => process.Fork());
        if (forked.Failed) return forked.Errno;
        var attached = await System.Host.Attach(Hosted, forked.Value);
        if (attached.Failed) return attached.Errno;
        var child = await Inherit(attached.Value);
        if (child.Failed)
        {
            System.Host.Abandon(attached.Value);
            return child.Errno;
        }
        _children[child.Value.Pid] = child.Value;
        child.Value.Start();
        // The task's end may have looked for children just before.
        if (HasEnded && TakeChild(child.Value.Pid) is { } orphan) System.Host.Abandon(orphan.Hosted);
        return child.Value.Pid;
    }

    private async ValueTask<Outcome<LinuxTask>> Inherit(HostedProcess hosted)
    {
        var files = Files.HoldAll();
        try
        {
            // One handle for each open file, however many descriptors lead to it: they share it in the child
            // too.
            var given = new Dictionary<OpenFile, OpenFile>();
            var descriptors = new DescriptorTable { Limit = Files.Limit };
            foreach (var (fd, file, closeOnExec) in files)
            {
                if (!given.TryGetValue(file, out var copy))
                {
                    var handle = await Give(file, hosted.Pid);
                    if (handle.Failed) return handle.Errno;
                    var node = await GiveNode(file, hosted.Pid);
                    if (node.Failed) return node.Errno;
                    copy = new OpenFile(hosted.Context, handle.Value, file.Flags, file.Mount)
                    {
                        Type = file.Type,
                        Node = OpenFile.NodeOf(hosted.Context, node.Value),
                    };
                    given.Add(file, copy);
                }
                else
                {
                    copy.Hold();
                }
                descriptors.Replace(fd, copy, closeOnExec);
            }
            return await Inherit(hosted, descriptors);
        }
        finally
        {
            foreach (var (_, file, _) in files) file.Dispose();
        }
    }

    private async ValueTask<Outcome<LinuxTask>> Inherit(HostedProcess hosted, DescriptorTable descriptors)
    {
        using var here = HoldCwd();
        var root = await Give(Root.Client, hosted.Pid, DirectoryRef.Given);
        if (root.Failed) return root.Errno;
        var cwd = await Give(here.Client, hosted.Pid, DirectoryRef.Given);
        if (cwd.Failed) return cwd.Errno;
        var child = new LinuxTask(
            System,
            hosted,
            new DirectoryRef(hosted.Context, root.Value, Root.Mount),
            RootInode,
            new DirectoryRef(hosted.Context, cwd.Value, here.Mount))
        {
            Files = descriptors,
            _umask = Umask,
            _signalMask = SignalMask,
            UsesLocks = UsesLocks,
        };
        lock (_lock) child._actions = _actions;
        return child;
    }

    // A lost pipe's child end is as lost as its parent's, and no reason against the child.
    private async ValueTask<Outcome<ObjectHandle>> Give(OpenFile file, int pid)
    {
        var handle = await Give(file.Client, pid, file.Given);
        return handle.Failed && System.LostHomes.IsLostPipe(file) ? file.Client.Handle : handle;
    }

    // None when it has none.
    private ValueTask<Outcome<ObjectHandle>> GiveNode(OpenFile file, int pid) => file.Node is { } node
        ? Give(node, pid, file.Given)
        : new(default(ObjectHandle));

    private ValueTask<Outcome<ObjectHandle>> Give(ContractClient client, int pid, Rights rights) => Patient(
        (client, pid, rights), static ask => ask.client.GiveAccess(ask.pid, ask.rights, Rights.None));
}
