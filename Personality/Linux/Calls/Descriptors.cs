using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux.Calls;

/// <summary>dup(2), fcntl(2).</summary>
internal static class Descriptors
{
    private const uint HalfRange = 0x8000_0000;

    /// <summary>Gives a file a descriptor as open(2) does, or gives the file back. EMFILE.</summary>
    public static SysResult Install(LinuxTask task, OpenFile file, int flags)
    {
        var fd = task.Files.Add(file, (flags & OpenFlag.O_CLOEXEC) != 0);
        if (fd >= 0) return fd;
        file.Dispose();
        return Errno.EMFILE;
    }

    /// <summary>dup(2).</summary>
    public static ValueTask<SysResult> Dup(LinuxTask task, SyscallArgs args) =>
        new(Duplicate(task, args.Int(0), 0, closeOnExec: false));

    /// <summary>dup2(2).</summary>
    public static ValueTask<SysResult> Dup2(LinuxTask task, SyscallArgs args)
    {
        var (from, to) = (args.UInt(0), args.UInt(1));
        if (from != to) return DuplicateTo(task, from, to, closeOnExec: false);
        return new(task.Files.CloseOnExec((int)from) is null ? Errno.EBADF : (long)to);
    }

    /// <summary>dup3(2).</summary>
    public static ValueTask<SysResult> Dup3(LinuxTask task, SyscallArgs args)
    {
        var (from, to, flags) = (args.UInt(0), args.UInt(1), args.Int(2));
        if ((flags & ~OpenFlag.O_CLOEXEC) != 0 || from == to) return new(Errno.EINVAL);
        return DuplicateTo(task, from, to, (flags & OpenFlag.O_CLOEXEC) != 0);
    }

    /// <summary>fcntl(2).</summary>
    public static async ValueTask<SysResult> Fcntl(LinuxTask task, SyscallArgs args)
    {
        var (fd, command) = (args.Int(0), args.Int(1));
        using var file = task.Files.Hold(fd);
        if (file is null) return Errno.EBADF;
        switch (command)
        {
            case FcntlCommand.F_DUPFD:
            case FcntlCommand.F_DUPFD_CLOEXEC:
                return Duplicate(task, fd, args.Int(2), command == FcntlCommand.F_DUPFD_CLOEXEC);
            case FcntlCommand.F_GETFD:
                var closes = task.Files.CloseOnExec(fd);
                return closes is null ? Errno.EBADF : closes.Value ? FcntlCommand.FD_CLOEXEC : 0;
            case FcntlCommand.F_SETFD:
                var set = task.Files.SetCloseOnExec(fd, (args.Long(2) & FcntlCommand.FD_CLOEXEC) != 0);
                return set ? 0 : Errno.EBADF;
            case FcntlCommand.F_GETFL:
                return await Flags(task, file);
            case FcntlCommand.F_DUPFD_QUERY:
                using (var other = task.Files.Hold(args.Int(2)))
                {
                    return other is null ? Errno.EBADF : ReferenceEquals(other, file) ? 1 : 0;
                }
            case FcntlCommand.F_CREATED_QUERY:
                return await FileNotes.Created(task, file);
        }
        if (file.IsPathOnly) return Errno.EBADF;
        switch (command)
        {
            case FcntlCommand.F_SETFL:
                var change = await task.Patient(
                    (file.Client, Flags: args.Int(2) & (OpenFlag.Settable | OpenFlag.O_ASYNC), fd),
                    static ask => ask.Client.SetFlags(ask.Flags, ask.fd));
                return change.Done();
            case FcntlCommand.F_GETPIPE_SZ:
                return await Capacity(task, file, FileContract.SameCapacity);
            case FcntlCommand.F_SETPIPE_SZ:
                // Linux takes the argument without sign, up to half of that.
                var wanted = (uint)args.Long(2);
                if (wanted > int.MaxValue) return wanted == HalfRange ? Errno.EPERM : Errno.EINVAL;
                return await Capacity(task, file, (int)wanted);
            case (>= FcntlCommand.F_GETLK and <= FcntlCommand.F_SETLKW)
                or (>= FcntlCommand.F_OFD_GETLK and <= FcntlCommand.F_OFD_SETLKW):
                return await Locks.Control(task, args, file);
            default:
                return await FileNotes.Control(task, args, file);
        }
    }

    private static async ValueTask<SysResult> Flags(LinuxTask task, OpenFile file)
    {
        if (file.IsPathOnly) return file.Flags;
        var flags = await task.Patient(file.Client, static client => client.Flags());
        if (flags.Failed) return flags.Errno;
        // open(2) sets it on 64-bit systems, pipe(2) does not.
        return file.Mount == 0 ? flags.Value : flags.Value | OpenFlag.O_LARGEFILE;
    }

    private static async ValueTask<SysResult> Capacity(LinuxTask task, OpenFile file, int wanted)
    {
        var bytes = await task.Patient(
            (file.Client, wanted), static ask => ask.Client.Capacity(ask.wanted));
        return bytes.Failed ? bytes.Errno : bytes.Value;
    }

    private static SysResult Duplicate(LinuxTask task, int fd, int lowest, bool closeOnExec)
    {
        var file = task.Files.Hold(fd);
        if (file is null) return Errno.EBADF;
        var errno = lowest < 0 || lowest >= task.Files.Limit ? Errno.EINVAL : Errno.EMFILE;
        var copy = errno == Errno.EINVAL ? -1 : task.Files.Add(file, closeOnExec, lowest);
        if (copy >= 0) return copy;
        file.Dispose();
        return errno;
    }

    private static ValueTask<SysResult> DuplicateTo(LinuxTask task, uint from, uint to, bool closeOnExec)
    {
        if (to >= (uint)task.Files.Limit) return new(Errno.EBADF);
        var file = task.Files.Hold((int)from);
        if (file is null) return new(Errno.EBADF);
        return task.Close(task.Files.Replace((int)to, file, closeOnExec), (long)to);
    }
}
