using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;

namespace K42.Kernel.Ipc;

/// <summary>The calls on one link: those sent and not answered, those taken and not answered, and the
/// identities that each side has introduced.</summary>
/// <remarks>Receiving.cs and this file are one class.</remarks>
internal sealed partial class Peer : ICompletionSink
{
    private const int IdentitiesMax = 65_536;

    // A longer answer is bulk: small ones, cancels and signals need not wait behind it.
    private const int SmallReplyBytesMax = 16_384;

    private readonly IpcNode _node;
    private readonly IpcNodeOptions _options;
    private readonly ReaderExecutor _readerExecutor;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Sent> _sent = [];
    private readonly Dictionary<ulong, Taken> _taken = [];
    private readonly Dictionary<int, CallerIdentity> _introducedHere = [];
    private readonly Dictionary<int, CallerIdentity> _introducedThere = [];
    private ulong _lastCallId;
    private bool _ended;

    public Peer(IpcNode node, IpcNodeOptions options, ILink link)
    {
        (_node, _options, Link) = (node, options, link);
        _readerExecutor = new ReaderExecutor(options.Executor);
    }

    public ILink Link { get; }

    /// <summary>What the peer understands, as far as it has told.</summary>
    public PeerCatalogue Catalogue { get; set; } = PeerCatalogue.Unknown;

    /// <summary>What the peer said of one of its processes; null when it has said nothing.</summary>
    public CallerIdentity? Find(int pid)
    {
        lock (_lock) return _introducedHere.GetValueOrDefault(pid);
    }

    /// <summary>Sends a call; on failure it is answered: Overloaded or NotRun, and certainly did not
    /// run.</summary>
    public void Send(CallerIdentity caller, ObjectHandle target, Request request)
    {
        var generation = request.Generation;
        if (caller.Revoked)
        {
            RefuseRevoked(caller, request, generation);
            return;
        }
        if (!Catalogue.Has(request.Contract, request.Method))
        {
            request.Fail(generation, Errno.ENOSYS);
            return;
        }
        var writer = new WireWriter(256, borrows: true);
        try
        {
            if (!Introduce(caller, ref writer))
            {
                if (caller.Revoked) RefuseRevoked(caller, request, generation);
                else Refuse(request, generation);
                return;
            }
            var oneWay = request.OneWay;
            var id = oneWay ? 0 : Interlocked.Increment(ref _lastCallId);
            var header = new CallHeader(
                id, caller.Pid, caller.Version, target.Index, target.Sequence, request.Contract,
                    request.Method);
            writer.Clear();
            header.Write(ref writer);
            request.WriteArguments(ref writer);
            if (writer.Length > LinkOptions.FrameBytesMax) request.Fail(generation, Errno.E2BIG);
            else if (oneWay)
                Finish(request, generation, Link.Send(FrameClass.Call, writer.Written, writer.Borrowed));
            else SendTracked(request, generation, id, writer.Written, writer.Borrowed);
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Asks the peer to give up on a call. It is answered all the same, with what was
    /// done.</summary>
    public void Cancel(Request request, long generation)
    {
        var id = request.CallId;
        lock (_lock)
        {
            if (!HasSent(id, request, generation)) return;
        }
        Notify(FrameKind.Cancel, id);
    }

    /// <summary>A call was answered without the peer: its answer is not waited for, and the peer need not go
    /// on.</summary>
    public void GiveUp(Request request, long generation)
    {
        var id = request.CallId;
        lock (_lock)
        {
            if (!HasSent(id, request, generation)) return;
            _sent.Remove(id);
        }
        Notify(FrameKind.Cancel, id);
    }

    /// <summary>Tells the peer that a process of this node died.</summary>
    public void AnnounceDeath(int pid)
    {
        lock (_lock) _introducedThere.Remove(pid);
        Notify(FrameKind.ProcessDied, (ulong)pid);
    }

    /// <summary>One frame from the peer.</summary>
    public void Receive(ReadOnlySpan<byte> frame)
    {
        var reader = new WireReader(frame);
        switch ((FrameKind)reader.Byte())
        {
            case FrameKind.Call:
                ReceiveCall(ref reader);
                break;
            case FrameKind.Reply:
                ReceiveReply(ref reader);
                break;
            case FrameKind.Cancel:
                ReceiveCancel(reader.UInt64());
                break;
            case FrameKind.Identity:
                ReceiveIdentity(IdentityFrame.Read(ref reader, Link.Peer));
                break;
            case FrameKind.ProcessDied:
                ReceiveDeath((int)reader.UInt64());
                break;
            default:
                throw new WireException("a frame of unknown kind");
        }
    }

    /// <summary>Nothing comes or goes by the link any more: its callers' identities and handles end, once.
    /// What was sent and taken follows in <see cref="Ended"/>.</summary>
    public void Close()
    {
        int[] callers;
        lock (_lock)
        {
            if (_ended) return;
            _ended = true;
            foreach (var identity in _introducedHere.Values) identity.Revoke(Revocation.Ended);
            callers = [.. _introducedHere.Keys];
        }
        _node.DropOwnersOf(Link.Peer, callers);
    }

    /// <summary>The link is over: what was sent fails, what was taken is given up. When no frame is being
    /// delivered any more.</summary>
    public void Ended()
    {
        FailSent();
        Taken[] taken;
        lock (_lock) taken = [.. _taken.OrderBy(pair => pair.Key).Select(pair => pair.Value)];
        foreach (var call in taken) IpcNode.CancelLocal(call.Request, call.Generation, Errno.ESRCH);
    }

    /// <summary>Answers what was sent and will not be answered by the peer.</summary>
    public void FailSent()
    {
        Close();
        Sent[] sent;
        lock (_lock)
        {
            // What has no number is being sent just now, from the caller's memory: its sender answers it.
            sent = [.. _sent.Where(static pair => pair.Value.Frame != 0).OrderBy(static pair => pair.Key)
                .Select(static pair => pair.Value)];
            _sent.Clear();
        }
        foreach (var call in sent) FailEnded(call);
    }

    /// <summary>A call that the peer sent is answered.</summary>
    public void Completed(Request request)
    {
        var id = request.CallId;
        lock (_lock) _taken.Remove(id);
        if (id != 0) SendReply(id, request);
        request.Discard();
    }

    private void SendTracked(
        Request request, long generation, ulong id, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> rest)
    {
        request.CallId = id;
        if (_options.InlineLinks) request.Executor = _readerExecutor;
        lock (_lock)
        {
            if (!_ended) _sent[id] = new Sent(request, generation, 0);
        }
        var number = _ended ? 0 : Link.Send(FrameClass.Call, frame, rest);
        if (number == 0)
        {
            lock (_lock) _sent.Remove(id);
            Refuse(request, generation);
            return;
        }
        var call = new Sent(request, generation, number);
        lock (_lock)
        {
            if (_sent.ContainsKey(id))
            {
                _sent[id] = call;
                return;
            }
        }
        // A reader that was faster has answered it, and this does nothing; or FailSent has left it to us.
        if (_ended) FailEnded(call);
    }

    private void FailEnded(Sent call) => call.Request.Fail(
        call.Generation, Link.MayHaveBeenSeen(call.Frame) ? Errno.MayHaveRun : Errno.NotRun);

    // The id may be that of another use, or of a call on the link before this one.
    private bool HasSent(ulong id, Request request, long generation) =>
        _sent.TryGetValue(id, out var call) && call.Request == request && call.Generation == generation;

    private void Finish(Request request, long generation, long number)
    {
        if (number == 0) Refuse(request, generation);
        else request.Fail(generation, Errno.None);
    }

    private void Refuse(Request request, long generation) =>
        request.Fail(generation, Link.HasEnded || _ended ? Errno.NotRun : Errno.Overloaded);

    private void RefuseRevoked(CallerIdentity caller, Request request, long generation)
    {
        _node.Refused(request, "the caller's identity is no longer valid");
        request.Fail(generation, caller.Refusal);
    }

    private bool Introduce(CallerIdentity caller, ref WireWriter writer)
    {
        lock (_lock)
        {
            // Under the lock that its death and its change are told under: what was told is not taken back.
            if (caller.Revoked) return false;
            if (_introducedThere.TryGetValue(caller.Pid, out var known))
            {
                if (known == caller) return true;
                // The process has called with newer credentials since this call was stamped.
                if (known.Version > caller.Version) return false;
            }
            writer.Clear();
            IdentityFrame.Write(ref writer, caller);
            // In the class of calls, so that it goes before the first of them.
            if (Link.Send(FrameClass.Call, writer.Written) == 0) return false;
            _introducedThere[caller.Pid] = caller;
            return true;
        }
    }

    private void Notify(FrameKind kind, ulong value)
    {
        var writer = new WireWriter(16);
        writer.Byte((byte)kind);
        writer.UInt64(value);
        Link.Send(FrameClass.Reserved, writer.Written);
        writer.Dispose();
    }

    private void SendReply(ulong id, Request request)
    {
        var writer = new WireWriter(256, borrows: true);
        writer.Byte((byte)FrameKind.Reply);
        writer.UInt64(id);
        writer.Int16((short)request.ResultErrno);
        if (request.ResultErrno == Errno.None) request.WriteResult(ref writer);
        if (writer.Length <= LinkOptions.FrameBytesMax) SendReplyFrame(writer.Written, writer.Borrowed);
        else SendRefusal(id, Errno.E2BIG);
        writer.Dispose();
    }

    private void SendReplyFrame(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> rest)
    {
        // Answers need no order among themselves: each names its call. An answer that finds the queue of bulk
        // full must go all the same.
        var isSent = frame.Length + rest.Length > SmallReplyBytesMax
            && Link.Send(FrameClass.Bulk, frame, rest) != 0;
        if (!isSent) Link.Send(FrameClass.Reserved, frame, rest);
    }

    private void SendRefusal(ulong id, Errno errno)
    {
        if (id == 0) return;
        var writer = new WireWriter(16);
        writer.Byte((byte)FrameKind.Reply);
        writer.UInt64(id);
        writer.Int16((short)errno);
        Link.Send(FrameClass.Reserved, writer.Written);
        writer.Dispose();
    }

    private readonly record struct Sent(Request Request, long Generation, long Frame);

    private readonly record struct Taken(Request Request, long Generation);
}
