using K42.Contracts;
using K42.Kernel.Ipc.Links;

namespace K42.TestKit.Links;

/// <summary>Two ends and the bytes between them.</summary>
internal sealed class SimulatedConnection
{
    private readonly SimulatedLinks _network;
    private readonly SimulatedEnd _dialler;
    private readonly SimulatedEnd _acceptor;
    private bool _reset;
    private int _closedEnds;

    public SimulatedConnection(SimulatedLinks network, SimulatedTransport from, SimulatedTransport to,
        LinkSession session)
    {
        _network = network;
        _dialler = new SimulatedEnd(network, this, from, to);
        _acceptor = new SimulatedEnd(network, this, to, from);
        (_dialler.Other, _acceptor.Other) = (_acceptor, _dialler);
        _dialler.Conduit = new LinkConduit(from.Table!, _dialler, to.CertifiedName, session);
        _acceptor.Conduit = new LinkConduit(to.Table!, _acceptor, from.CertifiedName, null);
    }

    public bool IsReset => _reset;

    public bool Touches(NodeRef node) => _dialler.Node == node || _acceptor.Node == node;

    public void Begin()
    {
        if (!_dialler.Conduit.Begin()) Reset();
    }

    /// <summary>Both ways end within what is under way; each end notices by itself.</summary>
    public void Reset()
    {
        if (_reset) return;
        _reset = true;
        _dialler.Truncate();
        _acceptor.Truncate();
    }

    public void Wake()
    {
        _dialler.Arrive();
        _acceptor.Arrive();
    }

    public void EndClosed()
    {
        if (++_closedEnds == 2) _network.Forget(this);
    }
}

/// <summary>One end: writes go to the other after a while, what arrives is fed to the conduit.</summary>
internal sealed class SimulatedEnd(SimulatedLinks network, SimulatedConnection connection,
    SimulatedTransport owner, SimulatedTransport peer) : ILinkPipe
{
    private readonly record struct Piece(long DueNs, byte[] Bytes);

    private readonly Queue<Piece> _incoming = new();
    private byte[] _unread = [];
    private long _lastDueNs;
    private int _underWay;
    private bool _writerWaits;
    private bool _endQueued;
    private bool _closed;

    public LinkConduit Conduit { get; set; } = null!;

    public SimulatedEnd Other { get; set; } = null!;

    public NodeRef Node => owner.Node;

    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        Write(bytes);
        if (Other._underWay <= network.Settings.SocketBytes) return true;
        _writerWaits = true;
        return false;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (connection.IsReset || _closed || Other._closed)
            throw new IOException("The simulated connection is reset.");
        while (!bytes.IsEmpty)
        {
            var whole = !network.Settings.Fragment || network.Below(3) != 0;
            var size = whole ? bytes.Length : 1 + network.Below(bytes.Length);
            Other.Enqueue(bytes[..size].ToArray());
            bytes = bytes[size..];
        }
    }

    public void HandOver() => Soon(Conduit.ContinueFlush);

    public void Abort() => connection.Reset();

    /// <summary>Keeps a random part of what is under way to this end, then the end of the flow.</summary>
    public void Truncate()
    {
        var kept = network.IsParted(peer.Node, Node) ? 0 : network.Below(_underWay + 1);
        var pieces = _incoming.ToArray();
        _incoming.Clear();
        _underWay = 0;
        foreach (var piece in pieces)
        {
            var size = Math.Min(kept, piece.Bytes.Length);
            if (size == 0) break;
            kept -= size;
            _underWay += size;
            _incoming.Enqueue(piece with { Bytes = piece.Bytes[..size] });
        }
        QueueEnd();
    }

    /// <summary>The other end closed: what is under way still arrives, then the end of the flow.</summary>
    private void QueueEnd()
    {
        _endQueued = true;
        Enqueue([]);
    }

    private void Enqueue(byte[] bytes)
    {
        var now = network.Clock.MonotonicNs;
        _lastDueNs = Math.Max(_lastDueNs, now + network.Latency().Ticks * 100);
        _incoming.Enqueue(new Piece(_lastDueNs, bytes));
        _underWay += bytes.Length;
        network.Clock.Schedule(TimeSpan.FromTicks((_lastDueNs - now + 99) / 100), _ => Arrive(), null);
    }

    /// <summary>Feeds what is due; what may not flow now waits for <see
    /// cref="SimulatedConnection.Wake"/>.</summary>
    public void Arrive()
    {
        while (!_closed && _incoming.TryPeek(out var piece) && piece.DueNs <= network.Clock.MonotonicNs)
        {
            // A reset passes a parted line too: it stands for each end's own timeout.
            if (network.IsPaused(Node) || (!_endQueued && network.IsParted(peer.Node, Node))) return;
            _incoming.Dequeue();
            _underWay -= piece.Bytes.Length;
            if (piece.Bytes.Length == 0 || !Feed(piece.Bytes)) Close();
        }
        if (_underWay <= network.Settings.SocketBytes / 2) Other.Drained();
    }

    private bool Feed(byte[] bytes)
    {
        if (!network.IsAlive(Node)) return false;
        _unread = _unread.Length == 0 ? bytes : [.. _unread, .. bytes];
        var consumed = Conduit.Feed(_unread);
        if (consumed < 0) return false;
        _unread = _unread[consumed..];
        return true;
    }

    private void Drained()
    {
        if (!_writerWaits) return;
        _writerWaits = false;
        Soon(Conduit.ContinueFlush);
    }

    private void Close()
    {
        if (_closed) return;
        _closed = true;
        Other.QueueEnd();
        connection.EndClosed();
        if (network.IsAlive(Node)) Conduit.Closed();
    }

    private void Soon(Action action) => network.Clock.Schedule(TimeSpan.Zero, _ => action(), null);
}
