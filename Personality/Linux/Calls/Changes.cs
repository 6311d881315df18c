using System.Buffers.Binary;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Paths;

namespace K42.Personality.Linux.Calls;

/// <summary>chmod(2), chown(2), truncate(2), utimensat(2), umask(2).</summary>
internal static class Changes
{
    private const long UtimeNow = 0x3FFF_FFFF, UtimeOmit = 0x3FFF_FFFE;

    /// <summary>chmod(2).</summary>
    public static ValueTask<SysResult> Chmod(LinuxTask task, SyscallArgs args) =>
        SetMode(task, args, AtFlag.AT_FDCWD, 0, follow: true);

    /// <summary>fchmodat(2), the system call: it has no flags.</summary>
    public static ValueTask<SysResult> Fchmodat(LinuxTask task, SyscallArgs args) =>
        SetMode(task, args, args.Int(0), 1, follow: true);

    /// <summary>fchmod(2).</summary>
    public static async ValueTask<SysResult> Fchmod(LinuxTask task, SyscallArgs args)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        return (await task.Patient(
            (file.Inode, Mode: args.UInt(1) & Abi.FileMode.S_IALLUGO),
            static ask => ask.Inode.SetMode(ask.Mode))).Done();
    }

    /// <summary>chown(2).</summary>
    public static ValueTask<SysResult> Chown(LinuxTask task, SyscallArgs args) =>
        SetOwner(task, args, AtFlag.AT_FDCWD, 0, 0);

    /// <summary>lchown(2).</summary>
    public static ValueTask<SysResult> Lchown(LinuxTask task, SyscallArgs args) =>
        SetOwner(task, args, AtFlag.AT_FDCWD, 0, AtFlag.AT_SYMLINK_NOFOLLOW);

    /// <summary>fchownat(2).</summary>
    public static ValueTask<SysResult> Fchownat(LinuxTask task, SyscallArgs args) =>
        SetOwner(task, args, args.Int(0), 1, args.Int(4));

    /// <summary>fchown(2).</summary>
    public static async ValueTask<SysResult> Fchown(LinuxTask task, SyscallArgs args)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        return await SetOwner(task, file, args.Int(1), args.Int(2));
    }

    /// <summary>truncate(2).</summary>
    public static async ValueTask<SysResult> Truncate(LinuxTask task, SyscallArgs args)
    {
        if (args.Long(1) < 0) return Errno.EINVAL;
        var path = PathArgument.Path(args, 0);
        if (path.Failed) return path.Errno;
        using var cursor = (await PathCursor.Begin(task, AtFlag.AT_FDCWD, path.Value)).Out(out var errno);
        if (cursor is null) return errno;
        var what = new WalkRequest { Intent = WalkIntent.Truncate, First = args.Long(1), FollowLast = true };
        return (await cursor.Walk(what, interrupted: args.Interrupted)).Done();
    }

    /// <summary>ftruncate(2).</summary>
    public static async ValueTask<SysResult> Ftruncate(LinuxTask task, SyscallArgs args)
    {
        if (args.Long(1) < 0) return Errno.EINVAL;
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        if (!file.CanWrite) return Errno.EINVAL;
        return (await task.Patient(
            (file.Client, Size: args.Long(1)),
            static ask => ask.Client.Truncate(ask.Size))).Done();
    }

    /// <summary>utimensat(2).</summary>
    public static async ValueTask<SysResult> Utimensat(LinuxTask task, SyscallArgs args)
    {
        var (accessed, modified) = (SetTime.Now, SetTime.Now);
        var valid = true;
        if (args.Address(2) != 0)
        {
            var read = args.Memory.TryRead(args.Address(2), 2 * Layout.TimespecBytes, out var times);
            if (!read) return Errno.EFAULT;
            valid = Read(times.Span, out accessed) & Read(times.Span[Layout.TimespecBytes..], out modified);
            if (accessed == SetTime.Omit && modified == SetTime.Omit) return 0;
        }
        return args.Address(1) == 0 && args.Int(0) != AtFlag.AT_FDCWD
            ? await SetTimes(task, args, accessed, modified, valid)
            : await SetPathTimes(task, args, accessed, modified, valid);
    }

    /// <summary>umask(2).</summary>
    public static ValueTask<SysResult> Umask(LinuxTask task, SyscallArgs args) =>
        new((long)task.SetUmask(args.UInt(0)));

    private static ValueTask<SysResult> SetMode(
        LinuxTask task, SyscallArgs args, int directory, int index, bool follow)
    {
        var mode = args.UInt(index + 1) & Abi.FileMode.S_IALLUGO;
        return PathCall.Do(
            task, args, directory, index,
            new WalkRequest { Intent = WalkIntent.SetMode, Mode = mode, FollowLast = follow });
    }

    private static async ValueTask<SysResult> SetOwner(
        LinuxTask task, SyscallArgs args, int directory, int index, int flags)
    {
        if ((flags & ~(AtFlag.AT_SYMLINK_NOFOLLOW | AtFlag.AT_EMPTY_PATH)) != 0) return Errno.EINVAL;
        var path = PathArgument.Path(args, index, (flags & AtFlag.AT_EMPTY_PATH) != 0);
        if (path.Failed) return path.Errno;
        var (uid, gid) = (args.Int(index + 1), args.Int(index + 2));
        if (path.Value.Length == 0 && directory != AtFlag.AT_FDCWD)
        {
            using var file = task.Files.Hold(directory);
            return file is null ? Errno.EBADF : await SetOwner(task, file, uid, gid);
        }
        var what = new WalkRequest
        {
            Intent = WalkIntent.SetOwner,
            First = uid,
            Second = gid,
            FollowLast = (flags & AtFlag.AT_SYMLINK_NOFOLLOW) == 0,
        };
        return (await PathCall.Walk(task, directory, path.Value, what)).Done();
    }

    private static async ValueTask<SysResult> SetOwner(LinuxTask task, OpenFile file, int uid, int gid) =>
        (await task.Patient(
            (file.Inode, uid, gid),
            static ask => ask.Inode.SetOwner(ask.uid, ask.gid))).Done();

    private static async ValueTask<SysResult> SetTimes(
        LinuxTask task, SyscallArgs args, long accessed, long modified, bool valid)
    {
        if (args.Int(3) != 0) return Errno.EINVAL;
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        if (!valid) return Errno.EINVAL;
        return (await task.Patient(
            (file.Inode, accessed, modified),
            static ask => ask.Inode.SetTimes(ask.accessed, ask.modified))).Done();
    }

    private static async ValueTask<SysResult> SetPathTimes(
        LinuxTask task, SyscallArgs args, long accessed, long modified, bool valid)
    {
        var flags = args.Int(3);
        if ((flags & ~(AtFlag.AT_SYMLINK_NOFOLLOW | AtFlag.AT_EMPTY_PATH)) != 0) return Errno.EINVAL;
        var path = PathArgument.Path(args, 1, (flags & AtFlag.AT_EMPTY_PATH) != 0);
        if (path.Failed) return path.Errno;
        // Linux looks the path up before it looks at the times.
        var what = new WalkRequest
        {
            Intent = valid ? WalkIntent.SetTimes : WalkIntent.Status,
            First = accessed,
            Second = modified,
            FollowLast = (flags & AtFlag.AT_SYMLINK_NOFOLLOW) == 0,
        };
        var set = await PathCall.Walk(task, args.Int(0), path.Value, what);
        return set.Failed ? set.Errno : valid ? 0 : Errno.EINVAL;
    }

    // False for nanoseconds that are neither a fraction of a second nor one of the two special values.
    private static bool Read(ReadOnlySpan<byte> timespec, out long ns)
    {
        var seconds = BinaryPrimitives.ReadInt64LittleEndian(timespec);
        var fraction = BinaryPrimitives.ReadInt64LittleEndian(timespec[8..]);
        ns = fraction switch
        {
            UtimeNow => SetTime.Now,
            UtimeOmit => SetTime.Omit,
            _ => Clamp(((Int128)seconds * Layout.NsPerSecond) + fraction),
        };
        return ns is SetTime.Now or SetTime.Omit || fraction is >= 0 and < Layout.NsPerSecond;
    }

    private static long Clamp(Int128 ns) =>
        ns >= SetTime.Omit ? SetTime.Omit - 1 : ns < long.MinValue ? long.MinValue : (long)ns;
}
