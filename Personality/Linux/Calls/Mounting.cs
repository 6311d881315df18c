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

    /// <summary>mount(2). Of a new volume the option "node=ID" says which node is to own it.</summary>
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
        if ((flags & Bind) != 0)
        {
            return await MountChanges.Bind(task, source.Value, at.Value, path.Value, flags);
        }
        if ((flags & MountChanges.Propagation) != 0)
        {
            return await MountChanges.Propagate(task, at.Value, flags);
        }
        if ((flags & Move) != 0) return await MountChanges.Move(task, source.Value, at.Value, path.Value);
        if (args.Address(2) == 0) return Errno.EINVAL;
        if (type.Value.Length > TypeBytesMax) return Errno.ENODEV;
        if (!SplitOptions(data.Value.ToString(), out var options, out var node)) return Errno.EINVAL;
        return await MountChanges.ChangeAt(task, at.Value, path.Value, new MountChange
        {
            Kind = MountChangeKind.Mount,
            Flags = flags,
            NodeId = node,
            Type = type.Value.ToString(),
            Source = source.Value,
            Options = options,
        });
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
        var what = new WalkRequest { Intent = WalkIntent.Place, FollowLast = follow };
        var reply = await cursor.Walk(what, stopAtMount: true);
        if (reply.Failed) return reply.Errno;
        if (!task.Principal.IsAdministrator) return Errno.EPERM;
        var mount = await MountedAt(cursor, reply.Value);
        if (mount.Failed) return mount.Errno;
        return await MountChanges.Change(task, new MountChange
        {
            Kind = MountChangeKind.Unmount,
            Mount = mount.Value,
            Flags = (ulong)(flags & (force | detach | expire)),
        });
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

    /// <summary>What a path leads to, through all that is mounted on the way.</summary>
    public static async ValueTask<Outcome<MountPlace>> Find(LinuxTask task, ByteText path)
    {
        using var cursor = (await PathCursor.Begin(task, AtFlag.AT_FDCWD, path)).Out(out var errno);
        if (cursor is null) return errno;
        var reply = await cursor.Walk(new WalkRequest { Intent = WalkIntent.Place, FollowLast = true });
        if (reply.Failed) return reply.Errno;
        var isDirectory = (reply.Value.Status.Mode & Abi.FileMode.S_IFMT) == Abi.FileMode.S_IFDIR;
        var number = reply.Value.MountInode;
        var isRoot = cursor.Mounts.Of(cursor.Mount)?.RootInode == number;
        return new MountPlace(cursor.Mount, number, isDirectory, isRoot);
    }

    /// <summary>How listings show a place.</summary>
    public static async ValueTask<Outcome<ByteText>> Shown(LinuxTask task, MountPlace at, ByteText path)
    {
        // The writer refuses it; in Linux's order, not here.
        if (!at.IsDirectory) return path;
        using var directory = (await PathCall.Directory(task, AtFlag.AT_FDCWD, path)).Out(out var errno);
        return directory is null ? errno : await AbsolutePath.Of(task, directory);
    }

    // The mount whose root the path names, which may be out of reach. EINVAL when the path names anything
    // else.
    private static async ValueTask<Outcome<ulong>> MountedAt(PathCursor cursor, WalkReply reply)
    {
        if (reply.Stop == WalkStop.Mount)
        {
            MountEntry? mounted;
            while ((mounted = cursor.Mounts.On(cursor.Mount, reply.MountInode)) is null)
            {
                var errno = await cursor.Refresh();
                if (errno != Errno.None) return errno;
            }
            return mounted.Value.Id;
        }
        var isRoot = cursor.Mounts.Of(cursor.Mount)?.RootInode == reply.MountInode;
        return isRoot ? cursor.Mount : Errno.EINVAL;
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
