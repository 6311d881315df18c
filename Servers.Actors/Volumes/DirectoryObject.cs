using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>A directory of a volume, or a file that is mounted somewhere, as a mount shows it, while somebody
/// holds a handle of it.</summary>
/// <remarks>Lives in its <see cref="VolumeServer"/>. Calls: nobody. On failure: the volume stops and answers
/// EIO.</remarks>
/// <param name="upOnly">True when it is covered, and here for the way up.</param>
internal sealed class DirectoryObject(VolumeServer server, RamNode node, VolumeView view, bool upOnly)
    : DirectoryContract
{
    // AT_EACCESS of faccessat(2).
    private const int EffectiveAccess = 0x200;

    public const Rights HandleRights = Rights.Lookup | Rights.ControlAccess;

    public RamNode Node => node;

    public VolumeView View => view;

    public bool UpOnly => upOnly;

    /// <summary>The caller's root as it says; none on the way up, which a made-up one would turn into one
    /// down.</summary>
    public ulong KnownRoot(ulong rootInode) => upOnly ? 0 : rootInode;

    /// <summary>True when a path is none that may start here.</summary>
    public bool Forbids(ByteText path)
    {
        if (!upOnly) return false;
        var bytes = path.Span.TrimStart((byte)'/');
        return !bytes.StartsWith(".."u8) || (bytes.Length > 2 && bytes[2] != '/');
    }

    public override void Walk(WalkRequest walk, CallerIdentity caller, Reply<WalkReply> reply)
    {
        if (server.IsOutdated(walk.MountVersion, caller))
        {
            reply.Fail(Errno.Refresh);
            return;
        }
        if (Forbids(walk.Path))
        {
            reply.Fail(Errno.EACCES);
            return;
        }
        var who = caller.Principal;
        // access(2) asks for whom the process is, not as whom it acts.
        if (walk.Intent == WalkIntent.Access && (walk.Flags & EffectiveAccess) == 0) who = who.ByRealIds();
        var known = walk with { RootInode = KnownRoot(walk.RootInode) };
        // Nothing is made for whom there is no room; who only passes by needs none.
        var refused = walk.Intent == WalkIntent.Open ? server.MayOpen(caller) : Errno.None;
        if (refused != Errno.None) known = known with { Flags = known.Flags & ~OpenFlags.O_CREAT };
        var errno = server.Files.Walk(node, known, new Visitor(who, view), out var found);
        if (found.Stop == WalkStop.Done) view.IsExpiring = false;
        if (found.Stop == WalkStop.Done && refused != Errno.None) errno = refused;
        if (errno != Errno.None) reply.Fail(errno);
        else if (found.Stop != WalkStop.Done) reply.Give(server.Elsewhere(found, view, caller));
        else if (found.Node is RamFile { Leases: not null } leased) Wait(leased, walk, found, caller, reply);
        else Finish(walk, found, caller, reply);
    }

    public override void Rename(
        ByteText path, ObjectHandle newDirectory, ByteText newPath, int flags, ulong rootInode,
        ulong mountVersion, CallerIdentity caller, Reply<TwoPathReply> reply)
    {
        if (!TryPair(path, newDirectory, newPath, rootInode, mountVersion, caller, reply, out var paths))
        {
            return;
        }
        var errno = server.Files.Rename(paths, flags, By(caller), out var side, out var found);
        server.Answer(errno, side, found, view, caller, reply);
    }

    public override void Link(
        ByteText path, ObjectHandle newDirectory, ByteText newPath, bool followLast, ulong rootInode,
        ulong mountVersion, CallerIdentity caller, Reply<TwoPathReply> reply)
    {
        if (!TryPair(path, newDirectory, newPath, rootInode, mountVersion, caller, reply, out var paths))
        {
            return;
        }
        var errno = server.Files.Link(paths, followLast, By(caller), out var side, out var found);
        server.Answer(errno, side, found, view, caller, reply);
    }

    public override void PathOf(Reply<DirectoryPath> reply)
    {
        var path = node is RamDirectory directory ? server.Files.PathOf(directory, view) : Errno.ENOTDIR;
        if (path.Failed) reply.Fail(path.Errno);
        else reply.Ok(new DirectoryPath(path.Value, view.UpTicket));
    }

    public override void Status(Reply<FileStatus> reply) => reply.Ok(node.StatusOn(server.Files.Device));

    protected override void AccessGiven(HandleRow from, HandleRow to)
    {
        var grant = (DirectoryGrant)from.ClientData! with { Owner = to.Owner };
        to.ClientData = grant;
        server.Granted(to.Handle, grant);
    }

    protected override void HandleDropped(HandleRow row) => server.Ungranted(row.Handle);

    protected override void LastHandleDropped() => server.DirectoryUnused(this);

    private Visitor By(CallerIdentity caller) => new(caller.Principal, view);

    private bool TryPair(
        ByteText path, ObjectHandle newDirectory, ByteText newPath, ulong rootInode, ulong mountVersion,
        CallerIdentity caller, Reply<TwoPathReply> reply, out TwoPaths paths)
    {
        paths = default;
        view.IsExpiring = false;
        var outdated = server.IsOutdated(mountVersion, caller);
        var target = outdated ? Errno.Refresh : server.Resolve(newDirectory, newPath, view, caller);
        if (target.Failed) reply.Fail(target.Errno);
        else if (Forbids(path)) reply.Fail(Errno.EACCES);
        else paths = new TwoPaths(
            node, path, target.Value.Node, newPath, KnownRoot(target.Value.KnownRoot(rootInode)));
        return paths.OldStart is not null;
    }

    // A leased file is opened and cut when its leases allow it, which may be much later.
    private void Wait(
        RamFile leased, WalkRequest walk, WalkFinding found, CallerIdentity caller, Reply<WalkReply> reply)
    {
        var opens = walk.Intent == WalkIntent.Open && (walk.Flags & OpenFlags.O_PATH) == 0;
        if (opens) server.Leases.Break(leased, walk.Flags, reply, Finish);
        else if (found.ToBeCut) server.Leases.Break(leased, OpenFlags.O_WRONLY, reply, Finish);
        else Finish();

        void Finish() => this.Finish(walk, found, caller, reply);
    }

    private void Finish(
        in WalkRequest walk, in WalkFinding found, CallerIdentity caller, Reply<WalkReply> reply)
    {
        var (stop, end) = (WalkStop.Done, found.Node);
        var handle = default(Outcome<ObjectHandle>);
        OpenFile? opened = null;
        switch (walk.Intent)
        {
            case WalkIntent.Directory or WalkIntent.Parent:
                handle = server.Grant(end!, view, caller, held: walk.Intent == WalkIntent.Directory);
                break;
            case WalkIntent.Open:
                // A device is served elsewhere; the handle stands for its inode.
                if (end is RamDevice && (walk.Flags & OpenFlags.O_PATH) == 0) stop = WalkStop.Device;
                handle = server.OpenFile(end!, view, walk.Flags, found, caller, out opened);
                break;
        }
        if (handle.Failed)
        {
            reply.Fail(handle.Errno);
            return;
        }
        server.Files.Cut(walk, found, By(caller));
        var status = end?.StatusOn(server.Files.Device) ?? default;
        var volume = walk.Intent == WalkIntent.VolumeStatus ? server.Files.StatusFor(view) : default;
        var answer = new WalkReply(
            stop, found.Rest, found.LinksFollowed, handle.Value, status, found.Text, 0, found.MountInode,
            volume, 0);
        // Nobody learns the handle of a caller that gave up.
        if (!reply.Ok(answer) && opened is not null) server.Close(opened);
    }
}
