using System.Numerics;

using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Personality.Linux.Calls;

/// <summary>Where a mount is made, changed or moved to.</summary>
internal readonly record struct MountPlace(ulong Volume, ulong Inode, bool IsDirectory)
{
    /// <summary>Whether it is the root directory of a volume, which only a mount makes visible.</summary>
    public bool IsMounted => Inode == VolumeContract.RootInode;
}

/// <summary>mount(2) of what is mounted already: MS_REMOUNT, MS_MOVE and the propagation types.</summary>
internal static class MountChanges
{
    private const ulong Remounts = 32, Bind = 4_096, Recursive = 16_384, Silent = 32_768;
    private const ulong Unbindable = 1 << 17, Private = 1 << 18, Slave = 1 << 19, Shared = 1 << 20;

    /// <summary>MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED.</summary>
    public const ulong Propagation = Unbindable | Private | Slave | Shared;

    /// <summary>MS_REMOUNT: other flags and options.</summary>
    public static async ValueTask<SysResult> Remount(
        LinuxTask task, MountPlace at, ulong flags, ByteText data)
    {
        // With MS_BIND it would change one mount of several of a volume; a volume has one only.
        if (!at.IsMounted || (flags & Bind) != 0) return Errno.EINVAL;
        if (!Mounting.SplitOptions(data.ToString(), out var options, out _)) return Errno.EINVAL;
        var names = NameClient.On(task.Context, task.System.Host.Node);
        var done = await task.Patient(
            (names, at.Volume, flags: flags & ~Remounts, options),
            static ask => ask.names.Remount(ask.Volume, ask.flags, ask.options));
        if (!done.Failed) await task.System.Mounts.Again(task);
        return done.Done();
    }

    /// <summary>The propagation types: every mount is private, and with one namespace and no bind mounts that
    /// can't be told from a slave or an unbindable one.</summary>
    public static SysResult SetPropagation(MountPlace at, ulong flags)
    {
        var type = flags & ~(Recursive | Silent);
        var isOne = (type & ~Propagation) == 0 && BitOperations.IsPow2(type);
        return at.IsMounted && isOne && type != Shared ? 0 : Errno.EINVAL;
    }

    /// <summary>MS_MOVE: the mount at the source is seen at the target from now on.</summary>
    public static async ValueTask<SysResult> Move(
        LinuxTask task, ByteText source, MountPlace to, ByteText path)
    {
        if (source.IsEmpty) return Errno.EINVAL;
        var from = await Mounting.Find(task, source);
        if (from.Failed) return from.Errno;
        if (!from.Value.IsMounted || !to.IsDirectory) return Errno.EINVAL;
        var shown = await Mounting.Shown(task, to, path);
        if (shown.Failed) return shown.Errno;
        var names = NameClient.On(task.Context, task.System.Host.Node);
        var done = await task.Patient(
            (names, from.Value.Volume, to, shown.Value),
            static ask => ask.names.Move(ask.Volume, ask.to.Volume, ask.to.Inode, ask.Value));
        if (!done.Failed) await task.System.Mounts.Again(task);
        return done.Done();
    }
}
