using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>One ramfs volume: the actor in which its directories and open files live.</summary>
/// <remarks>Parent: <see cref="VolumeRoot"/>. Calls: nobody. On failure: stopped; every handle answers
/// EIO.</remarks>
internal sealed partial class VolumeServer : ObjectActor
{
    private readonly Dictionary<ObjectHandle, DirectoryGrant> _grants = [];
    private readonly Dictionary<uint, int> _grantsByUser = [];
    private readonly Dictionary<uint, int> _filesByUser = [];
    private readonly SortedDictionary<ulong, VolumeView> _views = [];
    private readonly VolumeView _whole;
    private readonly VolumeSettings _settings;
    private readonly string _type;
    private readonly ulong _number;
    private int _openFiles;
    private int _writers;
    private int _heldDirectories;
    private bool _ending;

    public VolumeServer(
        IpcPort ipc, ulong number, string type, RamOptions options, VolumeSettings settings) : base(ipc)
    {
        (_number, _type, _settings) = (number, type, settings);
        Files = new RamFileSystem(number, options, ipc.Clock);
        _whole = new VolumeView(0, Files.Root);
        Locks = new LockTable(settings.Locks);
        Leases = new LeaseTable(this, settings);
        Staged = new WriteStaging(settings.StagedBytesMax, settings.StagedFor, ipc.Clock);
    }

    public RamFileSystem Files { get; }

    /// <summary>The locks of its files.</summary>
    public LockTable Locks { get; }

    /// <summary>The leases of its files.</summary>
    public LeaseTable Leases { get; }

    /// <summary>Long writes whose pieces are coming.</summary>
    public WriteStaging Staged { get; }

    /// <summary>The mount table that walks must know at least.</summary>
    public ulong MountVersion { get; private set; }

    public ulong Number => _number;

    public VolumeInfo Info => new(
        _number, _type, Files.Space.PagesUsed * RamSpace.PageBytes, Files.Space.InodesUsed,
        Files.FileCount == 0);

    public static Props Props(
        IpcPort ipc, ulong number, string type, RamOptions options, VolumeSettings settings) =>
        Akka.Actor.Props.Create(() => new VolumeServer(ipc, number, type, options, settings));

    /// <summary>A handle of what a mount shows, or of a covered directory for the way up. Others are reached
    /// by walking only, and these by a ticket that a walk was given, so that nobody gets past a directory
    /// that may not be searched.</summary>
    public Outcome<ObjectHandle> Enter(ulong mount, ulong inode, ulong ticket, CallerIdentity caller)
    {
        if (_ending || caller.Revoked) return Errno.ESTALE;
        // A table without the mount is on its way.
        if (ViewFor(mount, caller) is not { } view) return mount == 0 ? Errno.ESTALE : Errno.Refresh;
        var free = caller.IsKernel || caller.Principal.IsRoot;
        if (inode == 0)
        {
            return free || ticket == view.Ticket ? Grant(view.Root, view, caller, held: false) : Errno.EACCES;
        }
        var node = view.Covered(inode, out var place)?.Node;
        if (node is not null && place.UpTicket == ticket)
        {
            return Grant(node, view, caller, held: false, upOnly: true);
        }
        if (!free) return node is null ? Errno.ESTALE : Errno.EACCES;
        node ??= Files.FindDirectory(inode);
        if (node is null or RamDirectory { Dead: true }) return Errno.ESTALE;
        return Grant(node, view, caller, held: false);
    }

    public Errno TryEnd(bool force)
    {
        if (!force && (_openFiles > 0 || _heldDirectories > 0)) return Errno.EBUSY;
        _ending = true;
        return Errno.None;
    }

    /// <summary>Kernels move mount points themselves; everybody else must know of them.</summary>
    public bool IsOutdated(ulong mountVersion, CallerIdentity caller) =>
        mountVersion < MountVersion && !caller.IsKernel;

    /// <summary>How a walk goes on, outside of this volume or in a later turn.</summary>
    public Outcome<WalkReply> Elsewhere(in WalkFinding found, VolumeView view, CallerIdentity caller)
    {
        Outcome<ObjectHandle> handle = default(ObjectHandle);
        if (found.Stop == WalkStop.Far) handle = Grant(found.Node!, view, caller, held: false);
        if (handle.Failed) return handle.Errno;
        var ticket = found.Stop == WalkStop.AboveRoot ? view.UpTicket : 0;
        if (found.Stop == WalkStop.Mount)
        {
            view.Covered(found.MountInode, out var place);
            ticket = place.Ticket;
        }
        return new WalkReply(
            found.Stop, found.Rest, found.LinksFollowed, handle.Value, default, default, _number,
            found.MountInode, default, ticket);
    }

    /// <summary>Answers a call with two paths.</summary>
    public void Answer(
        Errno errno, int side, in WalkFinding found, VolumeView view, CallerIdentity caller,
        Reply<TwoPathReply> reply)
    {
        var walk = errno == Errno.None ? Elsewhere(found, view, caller) : errno;
        if (walk.Failed) reply.Fail(walk.Errno);
        else reply.Ok(new TwoPathReply(side, walk.Value));
    }

    /// <summary>MS_REMOUNT: read-only or not, and the options that were named.</summary>
    public Errno Remount(bool readOnly, string options, long bytesMax, long inodesMax)
    {
        var turnsReadOnly = readOnly && !Files.IsReadOnly;
        if (turnsReadOnly && (_writers > 0 || Files.Orphans > 0)) return Errno.EBUSY;
        return Files.Remount(readOnly, options, bytesMax, inodesMax);
    }

    /// <summary>A handle of a directory.</summary>
    /// <param name="held">True when the caller stays there (a working directory), so that the volume is
    /// busy.</param>
    /// <param name="upOnly">True when walks from it must begin with "..".</param>
    public Outcome<ObjectHandle> Grant(
        RamNode node, VolumeView view, CallerIdentity caller, bool held, bool upOnly = false)
    {
        var who = caller.Principal;
        var full = _grants.Count >= _settings.DirectoryHandlesMax || (!who.IsRoot
            && _grantsByUser.GetValueOrDefault(who.Uid) >= _settings.UserDirectoryHandlesMax);
        if (full) return Errno.ENFILE;
        if (!Home.HasRoomFor(caller)) return Errno.ENOMEM;
        if (!view.Objects.TryGetValue((node, upOnly), out var target))
        {
            target = Home.Adopt(new DirectoryObject(this, node, view, upOnly));
            view.Objects.Add((node, upOnly), target);
            RamFileSystem.Pin(node);
        }
        var grant = new DirectoryGrant(target, caller.Pid, who.Uid, held);
        var handle = target.Export(caller.Pid, DirectoryObject.HandleRights, Rights.None, grant);
        Granted(handle, grant);
        return handle;
    }

    public void Granted(ObjectHandle handle, DirectoryGrant grant)
    {
        _grants.Add(handle, grant);
        Count(_grantsByUser, grant.Uid, 1);
        if (grant.Held) _heldDirectories++;
        if (grant.Held) grant.Target.View.HeldDirectories++;
    }

    public void Ungranted(ObjectHandle handle)
    {
        if (!_grants.Remove(handle, out var grant)) return;
        if (grant.Held) _heldDirectories--;
        if (grant.Held) grant.Target.View.HeldDirectories--;
        Count(_grantsByUser, grant.Uid, -1);
    }

    public void DirectoryUnused(DirectoryObject unused)
    {
        unused.View.Objects.Remove((unused.Node, unused.UpOnly));
        Files.Unpin(unused.Node);
        Home.Expel(unused);
    }

    /// <summary>The directory behind a handle that the caller holds; EXDEV when it is not of this
    /// mount.</summary>
    public Outcome<DirectoryObject> Resolve(
        ObjectHandle handle, ByteText path, VolumeView view, CallerIdentity caller)
    {
        if (!_grants.TryGetValue(handle, out var grant)) return Errno.EXDEV;
        if (grant.Owner != caller.Pid) return Errno.EPERM;
        if (grant.Target.View != view) return Errno.EXDEV;
        return grant.Target.Forbids(path) ? Errno.EACCES : grant.Target;
    }

    /// <summary>Whether a caller may open a file more: ENFILE, EMFILE.</summary>
    public Errno MayOpen(CallerIdentity caller)
    {
        var who = caller.Principal;
        var full = _openFiles >= _settings.OpenFilesMax || (!who.IsRoot
            && _filesByUser.GetValueOrDefault(who.Uid) >= _settings.UserOpenFilesMax);
        if (full) return Errno.ENFILE;
        return Home.HasRoomFor(caller) ? Errno.None : Errno.EMFILE;
    }

    /// <summary>Makes an open file for a caller.</summary>
    public Outcome<ObjectHandle> OpenFile(
        RamNode node, VolumeView view, int flags, in WalkFinding found, CallerIdentity caller,
        out OpenFile? opened)
    {
        opened = null;
        var errno = MayOpen(caller);
        if (errno != Errno.None) return errno;
        _openFiles++;
        view.OpenFiles++;
        Count(_filesByUser, caller.Principal.Uid, 1);
        RamFileSystem.Pin(node);
        opened = Home.Adopt(new OpenFile(this, node, view, flags, caller)
        {
            Created = found.Created,
            Place = found.Place,
        });
        CountOpen(opened, 1);
        return opened.Export(caller.Pid, opened.HandleRights);
    }

    public void Close(OpenFile file)
    {
        var view = file.View;
        view.IsExpiring = false;
        _openFiles--;
        view.OpenFiles--;
        Count(_filesByUser, file.Opener.Uid, -1);
        CountOpen(file, -1);
        Leases.Closed(file);
        Files.Unpin(file.Node);
        Home.Expel(file);
    }

    private void CountOpen(OpenFile file, int change)
    {
        if (file.IsWriter) (_writers, file.View.Writers) = (_writers + change, file.View.Writers + change);
        if (file.Node is not RamFile counted) return;
        if (file.IsWriter) counted.Writers += change;
        else if (file.IsReader) counted.Readers += change;
    }

    private static void Count(Dictionary<uint, int> byUser, uint uid, int change)
    {
        var count = byUser.GetValueOrDefault(uid) + change;
        if (count == 0) byUser.Remove(uid);
        else byUser[uid] = count;
    }

    protected override void Started()
    {
    }

    protected override bool Other(object message)
    {
        if (message is not VolumeTurn turn) return false;
        turn.Run(this);
        Context.Parent.Tell(turn, Self);
        return true;
    }
}

/// <summary>To whom a directory handle was given.</summary>
/// <param name="Uid">Whom it is counted for: who asked for the first.</param>
/// <param name="Held">True when it keeps the volume busy.</param>
internal sealed record DirectoryGrant(DirectoryObject Target, int Owner, uint Uid, bool Held);
