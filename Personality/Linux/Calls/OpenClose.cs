using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Paths;

namespace K42.Personality.Linux.Calls;

/// <summary>open(2), openat(2), creat(2), close(2).</summary>
internal static class OpenClose
{
    private const int TmpfileBit = 0x40_0000;

    /// <summary>open(2).</summary>
    public static ValueTask<SysResult> Open(LinuxTask task, SyscallArgs args) =>
        Open(task, args, AtFlag.AT_FDCWD, 0, args.Int(1), args.UInt(2));

    /// <summary>openat(2).</summary>
    public static ValueTask<SysResult> Openat(LinuxTask task, SyscallArgs args) =>
        Open(task, args, args.Int(0), 1, args.Int(2), args.UInt(3));

    /// <summary>creat(2).</summary>
    public static ValueTask<SysResult> Creat(LinuxTask task, SyscallArgs args)
    {
        const int flags = OpenFlag.O_CREAT | OpenFlag.O_WRONLY | OpenFlag.O_TRUNC;
        return Open(task, args, AtFlag.AT_FDCWD, 0, flags, args.UInt(1));
    }

    /// <summary>close(2).</summary>
    public static ValueTask<SysResult> Close(LinuxTask task, SyscallArgs args) =>
        task.Files.Take(args.Int(0)) is { } file ? task.Close(file, 0) : new(Errno.EBADF);

    /// <summary>close_range(2) with all of its flags but sharing, which nothing does here.</summary>
    public static async ValueTask<SysResult> CloseRange(LinuxTask task, SyscallArgs args)
    {
        const uint unshare = 2, closeOnExec = 4;
        var (first, last, flags) = (args.UInt(0), args.UInt(1), args.UInt(2));
        if ((flags & ~(unshare | closeOnExec)) != 0 || first > last) return Errno.EINVAL;
        for (var fd = first; fd <= last && fd < (uint)task.Files.Limit; fd++)
        {
            if ((flags & closeOnExec) != 0) task.Files.SetCloseOnExec((int)fd, true);
            else await task.Close(task.Files.Take((int)fd), 0);
        }
        return 0;
    }

    private static async ValueTask<SysResult> Open(
        LinuxTask task, SyscallArgs args, int directory, int pathIndex, int flags, uint mode)
    {
        flags &= OpenFlag.Valid;
        var creates = (flags & OpenFlag.O_CREAT) != 0;
        if (creates && (flags & OpenFlag.O_DIRECTORY) != 0) return Errno.EINVAL;
        if ((flags & OpenFlag.O_PATH) != 0)
        {
            const int kept =
                OpenFlag.O_DIRECTORY | OpenFlag.O_NOFOLLOW | OpenFlag.O_PATH | OpenFlag.O_CLOEXEC;
            (flags, creates) = (flags & kept, false);
        }
        var tmpfile = Tmpfile(flags);
        if (tmpfile != Errno.None) return tmpfile;
        var path = PathArgument.Path(args, pathIndex);
        if (path.Failed) return path.Errno;
        if (!task.Files.HasFree) return Errno.EMFILE;
        using var cursor = (await PathCursor.Begin(task, directory, path.Value)).Out(out var errno);
        if (cursor is null) return errno;
        var what = new WalkRequest
        {
            Intent = WalkIntent.Open,
            Flags = flags & ~OpenFlag.O_CLOEXEC,
            Mode = creates ? mode & Abi.FileMode.S_IALLUGO & ~task.Umask : 0,
            FollowLast = (flags & OpenFlag.O_NOFOLLOW) == 0 && !(creates && (flags & OpenFlag.O_EXCL) != 0),
        };
        var reply = await cursor.Walk(what, interrupted: args.Interrupted);
        if (reply.Failed) return reply.Errno;
        var file = await Opened(task, reply.Value, flags, cursor.Mount);
        return file.Failed ? file.Errno : Descriptors.Install(task, file.Value, flags);
    }

    private static Errno Tmpfile(int flags)
    {
        if ((flags & TmpfileBit) == 0) return Errno.None;
        var whole = (flags & OpenFlag.O_TMPFILE) == OpenFlag.O_TMPFILE;
        if (!whole || (flags & OpenFlag.O_ACCMODE) == OpenFlag.O_RDONLY) return Errno.EINVAL;
        // Files without a name from the start: volumes don't make them, and Linux's that don't say so.
        return Errno.EOPNOTSUPP;
    }

    private static async ValueTask<Outcome<OpenFile>> Opened(
        LinuxTask task, WalkReply reply, int flags, ulong volume)
    {
        if (reply.Stop != WalkStop.Device)
        {
            return new OpenFile(task.Context, reply.Handle, flags, volume) { Type = reply.Status.Mode };
        }
        var node = OpenFile.NodeOf(task.Context, reply.Handle);
        var type = reply.Status.Mode & Abi.FileMode.S_IFMT;
        Outcome<ObjectHandle> device = Errno.ENXIO;
        if (type == Abi.FileMode.S_IFCHR)
        {
            device = await task.Patient(
                (Devices: DeviceClient.On(task.Context, task.System.Host.Node), reply.Status, flags),
                static ask => ask.Devices.Open(ask.Status.RDevice, ask.flags, ask.Status));
        }
        if (device.Failed)
        {
            node?.Release();
            return device.Errno;
        }
        return new OpenFile(task.Context, device.Value, flags, volume) { Type = type, Node = node };
    }
}
