using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Paths;

namespace K42.Personality.Linux.Calls;

/// <summary>unlink(2), rename(2), link(2), symlink(2), readlink(2).</summary>
internal static class Links
{
    private const uint NoReplace = 1, Exchange = 2, Whiteout = 4;

    /// <summary>unlink(2).</summary>
    public static ValueTask<SysResult> Unlink(LinuxTask task, SyscallArgs args) =>
        PathCall.Do(task, args, AtFlag.AT_FDCWD, 0, new WalkRequest { Intent = WalkIntent.Unlink });

    /// <summary>unlinkat(2).</summary>
    public static ValueTask<SysResult> Unlinkat(LinuxTask task, SyscallArgs args)
    {
        var flags = args.Int(2);
        if ((flags & ~AtFlag.AT_REMOVEDIR) != 0) return new(Errno.EINVAL);
        var intent = flags != 0 ? WalkIntent.RemoveDirectory : WalkIntent.Unlink;
        return PathCall.Do(task, args, args.Int(0), 1, new WalkRequest { Intent = intent });
    }

    /// <summary>rename(2).</summary>
    public static ValueTask<SysResult> Rename(LinuxTask task, SyscallArgs args) =>
        Rename(task, args, (AtFlag.AT_FDCWD, 0), (AtFlag.AT_FDCWD, 1), 0);

    /// <summary>renameat(2).</summary>
    public static ValueTask<SysResult> Renameat(LinuxTask task, SyscallArgs args) =>
        Rename(task, args, (args.Int(0), 1), (args.Int(2), 3), 0);

    /// <summary>renameat2(2).</summary>
    public static ValueTask<SysResult> Renameat2(LinuxTask task, SyscallArgs args) =>
        Rename(task, args, (args.Int(0), 1), (args.Int(2), 3), args.UInt(4));

    /// <summary>link(2).</summary>
    public static ValueTask<SysResult> Link(LinuxTask task, SyscallArgs args) =>
        Link(task, args, (AtFlag.AT_FDCWD, 0), (AtFlag.AT_FDCWD, 1), 0);

    /// <summary>linkat(2).</summary>
    public static ValueTask<SysResult> Linkat(LinuxTask task, SyscallArgs args) =>
        Link(task, args, (args.Int(0), 1), (args.Int(2), 3), args.Int(4));

    /// <summary>symlink(2).</summary>
    public static ValueTask<SysResult> Symlink(LinuxTask task, SyscallArgs args) =>
        Symlink(task, args, AtFlag.AT_FDCWD, 1);

    /// <summary>symlinkat(2).</summary>
    public static ValueTask<SysResult> Symlinkat(LinuxTask task, SyscallArgs args) =>
        Symlink(task, args, args.Int(1), 2);

    /// <summary>readlink(2).</summary>
    public static ValueTask<SysResult> Readlink(LinuxTask task, SyscallArgs args) =>
        Readlink(task, args, AtFlag.AT_FDCWD, 0);

    /// <summary>readlinkat(2).</summary>
    public static ValueTask<SysResult> Readlinkat(LinuxTask task, SyscallArgs args) =>
        Readlink(task, args, args.Int(0), 1);

    private static async ValueTask<SysResult> Rename(
        LinuxTask task, SyscallArgs args, (int Directory, int Path) from, (int Directory, int Path) to,
        uint flags)
    {
        if ((flags & ~(NoReplace | Exchange | Whiteout)) != 0) return Errno.EINVAL;
        if ((flags & Exchange) != 0 && (flags & (NoReplace | Whiteout)) != 0) return Errno.EINVAL;
        // Whiteouts are for overlays, which no volume here is made for.
        if ((flags & Whiteout) != 0) return Errno.EINVAL;
        return await Pair(task, args, from, to, null, (one, two) => task.Patient(
            (one, two, flags),
            static ask => ask.one.At.Client.Rename(
                ask.one.Path, ask.two.At.Client.Handle, ask.two.Path, (int)ask.flags, ask.one.RootInode,
                ask.one.Mounts.Version)));
    }

    private static async ValueTask<SysResult> Link(
        LinuxTask task, SyscallArgs args, (int Directory, int Path) from, (int Directory, int Path) to,
        int flags)
    {
        if ((flags & ~(AtFlag.AT_SYMLINK_FOLLOW | AtFlag.AT_EMPTY_PATH)) != 0) return Errno.EINVAL;
        var mayBeEmpty = (flags & AtFlag.AT_EMPTY_PATH) != 0;
        if (mayBeEmpty && from.Directory != AtFlag.AT_FDCWD)
        {
            var path = PathArgument.Path(args, from.Path, mayBeEmpty);
            if (path.Failed) return path.Errno;
            if (path.Value.Length == 0) return await LinkOpen(task, args, from.Directory, to);
        }
        var follow = (flags & AtFlag.AT_SYMLINK_FOLLOW) != 0;
        var finds = new WalkRequest { Intent = WalkIntent.Status, FollowLast = follow };
        return await Pair(task, args, from, to, finds, (one, two) => task.Patient(
            (one, two, follow),
            static ask => ask.one.At.Client.Link(
                ask.one.Path, ask.two.At.Client.Handle, ask.two.Path, ask.follow, ask.one.RootInode,
                ask.one.Mounts.Version)), mayBeEmpty);
    }

    // AT_EMPTY_PATH: what is linked is the open file itself.
    private static async ValueTask<SysResult> LinkOpen(
        LinuxTask task, SyscallArgs args, int from, (int Directory, int Path) to)
    {
        using var file = task.Files.Hold(from);
        if (file is null) return Errno.EBADF;
        // Whoever may not link it hears that before anything of the new path.
        var may = await task.Patient(file.Inode, static inode => inode.Link(default, default, 0, 0));
        if (may.Errno == Errno.ENOENT) return may.Errno;
        var path = PathArgument.Path(args, to.Path);
        if (path.Failed) return path.Errno;
        using var cursor = (await PathCursor.Begin(task, to.Directory, path.Value)).Out(out var errno);
        if (cursor is null) return errno;
        return await TwoPaths.Run(file.Mount, cursor, goal => task.Patient(
            (file.Inode, goal),
            static ask => ask.Inode.Link(
                ask.goal.At.Client.Handle, ask.goal.Path, ask.goal.RootInode, ask.goal.Mounts.Version)));
    }

    private static async ValueTask<SysResult> Pair(
        LinuxTask task, SyscallArgs args, (int Directory, int Path) from, (int Directory, int Path) to,
        WalkRequest? finds, TwoPaths.Deed deed, bool mayBeEmpty = false)
    {
        var first = PathArgument.Path(args, from.Path, mayBeEmpty);
        if (first.Failed) return first.Errno;
        var begun = await PathCursor.Begin(task, from.Directory, first.Value);
        if (begun.Failed) return begun.Errno;
        using var one = begun.Value;
        var second = PathArgument.Path(args, to.Path);
        begun = second.Failed ? second.Errno : await PathCursor.Begin(task, to.Directory, second.Value);
        if (begun.Failed)
        {
            // What is wrong on the way of the first path comes before anything of the second.
            var before = await TwoPaths.Find(one, finds);
            return before != Errno.None ? before : begun.Errno;
        }
        using var two = begun.Value;
        return await TwoPaths.Run(one, two, finds, deed);
    }

    private static ValueTask<SysResult> Symlink(LinuxTask task, SyscallArgs args, int directory, int index)
    {
        var target = PathArgument.Path(args, 0);
        if (target.Failed) return new(target.Errno);
        return PathCall.Do(
            task, args, directory, index,
            new WalkRequest { Intent = WalkIntent.MakeLink, Text = target.Value });
    }

    private static async ValueTask<SysResult> Readlink(
        LinuxTask task, SyscallArgs args, int directory, int index)
    {
        var countMax = args.Int(index + 2);
        if (countMax <= 0) return Errno.EINVAL;
        var path = PathArgument.Path(args, index, mayBeEmpty: true);
        if (path.Failed) return path.Errno;
        if (path.Value.Length == 0)
        {
            var own = await ReadDescriptor(task, directory);
            return own.Failed ? own.Errno : Give(args, index, own.Value, countMax);
        }
        var reply = await PathCall.Walk(
            task, directory, path.Value, new WalkRequest { Intent = WalkIntent.ReadLink });
        return reply.Failed ? reply.Errno : Give(args, index, reply.Value.Text, countMax);
    }

    // An empty path asks about the descriptor itself, which only O_PATH can open on a symlink.
    private static async ValueTask<Outcome<ByteText>> ReadDescriptor(LinuxTask task, int fd)
    {
        if (fd == AtFlag.AT_FDCWD) return Errno.ENOENT;
        using var file = task.Files.Hold(fd);
        if (file is null) return Errno.EBADF;
        if (!file.IsPathOnly) return Errno.ENOENT;
        return await task.Patient(file.Client, static client => client.ReadLink());
    }

    private static SysResult Give(SyscallArgs args, int index, ByteText text, int countMax)
    {
        var count = Math.Min(text.Length, countMax);
        return args.Memory.TryWrite(args.Address(index + 1), text.Memory[..count]) ? count : Errno.EFAULT;
    }
}
