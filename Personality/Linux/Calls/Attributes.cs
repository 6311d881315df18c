using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Paths;

namespace K42.Personality.Linux.Calls;

/// <summary>stat(2), access(2).</summary>
internal static class Attributes
{
    private const int AccessModeMax = 7;

    /// <summary>stat(2).</summary>
    public static ValueTask<SysResult> Stat(LinuxTask task, SyscallArgs args) =>
        Stat(task, args, AtFlag.AT_FDCWD, 0, 1, 0);

    /// <summary>lstat(2).</summary>
    public static ValueTask<SysResult> Lstat(LinuxTask task, SyscallArgs args) =>
        Stat(task, args, AtFlag.AT_FDCWD, 0, 1, AtFlag.AT_SYMLINK_NOFOLLOW);

    /// <summary>newfstatat(2).</summary>
    public static ValueTask<SysResult> Newfstatat(LinuxTask task, SyscallArgs args)
    {
        const int known = AtFlag.AT_SYMLINK_NOFOLLOW | AtFlag.AT_NO_AUTOMOUNT | AtFlag.AT_EMPTY_PATH
            | AtFlag.AT_STATX_SYNC_TYPE;
        var flags = args.Int(3);
        return (flags & ~known) != 0 ? new(Errno.EINVAL) : Stat(task, args, args.Int(0), 1, 2, flags);
    }

    /// <summary>fstat(2).</summary>
    public static async ValueTask<SysResult> Fstat(LinuxTask task, SyscallArgs args)
    {
        var status = await OfDescriptor(task, args.Int(0));
        return status.Failed ? status.Errno : Give(args, 1, status.Value);
    }

    /// <summary>statx(2), with the basic fields whatever is asked for.</summary>
    public static async ValueTask<SysResult> Statx(LinuxTask task, SyscallArgs args)
    {
        const uint reserved = 0x8000_0000;
        const int known = AtFlag.AT_SYMLINK_NOFOLLOW | AtFlag.AT_NO_AUTOMOUNT | AtFlag.AT_EMPTY_PATH
            | AtFlag.AT_STATX_SYNC_TYPE;
        var flags = args.Int(2);
        var sync = flags & AtFlag.AT_STATX_SYNC_TYPE;
        if ((args.UInt(3) & reserved) != 0 || sync == AtFlag.AT_STATX_SYNC_TYPE) return Errno.EINVAL;
        if ((flags & ~known) != 0) return Errno.EINVAL;
        var status = await OfPath(task, args, args.Int(0), 1, flags);
        if (status.Failed) return status.Errno;
        var bytes = new byte[Layout.StatxBytes];
        Layout.Statx(bytes, status.Value);
        return args.Memory.TryWrite(args.Address(4), bytes.AsMemory()) ? 0 : Errno.EFAULT;
    }

    /// <summary>access(2).</summary>
    public static ValueTask<SysResult> Access(LinuxTask task, SyscallArgs args) =>
        Access(task, args, AtFlag.AT_FDCWD, 0, args.UInt(1), 0);

    /// <summary>faccessat(2), the system call: it has no flags.</summary>
    public static ValueTask<SysResult> Faccessat(LinuxTask task, SyscallArgs args) =>
        Access(task, args, args.Int(0), 1, args.UInt(2), 0);

    /// <summary>faccessat2(2).</summary>
    public static ValueTask<SysResult> Faccessat2(LinuxTask task, SyscallArgs args) =>
        Access(task, args, args.Int(0), 1, args.UInt(2), args.Int(3));

    /// <summary>The status behind a descriptor. EBADF.</summary>
    public static async ValueTask<Outcome<FileStatus>> OfDescriptor(LinuxTask task, int fd)
    {
        using var file = task.Files.Hold(fd);
        if (file is null) return Errno.EBADF;
        return await task.Patient(file.Inode, static client => client.Status());
    }

    private static async ValueTask<SysResult> Stat(
        LinuxTask task, SyscallArgs args, int directory, int path, int buffer, int flags)
    {
        var status = await OfPath(task, args, directory, path, flags);
        return status.Failed ? status.Errno : Give(args, buffer, status.Value);
    }

    private static async ValueTask<Outcome<FileStatus>> OfPath(
        LinuxTask task, SyscallArgs args, int directory, int index, int flags)
    {
        var mayBeEmpty = (flags & AtFlag.AT_EMPTY_PATH) != 0;
        var path = PathArgument.Path(args, index, mayBeEmpty);
        if (path.Failed) return path.Errno;
        if (path.Value.Length == 0)
        {
            if (directory != AtFlag.AT_FDCWD) return await OfDescriptor(task, directory);
            using var cwd = task.HoldCwd();
            return await task.Patient(cwd.Client, static client => client.Status());
        }
        var what = new WalkRequest
        {
            Intent = WalkIntent.Status,
            FollowLast = (flags & AtFlag.AT_SYMLINK_NOFOLLOW) == 0,
        };
        var reply = await PathCall.Walk(task, directory, path.Value, what);
        return reply.Failed ? reply.Errno : reply.Value.Status;
    }

    private static SysResult Give(SyscallArgs args, int buffer, in FileStatus status)
    {
        var bytes = new byte[Layout.StatBytes];
        Layout.Stat(bytes, status);
        return args.Memory.TryWrite(args.Address(buffer), bytes.AsMemory()) ? 0 : Errno.EFAULT;
    }

    private static async ValueTask<SysResult> Access(
        LinuxTask task, SyscallArgs args, int directory, int index, uint mode, int flags)
    {
        const int known = AtFlag.AT_EACCESS | AtFlag.AT_SYMLINK_NOFOLLOW | AtFlag.AT_EMPTY_PATH;
        if (mode > AccessModeMax || (flags & ~known) != 0) return Errno.EINVAL;
        var path = PathArgument.Path(args, index, (flags & AtFlag.AT_EMPTY_PATH) != 0);
        if (path.Failed) return path.Errno;
        var what = new WalkRequest
        {
            Intent = WalkIntent.Access,
            Mode = mode,
            Flags = flags & AtFlag.AT_EACCESS,
            FollowLast = (flags & AtFlag.AT_SYMLINK_NOFOLLOW) == 0,
        };
        return (await PathCall.Walk(task, directory, path.Value, what)).Done();
    }
}
