using System.Numerics;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;

namespace K42.Servers.Pipes;

/// <summary>One pipe: its bytes, who waits for bytes and who waits for room, in order.</summary>
internal sealed class Pipe
{
    /// <summary>Writes up to this length are not torn (PIPE_BUF).</summary>
    public const int AtomicBytesMax = 4_096;

    /// <summary>What F_SETPIPE_SZ gives at most (pipe-max-size of proc_sys_fs(5)).</summary>
    public const int BytesMax = 1_048_576;

    private readonly PipeBuffer _buffer;
    private readonly PipeServer _server;
    private WaitingLine<Waiting>? _readers;
    private WaitingLine<PendingWrite>? _writers;
    private long _accessedNs;
    private long _modifiedNs;
    private long _changedNs;
    private uint _mode = 0x1180; // S_IFIFO, 0600
    private uint _uid;
    private uint _gid;

    public Pipe(PipeServer server, ulong inode, CallerIdentity creator, int flags)
    {
        (_server, Inode, Creator) = (server, inode, creator);
        (_uid, _gid) = (creator.Principal.Uid, creator.Principal.Gid);
        _buffer = new PipeBuffer(
            server.Pages, server.Usage.NewPipe(creator.Principal.Uid, creator.Principal.IsRoot));
        _accessedNs = _modifiedNs = _changedNs = server.NowNs;
        Reader = new PipeReader(this, flags);
        Writer = new PipeWriter(this, flags);
    }

    public ulong Inode { get; }

    public CallerIdentity Creator { get; }

    /// <summary>F_SET_RW_HINT: kept, and without effect.</summary>
    public int WriteHint { get; set; }

    public LockTable Locks => _server.Locks;

    public PipeReader Reader { get; }

    public PipeWriter Writer { get; }

    /// <summary>Bytes that readers have taken since the pipe was made.</summary>
    public long BytesMoved { get; private set; }

    public PipeInfo Info => new(
        Inode, BytesMoved, _buffer.Count, Reader.HandleCount, Writer.HandleCount,
        Reader.LastPid, Writer.LastPid);

    public FileStatus Status => new(
        _server.Device, Inode, _mode, 1, _uid, _gid, 0, 0, PipeBuffer.PageBytes, 0,
        _accessedNs, _modifiedNs, _changedNs);

    public void Read(int countMax, bool nonBlocking, Reply<ReadOnlyMemory<byte>> reply)
    {
        if (countMax == 0) reply.Ok(ReadOnlyMemory<byte>.Empty);
        else if (_buffer.Count > 0) Feed(countMax, reply);
        else if (Writer.Closed) reply.Ok(ReadOnlyMemory<byte>.Empty);
        else if (nonBlocking)
        {
            // Linux signals after every try, whatever came of it.
            Writer.Signal(PollReason.Out);
            reply.Fail(Errno.EAGAIN);
        }
        else (_readers ??= new WaitingLine<Waiting>()).Add(new Waiting(countMax, reply));
    }

    public void Write(ReadOnlyMemory<byte> data, bool nonBlocking, bool asPackets, Reply<int> reply)
    {
        if (data.IsEmpty)
        {
            reply.Ok(0);
            return;
        }
        if (Reader.Closed)
        {
            reply.Fail(Errno.EPIPE);
            return;
        }
        // Nobody overtakes a writer that waits.
        var taken = _writers?.First is null ? Append(data.Span, asPackets) : 0;
        // Also when there was no room: as Linux does.
        Reader.Signal(PollReason.In);
        if (taken == data.Length) reply.Ok(taken);
        else if (nonBlocking && taken == 0) reply.Fail(Errno.EAGAIN);
        else if (nonBlocking) reply.Ok(taken);
        else if (Charge(reply, data.Length) is { } user)
            Park(new PendingWrite(user, data, taken, asPackets, reply));
        // Whoever asked tries again with what is left.
        else if (taken > 0) reply.Ok(taken);
        else reply.Fail(Errno.Overloaded);
        Settle();
    }

    /// <summary>Nothing is held for anybody any more: the pipe has ended, or its actor.</summary>
    public void ChargeNoMore()
    {
        _writers?.Clear();
        var pages = _buffer.CapacityBytes / PipeBuffer.PageBytes;
        _server.Usage.Resize(Creator.Principal.Uid, pages, 0, isPrivileged: true);
    }

    /// <summary>F_GETPIPE_SZ and F_SETPIPE_SZ: the capacity, after a change if there is one.</summary>
    /// <param name="who">Who asks; the pipe's maker is charged.</param>
    public Outcome<int> Resize(int wanted, Principal? who)
    {
        if (wanted == FileContract.SameCapacity) return _buffer.CapacityBytes;
        if (wanted < 0) return Errno.EINVAL;
        // As no process has CAP_SYS_RESOURCE, nobody gets more.
        if (wanted > BytesMax) return Errno.EPERM;
        var bytes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(wanted, PipeBuffer.PageBytes));
        var (user, isRoot) = (Creator.Principal.Uid, who is { IsRoot: true });
        var (before, after) = (_buffer.CapacityBytes / PipeBuffer.PageBytes, bytes / PipeBuffer.PageBytes);
        if (!_server.Usage.Resize(user, before, after, isRoot)) return Errno.EPERM;
        if (!_buffer.Resize(after))
        {
            _server.Usage.Resize(user, after, before, isPrivileged: true);
            return Errno.EBUSY;
        }
        Settle();
        return _buffer.CapacityBytes;
    }

    /// <summary>The last handle of the write end is gone: readers see the end.</summary>
    public void WritersGone()
    {
        Reader.Signal(PollReason.In);
        while (_readers?.First is { } reader) reader.Reply.Ok(ReadOnlyMemory<byte>.Empty);
        EndIfClosed();
    }

    /// <summary>The last handle of the read end is gone: writers get what was taken, or EPIPE.</summary>
    public void ReadersGone()
    {
        _buffer.Clear();
        Writer.Signal(PollReason.Out);
        while (_writers?.First is { } writer) writer.Give(Errno.EPIPE);
        EndIfClosed();
    }

    /// <summary>Whether it is somebody's own, or root's as everything is.</summary>
    public bool IsOf(Principal who) => who.IsRoot || who.Uid == _uid;

    public Errno SetMode(uint mode, Principal who)
    {
        if (!IsOf(who)) return Errno.EPERM;
        (_mode, _changedNs) = ((_mode & 0xF000) | (mode & 0xFFF), _server.NowNs);
        return Errno.None;
    }

    public Errno SetOwner(int uid, int gid, Principal who)
    {
        var mayGive = who.IsRoot || (who.Uid == _uid && (uid == -1 || (uint)uid == _uid)
            && (gid == -1 || (uint)gid == _gid || who.InGroup((uint)gid)));
        if (!mayGive && (uid, gid) != (-1, -1)) return Errno.EPERM;
        if (uid != -1) _uid = (uint)uid;
        if (gid != -1) _gid = (uint)gid;
        _changedNs = _server.NowNs;
        return Errno.None;
    }

    private void Feed(int countMax, Reply<ReadOnlyMemory<byte>> reply)
    {
        Give(countMax, reply);
        Settle();
    }

    private int Append(ReadOnlySpan<byte> data, bool asPackets)
    {
        if (data.Length <= AtomicBytesMax && !_buffer.Fits(data.Length)) return 0;
        var taken = _buffer.Append(data, asPackets);
        if (taken > 0) _modifiedNs = _changedNs = _server.NowNs;
        return taken;
    }

    /// <summary>Whom a write that waits is charged to; null when that one may hold no more.</summary>
    private uint? Charge(Reply<int> reply, int bytes)
    {
        if (reply.Caller is not { } caller) return null;
        var user = caller.Principal.Uid;
        if (_server.Usage.Waits(user, bytes)) return user;
        // Some that wait here may have given up.
        _writers?.Purge();
        return _server.Usage.Waits(user, bytes) ? user : null;
    }

    private void Park(PendingWrite writer)
    {
        _writers ??= new WaitingLine<PendingWrite>(
            left => _server.Usage.WaitsNoMore(left.User, left.Data.Length));
        _writers.Add(writer);
        writer.Reply.WhenCancelled(_ =>
        {
            Reader.Signal(PollReason.In);
            writer.Give(Errno.EINTR);
        });
    }

    /// <summary>Gives bytes to readers and room to writers until nobody gets further.</summary>
    private void Settle()
    {
        while (FeedReader() || FillFromWriter())
        {
        }
    }

    private bool FeedReader()
    {
        if (_buffer.Count == 0 || _readers?.First is not { } reader) return false;
        Give(reader.CountMax, reader.Reply);
        return true;
    }

    private bool FillFromWriter()
    {
        if (_writers?.First is not { } writer) return false;
        var taken = Append(writer.Data.Span[writer.Taken..], writer.AsPackets);
        writer.Taken += taken;
        if (taken > 0) Reader.Signal(PollReason.In);
        if (writer.Taken == writer.Data.Length) writer.Reply.Ok(writer.Taken);
        return taken > 0;
    }

    private void Give(int countMax, Reply<ReadOnlyMemory<byte>> reply)
    {
        var (taken, dropped) = _buffer.NextRead(countMax);
        var bytes = new byte[taken];
        _buffer.Peek(bytes);
        // Taken only when the caller has them: it may give up at any moment.
        if (reply.Abandoned) return;
        Writer.Signal(PollReason.Out);
        if (!reply.Ok(bytes)) return;
        _buffer.Drop(taken + dropped);
        BytesMoved += bytes.Length;
        _accessedNs = _server.NowNs;
    }

    private void EndIfClosed()
    {
        if (!Reader.Closed || !Writer.Closed) return;
        _buffer.Clear();
        _server.Ended(this);
    }

    /// <summary>A read that waits for bytes.</summary>
    private sealed class Waiting(int countMax, Reply<ReadOnlyMemory<byte>> reply) : IWaiting
    {
        public int CountMax => countMax;

        public Reply<ReadOnlyMemory<byte>> Reply => reply;

        public bool Abandoned => reply.Abandoned;
    }

    /// <summary>A write that waits for room, perhaps for its second part.</summary>
    private sealed class PendingWrite(
        uint user, ReadOnlyMemory<byte> data, int taken, bool asPackets, Reply<int> reply) : IWaiting
    {
        /// <summary>Whose bytes they count as.</summary>
        public uint User => user;

        public ReadOnlyMemory<byte> Data => data;

        public int Taken { get; set; } = taken;

        public bool AsPackets => asPackets;

        public Reply<int> Reply => reply;

        public bool Abandoned => reply.Abandoned;

        /// <summary>Ends it early: with what was taken, or with the reason when nothing was.</summary>
        public void Give(Errno reason) => reply.Give(Taken > 0 ? Taken : reason);
    }
}
