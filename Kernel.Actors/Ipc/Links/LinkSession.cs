using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

/// <summary>A session with one incarnation of one peer: what survives its connections.</summary>
/// <remarks>
/// <para>Frames travel in two lanes. <b>Small</b> carries calls and reserved frames in the order of Send, so
/// a cancel never overtakes its call; <b>bulk</b> carries bulk frames. Each lane numbers its frames and is
/// acknowledged when the receiver took them, which frees the replay buffer and returns credit in one step.
/// One write holds the small frames that are ready and at most one bulk frame.</para>
/// <para>One lock, never held over a write or a call of the receiver. Nobody who sends is ever blocked: a
/// full socket makes the pipe's own thread go on. So two nodes that answer each other can't wait for each
/// other.
/// </para>
/// <para>Sending.cs, Receiving.cs and this file (life and death) are one class.</para>
/// </remarks>
public sealed partial class LinkSession : ILink
{
    private readonly LinkContext _context;
    private readonly LinkTable _table;
    private readonly Lock _lock = new();
    private readonly bool _dials;
    private readonly int _ackBytes;
    private ulong _peerId;
    private ulong _greetedBy;
    private LinkConduit? _open;
    private LinkConduit? _pending;
    private bool _dialling;
    private int _dialsFailed;
    private long _connectedNs;
    private IDisposable? _resumeTimer;
    private IDisposable? _dialTimer;
    private IDisposable? _keepaliveTimer;
    private ResumeWait? _resumeWait;
    private bool _ended;
    private LinkEnd _endReason;

    /// <param name="failures">Dials and sessions before it that failed in a row.</param>
    internal LinkSession(LinkTable table, Member member, bool dials, int failures)
    {
        _dialsFailed = failures;
        _table = table;
        _context = table.Context;
        Member = member;
        _dials = dials;
        _small = new SendLane(_context.Chunks);
        _bulk = new SendLane(_context.Chunks);
        var options = _context.Options;
        var credit = Math.Min(options.CallCreditBytes, options.ReservedCreditBytes);
        // A sender that waits for credit has less than all of it under way: the news must come well before.
        _ackBytes = Math.Min(options.AckBytes, Math.Min(credit, options.BulkCreditBytes) / 4);
        Id = table.NextSessionId();
    }

    /// <summary>Who the peer is.</summary>
    public Member Member { get; }

    /// <inheritdoc/>
    public NodeRef Peer => Member.Node;

    /// <inheritdoc/>
    public bool HasEnded => IsOver;

    internal NodeRef Self => _table.Self.Node;

    /// <summary>True while a connection is open.</summary>
    public bool IsConnected => Volatile.Read(ref _open) is not null;

    internal ulong Id { get; }

    /// <summary>The latest dial, ours or the one that we answered.</summary>
    internal ulong Attempt { get; private set; }

    internal bool IsOver => Volatile.Read(ref _ended);

    internal ulong PeerId
    {
        get
        {
            lock (_lock) return _peerId;
        }
    }

    /// <summary>Ends the session for good; the receiver's Ended follows on the executor.</summary>
    /// <param name="reason">Kept when the session had not ended yet.</param>
    public void End(LinkEnd reason)
    {
        lock (_lock) EndLocked(reason);
    }

    private void EndLocked(LinkEnd reason)
    {
        if (_ended) return;
        _ended = true;
        _endReason = reason;
        _open?.Pipe.Abort();
        _pending?.Pipe.Abort();
        _open = _pending = null;
        _resumeTimer?.Dispose();
        _dialTimer?.Dispose();
        _keepaliveTimer?.Dispose();
        _context.Counters.CountEnded();
        // While a batch is delivered, its reader tells the end, so that no frame follows it.
        if (!_delivering) _context.Executor.Post(static self => ((LinkSession)self!).TellEnd(), this);
    }

    private void TellEnd()
    {
        lock (_lock)
        {
            _small.Clear();
            _bulk.Clear();
        }
        _context.Log.Info($"Link with {Peer} ({Member.Name}): ended, {_endReason}.");
        _table.SessionEnded(this, _endReason);
        _context.Receiver.Ended(this, _endReason);
    }

    /// <summary>Begins to look for a connection, when it is this side that dials.</summary>
    internal void StartDialling()
    {
        if (!_dials) return;
        lock (_lock) ScheduleDial(_dialsFailed == 0 ? TimeSpan.Zero : Backoff());
    }

    /// <summary>How many failures in a row the session after this one begins with: none when this one lived
    /// longer than any pause. One that breaks at once would otherwise be followed without end and
    /// pause.</summary>
    internal int FailuresForNext
    {
        get
        {
            lock (_lock)
            {
                var livedNs = _peerId == 0 ? 0 : _context.Clock.MonotonicNs - _connectedNs;
                return livedNs > _context.Options.BackoffMax.Ticks * 100 ? 0 : _dialsFailed + 1;
            }
        }
    }

    private void ScheduleDial(TimeSpan delay)
    {
        if (_ended || _dialling || _open is not null) return;
        _dialling = true;
        _dialTimer = _context.Clock.Schedule(delay, static self => ((LinkSession)self!).DialNow(), this);
    }

    private void DialNow()
    {
        lock (_lock)
        {
            if (_ended) return;
        }
        _table.Transport.Dial(this, Member);
    }

    /// <summary>False for most of a long row of failed dials: the 1st, 2nd, 4th, 8th are news.</summary>
    internal bool FailureIsNews
    {
        get
        {
            lock (_lock) return (_dialsFailed & (_dialsFailed - 1)) == 0;
        }
    }

    /// <summary>Half of to all of the doubling wait.</summary>
    private TimeSpan Backoff()
    {
        var ticks = _context.Options.BackoffMin.Ticks << Math.Min(_dialsFailed, 30);
        if (ticks <= 0 || ticks > _context.Options.BackoffMax.Ticks)
            ticks = _context.Options.BackoffMax.Ticks;
        return TimeSpan.FromTicks(ticks / 2 + (long)(_context.Randomness.Next() % (ulong)(ticks / 2 + 1)));
    }

    /// <summary>Hello for a new connection, which replaces any older one; null when that is still delivering
    /// or the session is over.</summary>
    internal LinkHello? Prepare(LinkConduit conduit, LinkHello? answerTo)
    {
        lock (_lock)
        {
            if (_ended) return null;
            if (answerTo is null) Attempt++;
            else CheckFresh(answerTo);
            DropOpen();
            if (_delivering) return null;
            if (_pending != conduit) _pending?.Pipe.Abort();
            _pending = conduit;
            return new LinkHello
            {
                ProtocolMin = LinkWire.ProtocolMin,
                ProtocolMax = LinkWire.ProtocolMax,
                Features = _context.Identity.Features,
                From = _table.Self.Node,
                To = Peer,
                Session = Id,
                PeerSession = answerTo?.Session ?? _peerId,
                Attempt = Attempt,
                NextSmall = _deliveredSmall + 1,
                NextBulk = _deliveredBulk + 1,
                CallCredit = _context.Options.CallCreditBytes,
                ReservedCredit = _context.Options.ReservedCreditBytes,
                BulkCredit = _context.Options.BulkCreditBytes,
                ClusterId = _context.Identity.ClusterId,
                Catalogue = _context.Identity.Catalogue,
            };
        }
    }

    /// <summary>A Hello may have waited while its dialler gave up and came again; taking it then would drop
    /// the live connection for a dead one, with numbers from before.</summary>
    /// <exception cref="LinkRefusedException">A later one was taken.</exception>
    private void CheckFresh(LinkHello hello)
    {
        if (hello.Session == _greetedBy && hello.Attempt <= Attempt)
            throw new LinkRefusedException(LinkRefusal.Stale,
                $"dial {Attempt} was taken, this is {hello.Attempt}");
        (_greetedBy, Attempt) = (hello.Session, hello.Attempt);
    }

    /// <summary>The handshake succeeded: what the peer lacks is sent again, and then what waited.</summary>
    internal bool Attach(LinkConduit conduit, LinkHello hello)
    {
        bool flush, resumed;
        lock (_lock)
        {
            if (_ended || _pending != conduit) return false;
            _pending = null;
            resumed = _peerId != 0;
            if (resumed && _peerId != hello.Session)
                throw new LinkProtocolException("Hello speaks of another session than before");
            if (!_small.Resume(hello.NextSmall) || !_bulk.Resume(hello.NextBulk))
            {
                EndLocked(LinkEnd.ProtocolError);
                throw new LinkProtocolException("Hello expects a frame never sent or long delivered");
            }
            if (!resumed) _connectedNs = _context.Clock.MonotonicNs;
            _peerId = hello.Session;
            SetCredit(hello);
            (conduit.AckedSmall, conduit.AckedBulk) = (_deliveredSmall, _deliveredBulk);
            conduit.AckedBytes = _deliveredBytes;
            conduit.ProgressAtOpen = Progress;
            _open = conduit;
            _dialling = false;
            _resumeTimer?.Dispose();
            (_resumeTimer, _resumeWait) = (null, null);
            ArmKeepalive(conduit);
            flush = !conduit.Writing;
            conduit.Writing = true;
        }
        _context.Counters.CountOpened(resumed);
        _context.Log.Info($"Link with {Peer} ({Member.Name}): {(resumed ? "resumed" : "connected")}.");
        try
        {
            if (_context.Receiver is ILinkGreeter greeter)
                greeter.Greeted(this, hello.Features, hello.Catalogue);
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            EndByReceiver(thrown);
        }
        if (flush) Flush(conduit, onPipeThread: false);
        return true;
    }

    /// <summary>A connection, or an attempt at one, is over. Transports report each exactly once.</summary>
    /// <param name="conduit">The connection; null when there was none yet.</param>
    public void ConnectionLost(LinkConduit? conduit)
    {
        lock (_lock)
        {
            if (conduit is not null && conduit == _open) DropOpen();
            if (conduit is not null && conduit == _pending) _pending = null;
            if (_ended || !_dials || _open is not null || _pending is not null) return;
            _dialling = false;
            ScheduleDial(Backoff());
            _dialsFailed++;
        }
    }

    private void DropOpen()
    {
        if (_open is not { } conduit) return;
        _open = null;
        conduit.Pipe.Abort();
        _keepaliveTimer?.Dispose();
        _context.Counters.CountLost();
        _context.LogOften($"Link with {Peer} ({Member.Name}): connection lost; "
            + $"{_small.Waiting + _bulk.Waiting} bytes wait.");
        // A connection that opens and dies without use must not be dialled in a tight loop.
        if (Progress > conduit.ProgressAtOpen) _dialsFailed = 0;
        ArmResumeTimer();
    }

    /// <summary>Frames that got through, both ways.</summary>
    private long Progress => _deliveredSmall + _deliveredBulk + _small.Acknowledged + _bulk.Acknowledged;

    private void ArmResumeTimer()
    {
        if (_resumeTimer is not null || _ended) return;
        var wait = _resumeWait = new ResumeWait(this);
        _resumeTimer = _context.Clock.Schedule(
            _context.Options.ResumeMax, static wait => ((ResumeWait)wait!).Expire(), wait);
    }

    /// <summary>One wait for a connection. A timer that was armed before the last connection, and fires as
    /// that is lost, is of another wait than the present one.</summary>
    private sealed class ResumeWait(LinkSession session)
    {
        public void Expire()
        {
            lock (session._lock)
            {
                if (session._resumeWait == this) session.EndLocked(LinkEnd.ResumeExpired);
            }
        }
    }

    private void ArmKeepalive(LinkConduit conduit) => _keepaliveTimer = _context.Clock.Schedule(
        _context.Options.KeepaliveInterval, static conduit =>
            ((LinkConduit)conduit!).KeepaliveTick(), conduit);

    internal void KeepaliveTick(LinkConduit conduit)
    {
        lock (_lock)
        {
            if (_open != conduit) return;
            // A receiver that takes its time is not the peer's silence.
            conduit.Silence = conduit.HeardSinceTick || _delivering
                ? TimeSpan.Zero : conduit.Silence + _context.Options.KeepaliveInterval;
            if (conduit.Silence >= _context.Options.KeepaliveTimeout)
            {
                _context.LogOften($"Link with {Peer} ({Member.Name}): silent for {conduit.Silence}.");
                DropOpen();
                return;
            }
            if (conduit.BytesWritten > _context.Options.RekeyBytes)
            {
                // Fresh keys come with a fresh connection; the session does not notice.
                DropOpen();
                return;
            }
            ArmKeepalive(conduit);
            var idle = !conduit.SentSinceTick;
            conduit.HeardSinceTick = conduit.SentSinceTick = false;
            if (!idle || conduit.Writing) return;
            conduit.AckForced = conduit.Writing = true;
        }
        Flush(conduit, onPipeThread: false);
    }
}
