using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;
using K42.Servers.Volumes;

namespace K42.Servers.Pipes;

/// <summary>What both ends of a pipe have as open files.</summary>
/// <remarks>Lives in a <see cref="PipeServer"/>. Calls: the process table, for signals to its owner. On
/// failure: the pipes of that actor answer EIO.</remarks>
internal abstract class PipeEnd(Pipe pipe, int accessMode, int flags) : LockableFile
{
    private const long TypeMagic = 0x5049_5045;
    private const int NameBytesMax = 255;
    private const long StatusFlags = 0x20;

    private readonly List<int> _owners = new(1);
    private int _descriptor;
    private int _flags = accessMode | (flags & (OpenFlags.O_NONBLOCK | OpenFlags.O_DIRECT));

    protected Pipe Pipe => pipe;

    protected override LockTable Locks => pipe.Locks;

    protected override object LockedFile => pipe;

    /// <summary>True once the last handle was dropped.</summary>
    public bool Closed { get; private set; }

    /// <summary>The process that was given a handle last and still has it; 0 when there is none.</summary>
    public int LastPid => _owners.Count == 0 ? 0 : _owners[^1];

    /// <summary>Packet mode (pipe2(2)).</summary>
    protected bool WritesPackets => (_flags & OpenFlags.O_DIRECT) != 0;

    protected bool NonBlocking => (_flags & OpenFlags.O_NONBLOCK) != 0;

    public ObjectHandle OpenFor(int pid, Rights transfer)
    {
        _owners.Add(pid);
        return Export(pid, Rights.Lookup | Rights.ControlAccess | transfer);
    }

    public override void Read(int countMax, long offset, Reply<ReadOnlyMemory<byte>> reply) =>
        reply.Fail(Errno.EBADF);

    public override void Write(ReadOnlyMemory<byte> data, long offset, Reply<int> reply) =>
        reply.Fail(Errno.EBADF);

    public override void Seek(long offset, int whence, Reply<long> reply) =>
        reply.Fail(whence is < 0 or > 4 ? Errno.EINVAL : Errno.ESPIPE);

    public override void Status(Reply<FileStatus> reply) => reply.Ok(pipe.Status);

    public override void SetMode(uint mode, CallerIdentity caller, Reply<Nothing> reply) =>
        Give(pipe.SetMode(mode, caller.Principal), reply);

    public override void SetOwner(int uid, int gid, CallerIdentity caller, Reply<Nothing> reply) =>
        Give(pipe.SetOwner(uid, gid, caller.Principal), reply);

    /// <summary>Pipes have none; but first it matters whose they are.</summary>
    public override void SetLease(
        int type, int descriptor, CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Fail(
            type is < (int)LockType.Read or > (int)LockType.Unlock || pipe.IsOf(caller.Principal)
                ? Errno.EINVAL
                : Errno.EACCES);

    /// <summary>EXDEV, as no name is where pipes are; ENOENT before that for whoever has other credentials
    /// than when the pipe was made.</summary>
    public override void Link(
        ObjectHandle newDirectory, ByteText newPath, ulong rootInode, ulong mountVersion,
        CallerIdentity caller, Reply<TwoPathReply> reply) =>
        reply.Fail(OpenFile.MayLink(caller, pipe.Creator) ? Errno.EXDEV : Errno.ENOENT);

    public override void Flags(Reply<int> reply) => reply.Ok(_flags);

    public override void SetFlags(int flags, int descriptor, Reply<Nothing> reply)
    {
        if ((flags & ~_flags & OpenFlags.O_ASYNC) != 0) _descriptor = descriptor;
        _flags = accessMode | (flags & (OpenFlags.Settable | OpenFlags.O_ASYNC));
        reply.Ok();
    }

    public override void Capacity(int wanted, Reply<int> reply) =>
        reply.Give(pipe.Resize(wanted, reply.Caller?.Principal));

    public override void VolumeStatus(Reply<VolumeStatus> reply) => reply.Ok(
        new VolumeStatus(TypeMagic, PipeBuffer.PageBytes, 0, 0, 0, 0, 0, NameBytesMax, StatusFlags));

    /// <summary>O_ASYNC: tells the owner that something happened to this end.</summary>
    public void Signal(PollReason reason)
    {
        if ((_flags & OpenFlags.O_ASYNC) != 0 && !Closed) Signals.Send(reason, _descriptor);
    }

    protected override Outcome<int> NoteOf(FileNote note) =>
        note == FileNote.WriteHint ? pipe.WriteHint : base.NoteOf(note);

    protected override Errno SetNoteOf(FileNote note, int value, Principal who)
    {
        if (note != FileNote.WriteHint) return Errno.EINVAL;
        if (!pipe.IsOf(who)) return Errno.EPERM;
        if (!WriteHints.IsValid(value)) return Errno.EINVAL;
        pipe.WriteHint = value;
        return Errno.None;
    }

    protected override void AccessGiven(HandleRow from, HandleRow to) => _owners.Add(to.Owner);

    protected override void HandleDropped(HandleRow row)
    {
        _owners.Remove(row.Owner);
        base.HandleDropped(row);
    }

    protected sealed override void LastHandleDropped()
    {
        base.LastHandleDropped();
        Closed = true;
        Gone();
    }

    protected abstract void Gone();

    /// <summary>Checks an offset: pipes have none.</summary>
    protected static Errno CheckOffset(long offset) => offset switch
    {
        SharedOffset => Errno.None,
        < 0 => Errno.EINVAL,
        _ => Errno.ESPIPE,
    };

    private static void Give(Errno errno, Reply<Nothing> reply)
    {
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(errno);
    }
}

/// <summary>The end that is read.</summary>
internal sealed class PipeReader(Pipe pipe, int flags)
    : PipeEnd(pipe, OpenFlags.O_RDONLY, flags & ~OpenFlags.O_DIRECT)
{
    public override void Read(int countMax, long offset, Reply<ReadOnlyMemory<byte>> reply)
    {
        var errno = countMax < 0 ? Errno.EINVAL : CheckOffset(offset);
        if (errno != Errno.None) reply.Fail(errno);
        else Pipe.Read(Math.Min(countMax, CallBytesMax), NonBlocking, reply);
    }

    protected override void Gone() => Pipe.ReadersGone();
}

/// <summary>The end that is written.</summary>
internal sealed class PipeWriter(Pipe pipe, int flags) : PipeEnd(pipe, OpenFlags.O_WRONLY, flags)
{
    public override void Write(ReadOnlyMemory<byte> data, long offset, Reply<int> reply)
    {
        var errno = CheckOffset(offset);
        if (errno != Errno.None) reply.Fail(errno);
        else Pipe.Write(data, NonBlocking, WritesPackets, reply);
    }

    protected override void Gone() => Pipe.WritersGone();
}
