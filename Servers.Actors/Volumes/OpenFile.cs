using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>An open file of a volume: an inode, the shared offset and the status flags.</summary>
/// <remarks>Lives in its <see cref="VolumeServer"/>. Calls: the process table, for signals to its owner. On
/// failure: the volume stops and answers EIO.</remarks>
internal sealed partial class OpenFile(
    VolumeServer server, RamNode node, VolumeView view, int flags, CallerIdentity opener) : LockableFile
{
    private int _flags = OpenFlags.Kept(flags);
    private long _offset;

    private enum Whence
    {
        Set = 0,
        Current = 1,
        End = 2,
        Data = 3,
        Hole = 4,
    }

    public RamNode Node => node;

    public VolumeView View => view;

    /// <summary>Whether open(2) made the file.</summary>
    public bool Created { get; init; }

    /// <summary>Where the name is by which it was opened; null for directories.</summary>
    public Place? Place { get; init; }

    public Principal Opener => opener.Principal;

    protected override LockTable Locks => server.Locks;

    protected override object LockedFile => node;

    protected override long Position => _offset;

    protected override long EndPosition => node.Size;

    /// <summary>Whether it keeps the volume from becoming read-only.</summary>
    public bool IsWriter =>
        !IsPathOnly && node is not RamDevice
        && (_flags & OpenFlags.O_ACCMODE) is (OpenFlags.O_WRONLY or OpenFlags.O_RDWR);

    /// <summary>Whether it is open for reading and nothing else.</summary>
    public bool IsReader => !IsPathOnly && (_flags & OpenFlags.O_ACCMODE) == OpenFlags.O_RDONLY;

    /// <summary>Whom it signals.</summary>
    public FileSignals Notices => Signals;

    private bool IsPathOnly => (_flags & OpenFlags.O_PATH) != 0;

    /// <summary>The rights that the access mode gives; O_PATH and access mode 3 give neither reading nor
    /// writing. A device is read and written elsewhere, but locked here.</summary>
    public Rights HandleRights
    {
        get
        {
            const Rights always = Rights.Lookup | Rights.ControlAccess;
            if (IsPathOnly) return always;
            return (_flags & OpenFlags.O_ACCMODE) switch
            {
                OpenFlags.O_RDONLY => always | Rights.Read,
                OpenFlags.O_WRONLY => always | Rights.Write,
                OpenFlags.O_RDWR => always | Rights.Read | Rights.Write,
                _ => always,
            };
        }
    }

    /// <summary>Whether AT_EMPTY_PATH of linkat(2) is allowed. Linux compares the credentials of opening:
    /// every process has its own, and others after a change.</summary>
    public static bool MayLink(CallerIdentity caller, CallerIdentity opener) => caller.Principal.IsRoot
        || (caller.Pid == opener.Pid && caller.Version == opener.Version);

    public override void Seek(long offset, int whence, Reply<long> reply)
    {
        var moved = IsPathOnly ? Errno.EBADF : Target(offset, (Whence)whence);
        if (!moved.Failed && moved.Value < 0) moved = Errno.EINVAL;
        if (!moved.Failed) _offset = moved.Value;
        reply.Give(moved);
    }

    public override void Status(Reply<FileStatus> reply) => reply.Ok(node.StatusOn(server.Files.Device));

    public override void Truncate(long size, Reply<Nothing> reply)
    {
        if (size < 0 || node is not RamFile file)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        server.Files.Resize(file, size, byDescriptor: true, By(Caller(reply)));
        Tell(DirectoryEvents.Modify);
        reply.Ok();
    }

    public override void Sync(Reply<Nothing> reply) => Give(IsPathOnly ? Errno.EBADF : Errno.None, reply);

    public override void ReadDirectory(int countMax, Reply<ReadOnlyMemory<byte>> reply)
    {
        if (node is not RamDirectory directory)
        {
            reply.Fail(Errno.ENOTDIR);
            return;
        }
        var position = _offset;
        var records = DirectoryReader.Read(directory, ref position, Math.Min(countMax, CallBytesMax));
        if (!directory.Dead) Tell(DirectoryEvents.Access);
        var touch = (_flags & OpenFlags.O_NOATIME) == 0;
        if (!records.Failed && touch) server.Files.TouchAccessed(directory, view);
        if (reply.Give(records) && !records.Failed) _offset = position;
    }

    public override void SetMode(uint mode, CallerIdentity caller, Reply<Nothing> reply)
    {
        var errno = IsPathOnly ? Errno.EBADF : server.Files.SetMode(node, mode, By(caller.Principal));
        Changed(errno, DirectoryEvents.Attribute, reply);
    }

    public override void SetOwner(int uid, int gid, CallerIdentity caller, Reply<Nothing> reply)
    {
        // Ids are 32 bits without sign; -1 stays -1.
        long wideUid = uid == -1 ? -1 : (uint)uid, wideGid = gid == -1 ? -1 : (uint)gid;
        var errno = IsPathOnly
            ? Errno.EBADF
            : server.Files.SetOwner(node, wideUid, wideGid, By(caller.Principal));
        Changed(errno, RamFileSystem.OwnerEvents(wideUid, wideGid), reply);
    }

    public override void SetTimes(
        long accessedNs, long modifiedNs, CallerIdentity caller, Reply<Nothing> reply)
    {
        var errno = IsPathOnly
            ? Errno.EBADF
            : server.Files.SetTimes(node, accessedNs, modifiedNs, By(caller.Principal));
        Changed(errno, RamFileSystem.TimeEvents(accessedNs, modifiedNs), reply);
    }

    public override void Flags(Reply<int> reply) => reply.Ok(_flags);

    public override void SetFlags(int flags, int descriptor, Reply<Nothing> reply)
    {
        var startsNoAtime = (flags & ~_flags & OpenFlags.O_NOATIME) != 0;
        if (IsPathOnly) reply.Fail(Errno.EBADF);
        else if (startsNoAtime && !Access.Owns(node, Caller(reply))) reply.Fail(Errno.EPERM);
        else
        {
            _flags = (_flags & ~OpenFlags.Settable) | (flags & OpenFlags.Settable);
            reply.Ok();
        }
    }

    public override void VolumeStatus(Reply<VolumeStatus> reply) => reply.Ok(server.Files.StatusFor(view));

    public override void AsDirectory(CallerIdentity caller, Reply<ObjectHandle> reply)
    {
        if (node is RamDirectory) reply.Give(server.Grant(node, view, caller, held: false));
        else reply.Fail(Errno.ENOTDIR);
    }

    public override void Link(
        ObjectHandle newDirectory, ByteText newPath, ulong rootInode, ulong mountVersion,
        CallerIdentity caller, Reply<TwoPathReply> reply)
    {
        var outdated = server.IsOutdated(mountVersion, caller);
        var target = outdated ? Errno.Refresh : server.Resolve(newDirectory, newPath, view, caller);
        if (!MayLink(caller, opener)) reply.Fail(Errno.ENOENT);
        else if (target.Failed) reply.Fail(target.Errno);
        else
        {
            var errno = server.Files.LinkNode(
                node, target.Value.Node, newPath, target.Value.KnownRoot(rootInode), By(caller.Principal),
                out var side, out var found);
            server.Answer(errno, side, found, view, caller, reply);
        }
    }

    public override void SetLease(
        int type, int descriptor, CallerIdentity caller, Reply<Nothing> reply) =>
        Give(
            IsPathOnly ? Errno.EBADF : server.Leases.Set(this, (LockType)type, descriptor, caller), reply);

    public override void Notify(int events, int descriptor, CallerIdentity caller, Reply<Nothing> reply)
    {
        var wanted = (DirectoryEvents)events;
        if (IsPathOnly) reply.Fail(Errno.EBADF);
        else if ((wanted & ~DirectoryEvents.Many) == 0)
        {
            Unwatch(caller.Pid);
            reply.Ok();
        }
        else if (node is not RamDirectory directory) reply.Fail(Errno.ENOTDIR);
        else
        {
            (directory.Watches ??= new DirectoryWatches()).Add(this, caller.Pid, descriptor, wanted);
            Signals.SetDefaultOwner(caller);
            reply.Ok();
        }
    }

    public override void ReadLink(Reply<ByteText> reply)
    {
        if (node is not RamLink link)
        {
            reply.Fail(Errno.ENOENT);
            return;
        }
        server.Files.TouchAccessed(link, view);
        reply.Ok(link.Target);
    }

    protected override Outcome<int> NoteOf(FileNote note) => note switch
    {
        FileNote.Lease => (int)LeaseTable.TypeOf(this),
        FileNote.Created => Created ? 1 : 0,
        FileNote.WriteHint => node.WriteHint,
        _ => base.NoteOf(note),
    };

    protected override Errno SetNoteOf(FileNote note, int value, Principal who)
    {
        if (note != FileNote.WriteHint) return Errno.EINVAL;
        if (!Access.Owns(node, who)) return Errno.EPERM;
        if (!WriteHints.IsValid(value)) return Errno.EINVAL;
        node.WriteHint = (byte)value;
        return Errno.None;
    }

    protected override void HandleDropped(HandleRow row)
    {
        // To close what never could have locked leaves the locks.
        if (!IsPathOnly) base.HandleDropped(row);
        server.Staged.Drop(row);
        Unwatch(row.Owner);
    }

    protected override void DescriptorClosed(int process) => Unwatch(process);

    protected override void LastHandleDropped()
    {
        base.LastHandleDropped();
        server.Close(this);
    }

    private void Unwatch(int process)
    {
        if (node is not RamDirectory { Watches: { } watches } directory) return;
        watches.Remove(this, process);
        if (watches.IsEmpty) directory.Watches = null;
    }

    private void Tell(DirectoryEvents events) => server.Files.Tell(node, Place?.Directory, events);

    private void Changed(Errno errno, DirectoryEvents events, Reply<Nothing> reply)
    {
        if (errno == Errno.None) Tell(events);
        Give(errno, reply);
    }

    private static void Give(Errno errno, Reply<Nothing> reply)
    {
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(errno);
    }

    private Visitor By(Principal who) => new(who, view);

    private Principal Caller<T>(Reply<T> reply) => reply.Caller?.Principal ?? opener.Principal;

    private Outcome<long> Target(long offset, Whence whence)
    {
        if (node is not RamFile file)
        {
            return whence switch
            {
                Whence.Set => offset,
                Whence.Current => unchecked(_offset + offset),
                _ => Errno.EINVAL,
            };
        }
        return whence switch
        {
            Whence.Set => offset,
            Whence.Current => unchecked(_offset + offset),
            Whence.End => unchecked(file.Size + offset),
            Whence.Data or Whence.Hole when offset < 0 || offset >= file.Size => Errno.ENXIO,
            Whence.Data => file.Pages.NextData(offset) is var data and >= 0 ? data : Errno.ENXIO,
            Whence.Hole => Math.Min(file.Pages.NextHole(offset), file.Size),
            _ => Errno.EINVAL,
        };
    }
}
