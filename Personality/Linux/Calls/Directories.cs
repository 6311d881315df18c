using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Paths;

namespace K42.Personality.Linux.Calls;

/// <summary>mkdir(2), rmdir(2), mknod(2), chdir(2), getcwd(2), getdents64(2).</summary>
internal static class Directories
{
    private const uint ModeBits = 0x3FF;

    /// <summary>mkdir(2).</summary>
    public static ValueTask<SysResult> Mkdir(LinuxTask task, SyscallArgs args) =>
        Mkdir(task, args, AtFlag.AT_FDCWD, 0);

    /// <summary>mkdirat(2).</summary>
    public static ValueTask<SysResult> Mkdirat(LinuxTask task, SyscallArgs args) =>
        Mkdir(task, args, args.Int(0), 1);

    /// <summary>rmdir(2).</summary>
    public static ValueTask<SysResult> Rmdir(LinuxTask task, SyscallArgs args) =>
        PathCall.Do(task, args, AtFlag.AT_FDCWD, 0, new WalkRequest { Intent = WalkIntent.RemoveDirectory });

    /// <summary>mknod(2).</summary>
    public static ValueTask<SysResult> Mknod(LinuxTask task, SyscallArgs args) =>
        Mknod(task, args, AtFlag.AT_FDCWD, 0);

    /// <summary>mknodat(2).</summary>
    public static ValueTask<SysResult> Mknodat(LinuxTask task, SyscallArgs args) =>
        Mknod(task, args, args.Int(0), 1);

    /// <summary>chdir(2).</summary>
    public static async ValueTask<SysResult> Chdir(LinuxTask task, SyscallArgs args)
    {
        var path = PathArgument.Path(args, 0);
        if (path.Failed) return path.Errno;
        var directory = await PathCall.Directory(task, AtFlag.AT_FDCWD, path.Value);
        if (directory.Failed) return directory.Errno;
        task.SetCwd(directory.Value);
        return 0;
    }

    /// <summary>fchdir(2).</summary>
    public static async ValueTask<SysResult> Fchdir(LinuxTask task, SyscallArgs args)
    {
        // Walking to "." checks search permission, which the open descriptor does not imply.
        var directory = await PathCall.Directory(task, OpenFd(args.Int(0)), ".");
        if (directory.Failed) return directory.Errno;
        task.SetCwd(directory.Value);
        return 0;
    }

    /// <summary>getcwd(2): the system call gives the length with the zero.</summary>
    public static async ValueTask<SysResult> Getcwd(LinuxTask task, SyscallArgs args)
    {
        using var cwd = task.HoldCwd();
        var path = await AbsolutePath.Of(task, cwd);
        if (path.Failed) return path.Errno;
        byte[] bytes = [.. path.Value.Span, 0];
        if (bytes.Length > PathArgument.BytesMax + 1) return Errno.ENAMETOOLONG;
        if ((ulong)bytes.Length > args.Address(1)) return Errno.ERANGE;
        return args.Memory.TryWrite(args.Address(0), bytes.AsMemory()) ? bytes.Length : Errno.EFAULT;
    }

    /// <summary>getdents64(2).</summary>
    public static async ValueTask<SysResult> Getdents64(LinuxTask task, SyscallArgs args)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        // A file that can only be written is no directory.
        if (!file.CanRead) return Errno.ENOTDIR;
        var asked = (int)Math.Min(args.UInt(2), FileContract.CallBytesMax);
        var there = args.Memory.Writable(args.Address(1), asked);
        var records = await task.Patient(
            (file.Client, Count: there == asked ? asked : (int)there),
            static ask => ask.Client.ReadDirectory(ask.Count));
        if (records.Errno == Errno.EINVAL && there < asked) return Errno.EFAULT;
        if (records.Failed) return records.Errno;
        return args.Memory.TryWrite(args.Address(1), records.Value) ? records.Value.Length : Errno.EFAULT;
    }

    // AT_FDCWD is no descriptor where a call wants an open file: any other negative number is none as well.
    private static int OpenFd(int fd) => fd == AtFlag.AT_FDCWD ? -1 : fd;

    private static ValueTask<SysResult> Mkdir(LinuxTask task, SyscallArgs args, int directory, int index)
    {
        var mode = args.UInt(index + 1) & ModeBits & ~task.Umask;
        return PathCall.Do(
            task, args, directory, index, new WalkRequest { Intent = WalkIntent.MakeDirectory, Mode = mode });
    }

    private static ValueTask<SysResult> Mknod(LinuxTask task, SyscallArgs args, int directory, int index)
    {
        // umode_t has 16 bits, dev_t as a system call gets it 32.
        var mode = args.UInt(index + 1) & 0xFFFF;
        switch (mode & Abi.FileMode.S_IFMT)
        {
            case 0:
                mode |= Abi.FileMode.S_IFREG;
                break;
            case Abi.FileMode.S_IFREG or Abi.FileMode.S_IFCHR or Abi.FileMode.S_IFBLK:
            case Abi.FileMode.S_IFIFO or Abi.FileMode.S_IFSOCK:
                break;
            case Abi.FileMode.S_IFDIR:
                return new(Errno.EPERM);
            default:
                return new(Errno.EINVAL);
        }
        var what = new WalkRequest
        {
            Intent = WalkIntent.MakeNode,
            Mode = mode & ~task.Umask,
            First = args.UInt(index + 2),
        };
        return PathCall.Do(task, args, directory, index, what);
    }
}
