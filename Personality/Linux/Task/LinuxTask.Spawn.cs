using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux;

public sealed partial class LinuxTask
{
    /// <summary>The Linux side of a spawned child, with what its parent left to it.</summary>
    internal LinuxTask(
        LinuxSystem system, HostedProcess hosted, DirectoryRef root, ulong rootInode, DirectoryRef cwd,
        Bequest bequest, DescriptorTable files)
        : this(system, hosted, root, rootInode, cwd)
    {
        (Files, _umask, _signalMask) = (files, bequest.Umask, bequest.SignalMask);
        for (var signal = 1; signal <= Signal.NumberMax; signal++)
        {
            if ((bequest.IgnoredSignals & Signal.Bit(signal)) != 0)
                Put(signal, new SignalAction { Handler = Signal.Ignore });
        }
    }

    /// <summary>K42's spawn: a child on another node, as fork(2) and exec(2) would make one: it has this
    /// task's root, working directory, umask, mask and open files, but for those with
    /// close-on-exec.</summary>
    /// <param name="nodeId">The node's number.</param>
    /// <returns>The child's number and the token to claim it with; ENODEV when there is no such node, EAGAIN,
    /// EIO when a file's node can't be reached.</returns>
    public async ValueTask<Outcome<SpawnResult>> Spawn(int nodeId)
    {
        var spawned = await Patient(
            (Process, nodeId), static ask => ask.Process.Spawn(ask.nodeId));
        if (spawned.Failed) return SysResult.Linux(spawned.Errno);
        var pid = spawned.Value.Pid;
        var bequest = await Bequeath(pid);
        if (bequest.Failed)
        {
            // The child is this task's own; without what it needs it must not run.
            await Patient(
                (Table: ProcessesOf(pid), pid), static ask => ask.Table.Kill(ask.pid, Signal.SIGKILL));
            return SysResult.Linux(bequest.Errno);
        }
        return spawned;
    }

    private async ValueTask<Outcome<Nothing>> Bequeath(int pid)
    {
        var files = Files.HoldAll();
        try
        {
            var given = new List<BequeathedFile>();
            foreach (var group in files.Where(held => !held.CloseOnExec).GroupBy(held => held.File))
            {
                var file = group.Key;
                var handle = await Give(file, pid);
                if (handle.Failed) return handle.Errno;
                var node = await GiveNode(file, pid);
                if (node.Failed) return node.Errno;
                given.Add(new BequeathedFile(
                    handle.Value, file.Flags, file.Mount, file.Type, [.. group.Select(held => held.Fd)])
                {
                    Node = node.Value,
                });
            }
            return await Bequeath(pid, given);
        }
        finally
        {
            foreach (var (_, file, _) in files) file.Dispose();
        }
    }

    private async ValueTask<Outcome<Nothing>> Bequeath(int pid, List<BequeathedFile> files)
    {
        using var here = HoldCwd();
        var root = await Give(Root.Client, pid, DirectoryRef.Given);
        if (root.Failed) return root.Errno;
        var cwd = await Give(here.Client, pid, DirectoryRef.Given);
        if (cwd.Failed) return cwd.Errno;
        var bequest = new Bequest
        {
            Umask = Umask,
            SignalMask = SignalMask,
            IgnoredSignals = Ignored(),
            RootInode = RootInode,
            Root = (root.Value, Root.Mount),
            Cwd = (cwd.Value, here.Mount),
            Files = files,
        };
        return await Patient(
            (Table: ProcessesOf(pid), pid, State: bequest.ToBytes()),
            static ask => ask.Table.Bequeath(ask.pid, ask.State));
    }

    private ulong Ignored()
    {
        ulong ignored = 0;
        lock (_lock)
        {
            for (var signal = 1; signal <= Signal.NumberMax; signal++)
            {
                if (_actions?[signal].Handler == Signal.Ignore) ignored |= Signal.Bit(signal);
            }
        }
        return ignored;
    }
}
