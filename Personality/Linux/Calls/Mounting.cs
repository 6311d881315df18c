using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Paths;

namespace K42.Personality.Linux.Calls;

/// <summary>mount(2), umount2(2), statfs(2), fsync(2).</summary>
internal static class Mounting
{
    private const ulong MagicMask = 0xFFFF_0000, Magic = 0xC0ED_0000;
    private const ulong Remount = 32, Bind = 4_096, Move = 8_192;
    private const int TypeBytesMax = 63;
    private const string NodeOption = "node=";

    /// <summary>mount(2) of a new volume. The option "node=ID" says which node is to own it.</summary>
    public static async ValueTask<SysResult> Mount(LinuxTask task, SyscallArgs args)
    {
        var type = Optional(args, 2);
        if (type.Failed) return type.Errno;
        var source = Optional(args, 0);
        if (source.Failed) return source.Errno;
        var data = Optional(args, 4);
        if (data.Failed) return data.Errno;
        var path = PathArgument.Path(args, 1);
        if (path.Failed) return path.Errno;
        var at = await Find(task, path.Value);
        if (at.Failed) return at.Errno;
        if (!task.Principal.IsAdministrator) return Errno.EPERM;
        var flags = args.Address(3);
        if ((flags & MagicMask) == Magic) flags &= ~MagicMask;
        if ((flags & Remount) != 0) return await MountChanges.Remount(task, at.Value, flags, data.Value);
        // A volume is seen at one directory: there are no bind mounts yet.
        if ((flags & Bind) != 0) return Errno.EINVAL;
        if ((flags & MountChanges.Propagation) != 0) return MountChanges.SetPropagation(at.Value, flags);
        if ((flags & Move) != 0) return await MountChanges.Move(task, source.Value, at.Value, path.Value);
        if (args.Address(2) == 0) return Errno.EINVAL;
        if (type.Value.Length > TypeBytesMax) return Errno.ENODEV;
        if (!SplitOptions(data.Value.ToString(), out var options, out var node)) return Errno.EINVAL;
        return await Mount(
            task, at.Value, path.Value, source.Value, type.Value.ToString(), flags, options, node);
    }

    /// <summary>umount2(2).</summary>
    public static async ValueTask<SysResult> Umount2(LinuxTask task, SyscallArgs args)
    {
        const int force = 1, detach = 2, expire = 4, noFollow = 8;
        var flags = args.Int(1);
        if ((flags & ~(force | detach | expire | noFollow)) != 0) return Errno.EINVAL;
        var path = PathArgument.Path(args, 0);
        if (path.Failed) return path.Errno;
        using var cursor = (await PathCursor.Begin(task, AtFlag.AT_FDCWD, path.Value))
            .Out(out var errno);
        if (cursor is null) return errno;
        var follow = (flags & noFollow) == 0;
        var what = new WalkRequest { Intent = WalkIntent.Status, FollowLast = follow };
        var reply = await cursor.Walk(what, stopAtMount: true);
        if (reply.Failed) return reply.Errno;
        if (!task.Principal.IsAdministrator) return Errno.EPERM;
        var volume = await MountedAt(task, cursor, reply.Value);
        if (volume.Failed) return volume.Errno;
        var names = NameClient.On(task.Context, task.System.Host.Node);
        var done = await task.Patient(
            (names, volume.Value, Flags: flags & (force | detach | expire)),
            static ask => ask.names.Unmount(ask.Value, ask.Flags));
        if (!done.Failed) await task.System.Mounts.Again(task);
        return done.Done();
    }

    /// <summary>statfs(2).</summary>
    public static async ValueTask<SysResult> Statfs(LinuxTask task, SyscallArgs args)
    {
        var what = new WalkRequest { Intent = WalkIntent.VolumeStatus, FollowLast = true };
        var reply = await PathCall.Walk(task, args, AtFlag.AT_FDCWD, 0, what);
        return reply.Failed ? reply.Errno : Give(args, reply.Value.VolumeStatus);
    }

    /// <summary>fstatfs(2).</summary>
    public static async ValueTask<SysResult> Fstatfs(LinuxTask task, SyscallArgs args)
    {
        const long pipeMagic = 0x5049_5045, pageBytes = 4_096, nameMax = 255;
        using var file = task.Files.Hold(args.Int(0));
        if (file is null) return Errno.EBADF;
        var status = await task.Patient(file.Inode, static client => client.VolumeStatus());
        if (status.Errno == Errno.ENOSYS)
        {
            return Give(args, new VolumeStatus(pipeMagic, pageBytes, 0, 0, 0, 0, 0, nameMax, 0));
        }
        return status.Failed ? status.Errno : Give(args, status.Value);
    }

    /// <summary>fsync(2), fdatasync(2).</summary>
    public static async ValueTask<SysResult> Fsync(LinuxTask task, SyscallArgs args)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        return (await task.Patient(file.Client, static client => client.Sync())).Done();
    }

    private static async ValueTask<SysResult> Mount(
        LinuxTask task, MountPlace at, ByteText path, ByteText source, string type, ulong flags,
        string options, int node)
    {
        var shown = await Shown(task, at, path);
        if (shown.Failed) return shown.Errno;
        var names = NameClient.On(task.Context, task.System.Host.Node);
        var done = await task.Patient(
            (names, source, at, shown.Value, type, flags, options, node),
            static ask => ask.names.Mount(
                ask.source, ask.at.Volume, ask.at.Inode, ask.Value, ask.type, ask.flags, ask.options,
                ask.node));
        if (!done.Failed) await task.System.Mounts.Again(task);
        return done.Done();
    }

    /// <summary>What a path leads to, through all that is mounted on the way.</summary>
    public static async ValueTask<Outcome<MountPlace>> Find(LinuxTask task, ByteText path)
    {
        using var cursor = (await PathCursor.Begin(task, AtFlag.AT_FDCWD, path)).Out(out var errno);
        if (cursor is null) return errno;
        var reply = await cursor.Walk(new WalkRequest { Intent = WalkIntent.Status, FollowLast = true });
        if (reply.Failed) return reply.Errno;
        var isDirectory = (reply.Value.Status.Mode & Abi.FileMode.S_IFMT) == Abi.FileMode.S_IFDIR;
        return new MountPlace(cursor.Volume, reply.Value.Status.Inode, isDirectory);
    }

    /// <summary>How listings show a place.</summary>
    public static async ValueTask<Outcome<ByteText>> Shown(LinuxTask task, MountPlace at, ByteText path)
    {
        // The writer refuses it; in Linux's order, not here.
        if (!at.IsDirectory) return path;
        using var directory = (await PathCall.Directory(task, AtFlag.AT_FDCWD, path)).Out(out var errno);
        return directory is null ? errno : await AbsolutePath.Of(task, directory);
    }

    // The volume whose root the path names. EINVAL when the path names anything else.
    private static async ValueTask<Outcome<ulong>> MountedAt(
        LinuxTask task, PathCursor cursor, WalkReply reply)
    {
        if (reply.Stop == WalkStop.Mount)
        {
            MountEntry? mounted;
            while ((mounted = cursor.Mounts.On(reply.Volume, reply.MountInode)) is null)
            {
                var errno = await cursor.Refresh();
                if (errno != Errno.None) return errno;
            }
            return mounted.Value.Volume;
        }
        if (cursor.Mounts.Of(cursor.Volume) is null) return Errno.EINVAL;
        return reply.Status.Inode == VolumeContract.RootInode ? cursor.Volume : Errno.EINVAL;
    }

    private static Outcome<ByteText> Optional(SyscallArgs args, int index) =>
        args.Address(index) == 0
            ? default(ByteText)
            : PathArgument.Text(args.Memory, args.Address(index), PathArgument.BytesMax, Errno.EINVAL);

    public static bool SplitOptions(string data, out string options, out int node)
    {
        node = 0;
        var kept = new List<string>();
        foreach (var option in data.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!option.StartsWith(NodeOption, StringComparison.Ordinal)) kept.Add(option);
            else if (!ushort.TryParse(option.AsSpan(NodeOption.Length), out var id)) return Fail(out options);
            else node = id;
        }
        options = string.Join(',', kept);
        return true;
    }

    private static bool Fail(out string options)
    {
        options = "";
        return false;
    }

    private static SysResult Give(SyscallArgs args, in VolumeStatus status)
    {
        var bytes = new byte[Layout.StatfsBytes];
        Layout.Statfs(bytes, status);
        return args.Memory.TryWrite(args.Address(1), bytes.AsMemory()) ? 0 : Errno.EFAULT;
    }
}
