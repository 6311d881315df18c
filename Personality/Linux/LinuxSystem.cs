using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;
using K42.Personality.Linux.Paths;

namespace K42.Personality.Linux;

/// <summary>The Linux personality of one node: makes tasks, and keeps what they share.</summary>
/// <param name="host">The node's side: processes, nodes, in whose name to look things up.</param>
public sealed class LinuxSystem(IProcessHost host)
{
    /// <summary>What uname(2) gives as release: the Linux whose behaviour is kept, then whose system it
    /// is.</summary>
    public const string Release = "6.1.0-k42";

    /// <summary>The node's side.</summary>
    public IProcessHost Host { get; } = host;

    internal MountCache Mounts { get; } = new(host);

    internal LostHomes LostHomes { get; } = new(host.Membership);

    /// <summary>Makes the Linux side of a process: what its parent left to it, if it was spawned; otherwise
    /// root and working directory are the root of everything, no descriptor is open, every disposition is the
    /// default.</summary>
    /// <returns>The task; EAGAIN while no root volume is known, EIO when its node can't be reached.</returns>
    public async ValueTask<Outcome<LinuxTask>> Begin(HostedProcess process)
    {
        if (!process.Bequest.IsEmpty)
        {
            var heir = Bequest.Read(process.Bequest.Span).Restore(this, process);
            heir.Start();
            return heir;
        }
        var mounts = await Mounts.Current();
        if (mounts.Failed) return mounts.Errno;
        var entry = mounts.Value.Root;
        var handle = await VolumeClient.On(process.Context, entry.Node).Enter(entry.Volume, entry.Id, 0, 0);
        if (handle.Failed) return SysResult.Linux(handle.Errno);
        var root = new DirectoryRef(process.Context, handle.Value, entry.Id);
        var status = await root.Client.Status();
        if (status.Failed)
        {
            root.Dispose();
            return SysResult.Linux(status.Errno);
        }
        var task = new LinuxTask(this, process, root, status.Value.Inode, root.Hold());
        task.Start();
        return task;
    }
}
