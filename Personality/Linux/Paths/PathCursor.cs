using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux.Paths;

/// <summary>One path on its way through the volumes: where it is, and what of it remains.</summary>
/// <remarks>Dispose gives back the directory handles that were made on the way.</remarks>
internal sealed class PathCursor : IDisposable
{
    // A path without symlinks crosses fewer mounts than it has components; this only ends what goes in
    // circles.
    private const int HopsMax = 4_096;

    // What a volume takes at once; a long link before a long rest makes more.
    private const int PathBytesMax = 4_095;

    private readonly LinuxTask _task;
    private int _hops;

    private PathCursor(LinuxTask task, DirectoryRef at, ByteText path, Mounts mounts)
    {
        _task = task;
        At = at;
        Path = path;
        Mounts = mounts;
    }

    /// <summary>Where the rest starts.</summary>
    public DirectoryRef At { get; private set; }

    /// <summary>The rest, relative to it.</summary>
    public ByteText Path { get; private set; }

    /// <summary>The mount table that the walk goes by.</summary>
    public Mounts Mounts { get; private set; }

    /// <summary>Symlinks followed so far.</summary>
    public int Links { get; private set; }

    /// <summary>The mount where the walk stands.</summary>
    public ulong Mount => At.Mount;

    /// <summary>The inode that ".." does not leave, or 0.</summary>
    public ulong RootInode => At.Mount == _task.Root.Mount ? _task.RootInode : 0;

    /// <summary>Begins at the root, the working directory, or an open directory. EBADF, ENOTDIR.</summary>
    public static async ValueTask<Outcome<PathCursor>> Begin(LinuxTask task, int directory, ByteText path)
    {
        var mounts = await task.System.Mounts.Current(task);
        if (mounts.Failed) return mounts.Errno;
        if (path.StartsWith('/')) return new PathCursor(task, task.Root.Hold(), path, mounts.Value);
        if (directory == AtFlag.AT_FDCWD) return new PathCursor(task, task.HoldCwd(), path, mounts.Value);
        using var file = task.Files.Hold(directory);
        if (file is null) return Errno.EBADF;
        var start = await file.AsDirectory(task);
        if (start.Failed) return start.Errno;
        return new PathCursor(task, start.Value, path, mounts.Value);
    }

    /// <summary>Walks to the end, through mounts and absolute links, and does what is asked there.</summary>
    /// <param name="what">Intent and its parameters; path, links, root and mount version are filled in
    /// here.</param>
    /// <param name="stopAtMount">Come back with <see cref="WalkStop.Mount"/> when nothing remains of the path
    /// at a mount point, instead of entering it.</param>
    /// <param name="interrupted">Ends a wait for somebody's lease with EINTR.</param>
    public async ValueTask<Outcome<WalkReply>> Walk(
        WalkRequest what, bool stopAtMount = false, CancellationToken interrupted = default)
    {
        while (true)
        {
            var fits = await Fit();
            if (fits != Errno.None) return fits;
            var reply = await Ask(what, Path, interrupted);
            if (reply.Errno == Errno.Refresh)
            {
                var errno = await Refresh();
                if (errno != Errno.None) return errno;
                continue;
            }
            if (reply.Failed) return reply.Errno;
            if (reply.Value.Stop is WalkStop.Done or WalkStop.Device) return reply;
            var atMount = reply.Value.Stop == WalkStop.Mount && reply.Value.Rest.Length == 0;
            if (stopAtMount && atMount) return reply;
            var went = await Advance(reply.Value);
            if (went != Errno.None) return went;
        }
    }

    /// <summary>Walks the beginning of a path that is longer than a volume takes at once.</summary>
    public async ValueTask<Errno> Fit()
    {
        while (Path.Length > PathBytesMax)
        {
            var cut = Path.Span[..PathBytesMax].LastIndexOf((byte)'/');
            if (cut < 0) return Errno.ENAMETOOLONG;
            var (piece, rest) = (ByteText.Of(Path.Span[..(cut + 1)]), ByteText.Of(Path.Span[(cut + 1)..]));
            var what = new WalkRequest { Intent = WalkIntent.Directory, FollowLast = true };
            var reply = await Ask(what, piece);
            var errno = reply.Errno;
            if (errno == Errno.Refresh) errno = await Refresh();
            else if (reply is { Failed: false, Value.Stop: WalkStop.Done })
                Stand(new DirectoryRef(_task.Context, reply.Value.Handle, At.Mount), rest);
            else if (!reply.Failed)
                errno = await Advance(reply.Value with { Rest = Join(reply.Value.Rest, rest) });
            if (errno != Errno.None) return errno;
        }
        return Errno.None;
    }

    /// <summary>Goes on where a volume came back before the end.</summary>
    public async ValueTask<Errno> Advance(WalkReply reply)
    {
        if (++_hops > HopsMax) return Errno.ELOOP;
        Links = Math.Max(Links, reply.LinksFollowed);
        // A volume counts those of one call; rename and link make several.
        if (Links > DirectoryContract.SymlinksMax) return Errno.ELOOP;
        switch (reply.Stop)
        {
            case WalkStop.AbsoluteLink:
                Stand(_task.Root.Hold(), reply.Rest);
                return Errno.None;
            case WalkStop.Mount:
                return await Enter(reply);
            case WalkStop.Far when !reply.Handle.IsNone:
                Stand(new DirectoryRef(_task.Context, reply.Handle, At.Mount), reply.Rest);
                return Errno.None;
            case WalkStop.AboveRoot:
                return await Leave(reply.Rest, reply.Ticket);
            default:
                return Errno.EIO;
        }
    }

    /// <summary>Reads the mount table again: a volume knows of a newer one.</summary>
    public async ValueTask<Errno> Refresh()
    {
        var newer = await _task.System.Mounts.Newer(Mounts.Version, _task);
        if (!newer.Failed) Mounts = newer.Value;
        return newer.Errno;
    }

    /// <summary>Goes on at the directory of the last name, as a walk to the parent gave it.</summary>
    public Errno StandAtParent(WalkReply parent)
    {
        if (parent.Handle.IsNone) return Errno.EIO;
        Stand(new DirectoryRef(_task.Context, parent.Handle, At.Mount), parent.Rest);
        return Errno.None;
    }

    /// <summary>Whether nothing can be written where the walk stands.</summary>
    public async ValueTask<bool> IsReadOnly()
    {
        const long readOnly = 1;
        var status = await Ask(new WalkRequest { Intent = WalkIntent.VolumeStatus }, default);
        return !status.Failed && (status.Value.VolumeStatus.Flags & readOnly) != 0;
    }

    /// <inheritdoc/>
    public void Dispose() => At.Dispose();

    private ValueTask<Outcome<WalkReply>> Ask(
        WalkRequest what, ByteText path, CancellationToken interrupted = default)
    {
        var request = what with
        {
            Path = path,
            LinksFollowed = Links,
            RootInode = RootInode,
            MountVersion = Mounts.Version,
        };
        return _task.Patient(
            (At.Client, request, interrupted),
            static ask => ask.Client.Walk(ask.request, ask.interrupted));
    }

    private static ByteText Join(ByteText before, ByteText after)
    {
        var slash = before.IsEmpty || before.EndsWith('/') ? default : "/"u8;
        return ByteText.Concat(before.Span, slash, after.Span);
    }

    private async ValueTask<Errno> Enter(WalkReply reply)
    {
        MountEntry? entry;
        while ((entry = Mounts.On(At.Mount, reply.MountInode)) is null)
        {
            var errno = await Refresh();
            if (errno != Errno.None) return errno;
        }
        return await Enter(entry.Value, 0, reply.Rest, reply.Ticket);
    }

    private async ValueTask<Errno> Leave(ByteText rest, ulong ticket)
    {
        var mount = Mounts.Of(At.Mount);
        if (mount is null || mount.Value.OnMount == 0)
        {
            // Above the root of everything is the root.
            if (mount is not null && Mounts.On(mount.Value.Id, mount.Value.RootInode) is { } over)
            {
                return await Enter(over, 0, rest, ticket);
            }
            Stand(_task.Root.Hold(), rest);
            return Errno.None;
        }
        var outer = Mounts.Of(mount.Value.OnMount);
        if (outer is null) return Errno.ENOENT;
        var up = rest.IsEmpty ? ".." : ByteText.Concat("../"u8, rest.Span);
        return await Enter(outer.Value, mount.Value.OnInode, up, ticket);
    }

    private async ValueTask<Errno> Enter(MountEntry entry, ulong inode, ByteText rest, ulong ticket)
    {
        var handle = await _task.Enter(entry, inode, ticket);
        if (handle.Errno is Errno.Refresh or Errno.ESTALE) return await WithoutMount(entry, handle.Errno);
        if (handle.Failed) return handle.Errno;
        Stand(handle.Value, rest);
        return Errno.None;
    }

    // The mount ended meanwhile: on from where the walk stands, by the table that says so. Where the table
    // still has it, its volume ended with its node.
    private async ValueTask<Errno> WithoutMount(MountEntry entry, Errno errno)
    {
        if (errno == Errno.Refresh) return await Refresh();
        var now = await _task.System.Mounts.Again(_task);
        if (now.Failed) return now.Errno;
        if (now.Value.Of(entry.Id) is not null) return Errno.EIO;
        Mounts = now.Value;
        return Errno.None;
    }

    private void Stand(DirectoryRef at, ByteText path)
    {
        At.Dispose();
        (At, Path) = (at, path);
    }
}
