using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

/// <summary>One connection of one session: Hello first, then records. Transports feed it bytes.</summary>
/// <remarks>
/// A dialling transport makes it with its session and calls <see cref="Begin"/>; an accepting one makes it
/// with the table only, and the peer's Hello finds the session. Both then call <see cref="Feed"/> from one
/// reader, and <see cref="Closed"/> once when no more bytes will come.
/// </remarks>
public sealed class LinkConduit
{
    private const int ScratchBytes = LinkWire.AckBytes + SmallBatchBytes
        + LinkWire.HeaderBytes + LinkOptions.FrameBytesMax;

    /// <summary>Small frames that go out in one write; a bulk frame may follow.</summary>
    internal const int SmallBatchBytes = LinkWire.HeaderBytes + LinkOptions.FrameBytesMax;

    private readonly LinkTable _table;
    private readonly string _certifiedName;
    private readonly bool _dialled;
    private LinkSession? _session;
    private bool _open;
    private int _closed;

    /// <summary>Joins a fresh connection to the session layer.</summary>
    /// <param name="table">The links of this node.</param>
    /// <param name="pipe">The way out.</param>
    /// <param name="certifiedName">The peer's node name as its certificate proves it.</param>
    /// <param name="dialled">The session that we dialled for; null when the peer dialled.</param>
    public LinkConduit(LinkTable table, ILinkPipe pipe, string certifiedName, LinkSession? dialled)
    {
        _table = table;
        Pipe = pipe;
        _certifiedName = certifiedName;
        _session = dialled;
        _dialled = dialled is not null;
    }

    internal ILinkPipe Pipe { get; }

    // What follows is guarded by the session's lock, except Scratch, which belongs to the one that writes.
    internal byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchBytes);
    internal bool Writing { get; set; } = true;
    internal bool AckForced { get; set; }
    internal long AckedSmall { get; set; }
    internal long AckedBulk { get; set; }
    internal long AckedBytes { get; set; }
    internal bool SentSinceTick { get; set; }
    internal bool HeardSinceTick { get; set; }
    internal TimeSpan Silence { get; set; }
    internal long BytesWritten { get; set; }
    internal long ProgressAtOpen { get; set; }

    /// <summary>True once both Hellos were exchanged and accepted.</summary>
    public bool IsOpen => Volatile.Read(ref _open);

    /// <summary>A dialler's first act: checks the certificate and sends Hello.</summary>
    /// <returns>False when the connection was given up; the transport closes it.</returns>
    public bool Begin()
    {
        var session = _session ?? throw new InvalidOperationException("Only a dialled conduit begins.");
        try
        {
            if (session.Member.Name != _certifiedName)
                throw new LinkRefusedException(LinkRefusal.WrongCertificateName,
                    $"{session.Member.Name} at {session.Member.LinkHost}:{session.Member.LinkPort} "
                    + $"showed the certificate of {_certifiedName}");
            return session.Prepare(this, answerTo: null) is { } hello && WriteHandshake(hello.ToRecord());
        }
        catch (LinkRefusedException refused)
        {
            Refused($"Link to {session.Peer}", refused);
            return false;
        }
    }

    /// <summary>Takes bytes that arrived. Called by one reader, never concurrently.</summary>
    /// <param name="bytes">All unconsumed bytes, in order.</param>
    /// <returns>Bytes consumed; the rest is shown again with more behind it. -1 when the connection is over
    /// and must be closed.</returns>
    public int Feed(ReadOnlySpan<byte> bytes)
    {
        var consumed = 0;
        try
        {
            if (!IsOpen)
            {
                consumed = FeedHandshake(bytes);
                if (consumed <= 0 || !IsOpen) return consumed;
            }
            var more = _session!.Receive(this, bytes[consumed..]);
            return more < 0 ? -1 : consumed + more;
        }
        catch (LinkProtocolException broken)
        {
            _table.Context.Counters.CountProtocolError();
            _table.Context.LogOften($"Link with {Name}: broken protocol, {broken.Message}; dropped.");
            return -1;
        }
    }

    /// <summary>No more bytes will come.</summary>
    public void Closed()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _session?.ConnectionLost(this);
    }

    internal void KeepaliveTick() => _session!.KeepaliveTick(this);

    /// <summary>The pipe's own thread goes on with a flush that it took over.</summary>
    public void ContinueFlush() => _session?.Flush(this, onPipeThread: true);

    internal string Name => _session is null ? _certifiedName : $"{_session.Peer} ({_certifiedName})";

    private int FeedHandshake(ReadOnlySpan<byte> bytes)
    {
        if (!LinkWire.TryReadHeader(bytes, out var header)) return 0;
        // Judged by its head, so that nobody unknown makes us wait for more than a Hello.
        if (header.Kind is not (RecordKind.Hello or RecordKind.Refusal))
            throw new LinkProtocolException($"{header.Kind} before Hello");
        if (bytes.Length < LinkWire.HeaderBytes + header.Length) return 0;
        var body = bytes.Slice(LinkWire.HeaderBytes, header.Length);
        var isHello = header.Kind == RecordKind.Hello;
        var goesOn = isHello ? TakeHello(LinkHello.FromBody(body)) : TakeRefusal(body);
        return goesOn ? LinkWire.HeaderBytes + header.Length : -1;
    }

    private bool TakeRefusal(ReadOnlySpan<byte> body)
    {
        var refused = LinkRefusedException.FromBody(body);
        if (!_dialled) throw new LinkProtocolException("a Refusal instead of Hello");
        Refused($"Link to {Name}, by the peer", refused);
        if (refused.Reason == LinkRefusal.SessionGone) _session!.End(LinkEnd.ResumeExpired);
        return false;
    }

    private bool TakeHello(LinkHello hello)
    {
        try
        {
            if (_dialled) LinkTable.CheckAnswer(_session!, hello, _table.Context.Identity);
            else if (!Answer(hello)) return false;
            Volatile.Write(ref _open, true);
            return _session!.Attach(this, hello);
        }
        catch (LinkRefusedException refused)
        {
            Refused($"Link with {hello.From} ({_certifiedName})", refused);
            if (!_dialled) WriteHandshake(refused.ToRecord());
            return false;
        }
    }

    private bool Answer(LinkHello hello)
    {
        var session = _table.Accept(hello, _certifiedName);
        var answer = session.Prepare(this, hello)
            ?? throw new LinkRefusedException(LinkRefusal.Busy, "the last connection is still delivering");
        _session = session;
        return WriteHandshake(answer.ToRecord());
    }

    private void Refused(string who, LinkRefusedException refused)
    {
        _table.Context.Refuse(refused.Reason, $"{who}: refused, {refused.Reason}: {refused.Message}.");
    }

    /// <returns>False when the connection is dead already; the transport notices too.</returns>
    private bool WriteHandshake(byte[] record)
    {
        try
        {
            if (Pipe.TryWrite(record)) Writing = false;
            return true;
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            return false;
        }
    }
}
