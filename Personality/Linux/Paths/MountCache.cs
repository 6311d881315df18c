using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;

namespace K42.Personality.Linux.Paths;

/// <summary>The mount table as this node's tasks know it: read once, and again when a volume says it is
/// old.</summary>
internal sealed class MountCache(IProcessHost host)
{
    private volatile Mounts? _known;

    /// <summary>The table as known; EAGAIN while there is no root volume yet.</summary>
    public ValueTask<Outcome<Mounts>> Current(LinuxTask? task = null)
    {
        var known = _known;
        return known is not null ? new(known) : Read(0, task);
    }

    /// <summary>A table newer than one version, waiting for it if need be.</summary>
    public ValueTask<Outcome<Mounts>> Newer(ulong version, LinuxTask task)
    {
        var known = _known;
        return known is not null && known.Version > version ? new(known) : Read(version, task);
    }

    /// <summary>The table as the node has it now: after a mount or an unmount.</summary>
    public ValueTask<Outcome<Mounts>> Again(LinuxTask task) => Read(0, task);

    private async ValueTask<Outcome<Mounts>> Read(ulong seen, LinuxTask? task)
    {
        var names = NameClient.On(host.Kernel, host.Node);
        var interrupted = task is null ? CancellationToken.None : task.EndedToken;
        var table = task is null
            ? await names.Table(seen, interrupted)
            : await task.Patient(
                (names, seen, interrupted),
                static ask => ask.names.Table(ask.seen, ask.interrupted));
        if (table.Failed) return table.Errno;
        if (table.Value.Mounts.Length == 0) return Errno.EAGAIN;
        var read = new Mounts(table.Value);
        var known = _known;
        if (known is null || known.Version < read.Version) _known = read;
        return read;
    }
}

/// <summary>One version of the mount table.</summary>
internal sealed class Mounts(MountTable table)
{
    /// <summary>Its version.</summary>
    public ulong Version => table.Version;

    /// <summary>The root mount.</summary>
    public MountEntry Root => table.Mounts[0];

    /// <summary>What is seen at an inode of a mount: the uppermost of what is mounted there; null when
    /// nothing is.</summary>
    public MountEntry? On(ulong mount, ulong inode)
    {
        MountEntry? top = null;
        // What is mounted over a mount comes after it in the table.
        foreach (var entry in table.Mounts)
        {
            if (mount == 0 || entry.OnMount != mount || entry.OnInode != inode) continue;
            (top, mount, inode) = (entry, entry.Id, entry.RootInode);
        }
        return top;
    }

    /// <summary>A mount by its number; null when there is none.</summary>
    public MountEntry? Of(ulong mount)
    {
        foreach (var entry in table.Mounts)
        {
            if (entry.Id == mount) return entry;
        }
        return null;
    }
}
