using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Personality.Linux.Calls;

/// <summary>Where a mount is made, changed or moved to.</summary>
/// <param name="Mount">In which mount.</param>
/// <param name="Number">By which number its volume knows the place; 0 unless the caller is root.</param>
/// <param name="IsRoot">Whether that is what the mount shows: what only a mount makes visible there.</param>
internal readonly record struct MountPlace(ulong Mount, ulong Number, bool IsDirectory, bool IsRoot);

/// <summary>mount(2) of what is mounted already, or seen somewhere: MS_REMOUNT, MS_BIND, MS_MOVE and the
/// propagation types.</summary>
internal static class MountChanges
{
    private const ulong Bound = 4_096, Shared = 1 << 20, Slave = 1 << 19, Private = 1 << 18;
    private const ulong Unbindable = 1 << 17;

    /// <summary>MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED.</summary>
    public const ulong Propagation = Unbindable | Private | Slave | Shared;

    /// <summary>MS_REMOUNT: other flags and options; with MS_BIND, other flags of this one mount.</summary>
    public static ValueTask<SysResult> Remount(LinuxTask task, MountPlace at, ulong flags, ByteText data)
    {
        if (!at.IsRoot) return new(Errno.EINVAL);
        var change = new MountChange { Mount = at.Mount, Flags = flags };
        if ((flags & Bound) != 0) return Change(task, change with { Kind = MountChangeKind.Reconfigure });
        return Mounting.SplitOptions(data.ToString(), out var options, out _)
            ? Change(task, change with { Kind = MountChangeKind.Remount, Options = options })
            : new(Errno.EINVAL);
    }

    /// <summary>The propagation types.</summary>
    public static ValueTask<SysResult> Propagate(LinuxTask task, MountPlace at, ulong flags) => at.IsRoot
        ? Change(task, new MountChange { Kind = MountChangeKind.Propagate, Mount = at.Mount, Flags = flags })
        : new(Errno.EINVAL);

    /// <summary>MS_BIND: what the source is, is seen at the target too.</summary>
    public static async ValueTask<SysResult> Bind(
        LinuxTask task, ByteText source, MountPlace to, ByteText path, ulong flags)
    {
        if (source.IsEmpty) return Errno.EINVAL;
        var from = await Mounting.Find(task, source);
        if (from.Failed) return from.Errno;
        return await ChangeAt(task, to, path, new MountChange
        {
            Kind = MountChangeKind.Bind,
            Mount = from.Value.Mount,
            Inode = from.Value.Number,
            Flags = flags,
        });
    }

    /// <summary>MS_MOVE: the mount at the source is seen at the target from now on.</summary>
    public static async ValueTask<SysResult> Move(
        LinuxTask task, ByteText source, MountPlace to, ByteText path)
    {
        if (source.IsEmpty) return Errno.EINVAL;
        var from = await Mounting.Find(task, source);
        if (from.Failed) return from.Errno;
        if (!from.Value.IsRoot || from.Value.IsDirectory != to.IsDirectory) return Errno.EINVAL;
        var change = new MountChange { Kind = MountChangeKind.Move, Mount = from.Value.Mount };
        return await ChangeAt(task, to, path, change);
    }

    /// <summary>A change that makes something seen at a place.</summary>
    /// <param name="path">How the caller names the place.</param>
    public static async ValueTask<SysResult> ChangeAt(
        LinuxTask task, MountPlace at, ByteText path, MountChange change)
    {
        var shown = await Mounting.Shown(task, at, path);
        if (shown.Failed) return shown.Errno;
        return await Change(
            task, change with { OnMount = at.Mount, OnInode = at.Number, Path = shown.Value });
    }

    /// <summary>A change; when it returns, the task's table has it.</summary>
    public static async ValueTask<SysResult> Change(LinuxTask task, MountChange change)
    {
        var names = NameClient.On(task.Context, task.System.Host.Node);
        var done = await task.Patient((names, change), static ask => ask.names.Change(ask.change));
        if (!done.Failed) await task.System.Mounts.Again(task);
        return done.Done();
    }
}
