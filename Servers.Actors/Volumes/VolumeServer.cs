using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>One ramfs volume: the actor in which its directories and open files live.</summary>
/// <remarks>Parent: <see cref="VolumeRoot"/>. Calls: nobody. On failure: stopped; every handle answers
/// EIO.</remarks>
internal sealed class VolumeServer : ObjectActor
{
    private readonly Dictionary<ObjectHandle, DirectoryGrant> _grants = [];
    private readonly Dictionary<uint, int> _grantsByUser = [];
    private readonly Dictionary<uint, int> _filesByUser = [];
    private readonly VolumeSettings _settings;
    private readonly string _type;
    private readonly ulong _number;
    private int _openFiles;
    private int _writers;
    private int _heldDirectories;
    private bool _ending;
    private bool _expiring;

    public VolumeServer(
        IpcPort ipc, ulong number, string type, RamOptions options, VolumeSettings settings) : base(ipc)
    {
        (_number, _type, _settings) = (number, type, settings);
        Files = new RamFileSystem(number, options, ipc.Clock);
        Locks = new LockTable(settings.Locks);
        Leases = new LeaseTable(this, settings);
    }

    public RamFileSystem Files { get; }

    /// <summary>The locks of its files.</summary>
    public LockTable Locks { get; }

    /// <summary>The leases of its files.</summary>
    public LeaseTable Leases { get; }

    /// <summary>The mount table that walks must know at least.</summary>
    public ulong MountVersion { get; private set; }

    public ulong Number => _number;

    public VolumeInfo Info => new(
        _number, _type, Files.Space.PagesUsed * RamSpace.PageBytes, Files.Space.InodesUsed,
        Files.FileCount == 0);

    public static Props Props(
        IpcPort ipc, ulong number, string type, RamOptions options, VolumeSettings settings) =>
        Akka.Actor.Props.Create(() => new VolumeServer(ipc, number, type, options, settings));

    /// <summary>A handle of the root, or of a mount point on the way up. Others are reached by walking only,
    /// so that
    /// nobody gets past a directory that may not be searched.</summary>
    public Outcome<ObjectHandle> Enter(ulong inode, CallerIdentity caller)
    {
        var directory = inode == 0 ? Files.Root : Files.FindDirectory(inode);
        if (_ending || directory is null || directory.Dead) return Errno.ESTALE;
        var free = directory == Files.Root || directory.Mounted || caller.IsKernel || caller.Principal.IsRoot;
        return free ? Grant(directory, caller, held: false) : Errno.EACCES;
    }

    public Errno SetMountPoint(ulong inode, bool mounted, ulong mountVersion)
    {
        var directory = Files.FindDirectory(inode);
        if (directory is null) return Files.WasNumbered(inode) ? Errno.ENOTDIR : Errno.ESTALE;
        if (directory.Dead) return Errno.ESTALE;
        var repeated = directory.Mounted == mounted && MountVersion == mountVersion;
        if (mounted && !repeated && directory.Mounted) return Errno.EBUSY;
        directory.Mounted = mounted;
        MountVersion = Math.Max(MountVersion, mountVersion);
        return Errno.None;
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

    /// <summary>How a walk goes on outside of this volume.</summary>
    public WalkReply Elsewhere(in WalkFinding found) => new(
        found.Stop, found.Rest, found.LinksFollowed, default, default, default, _number, found.MountInode,
        default);

    /// <summary>Answers a call with two paths.</summary>
    public void Answer(Errno errno, int side, in WalkFinding found, Reply<TwoPathReply> reply)
    {
        if (errno != Errno.None) reply.Fail(errno);
        else reply.Ok(new TwoPathReply(side, Elsewhere(found)));
    }

    /// <summary>MNT_EXPIRE: ends what was not used since the last try.</summary>
    public Errno TryExpire()
    {
        if (_openFiles > 0 || _heldDirectories > 0) return Errno.EBUSY;
        if (_expiring) return TryEnd(force: false);
        _expiring = true;
        return Errno.EAGAIN;
    }

    /// <summary>MS_REMOUNT: other flags, and the options that were named.</summary>
    public Errno Remount(ulong flags, string options, long bytesMax, long inodesMax)
    {
        var turnsReadOnly = (flags & RamOptions.ReadOnly) != 0 && !Files.IsReadOnly;
        if (turnsReadOnly && (_writers > 0 || Files.Orphans > 0)) return Errno.EBUSY;
        return Files.Remount((long)flags, options, bytesMax, inodesMax);
    }

    /// <summary>A path ended here, or a file was closed: the volume does not expire yet.</summary>
    public void Used() => _expiring = false;

    /// <summary>A handle of a directory.</summary>
    /// <param name="held">True when the caller stays there (a working directory), so that the volume is
    /// busy.</param>
    public Outcome<ObjectHandle> Grant(RamDirectory directory, CallerIdentity caller, bool held)
    {
        var who = caller.Principal;
        var full = _grants.Count >= _settings.DirectoryHandlesMax || (!who.IsRoot
            && _grantsByUser.GetValueOrDefault(who.Uid) >= _settings.UserDirectoryHandlesMax);
        if (full) return Errno.ENFILE;
        if (!Home.HasRoomFor(caller)) return Errno.ENOMEM;
        var target = directory.Object;
        if (target is null)
        {
            directory.Object = target = Home.Adopt(new DirectoryObject(this, directory));
            RamFileSystem.Pin(directory);
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
    }

    public void Ungranted(ObjectHandle handle)
    {
        if (!_grants.Remove(handle, out var grant)) return;
        if (grant.Held) _heldDirectories--;
        Count(_grantsByUser, grant.Uid, -1);
    }

    public void DirectoryUnused(DirectoryObject unused)
    {
        unused.Directory.Object = null;
        Files.Unpin(unused.Directory);
        Home.Expel(unused);
    }

    /// <summary>The directory behind a handle that the caller holds; EXDEV when it is not of this
    /// volume.</summary>
    public Outcome<RamDirectory> Resolve(ObjectHandle handle, CallerIdentity caller)
    {
        if (!_grants.TryGetValue(handle, out var grant)) return Errno.EXDEV;
        return grant.Owner == caller.Pid ? grant.Target.Directory : Errno.EPERM;
    }

    /// <summary>Makes an open file for a caller.</summary>
    public Outcome<ObjectHandle> OpenFile(
        RamNode node, int flags, in WalkFinding found, CallerIdentity caller, out OpenFile? opened)
    {
        opened = null;
        var who = caller.Principal;
        var full = _openFiles >= _settings.OpenFilesMax || (!who.IsRoot
            && _filesByUser.GetValueOrDefault(who.Uid) >= _settings.UserOpenFilesMax);
        if (full) return Errno.ENFILE;
        if (!Home.HasRoomFor(caller)) return Errno.EMFILE;
        _openFiles++;
        Count(_filesByUser, who.Uid, 1);
        RamFileSystem.Pin(node);
        opened = Home.Adopt(new OpenFile(this, node, flags, caller)
        {
            Created = found.Created,
            Place = found.Place,
        });
        CountOpen(opened, 1);
        return opened.Export(caller.Pid, opened.HandleRights);
    }

    public void Close(OpenFile file)
    {
        Used();
        _openFiles--;
        Count(_filesByUser, file.Opener.Uid, -1);
        CountOpen(file, -1);
        Leases.Closed(file);
        Files.Unpin(file.Node);
        Home.Expel(file);
    }

    private void CountOpen(OpenFile file, int change)
    {
        if (file.IsWriter) _writers += change;
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
