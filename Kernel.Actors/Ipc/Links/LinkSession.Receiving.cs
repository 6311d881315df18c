using System.Buffers.Binary;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

public sealed partial class LinkSession
{
    private bool _delivering;
    private int _corkThread;
    private long _deliveredSmall;
    private long _deliveredBulk;
    private long _deliveredBytes;
    private bool _ackScheduled;

    /// <summary>Delivers the whole records at the beginning of the bytes.</summary>
    /// <returns>Bytes consumed; -1 when this connection is over.</returns>
    /// <exception cref="LinkProtocolException">The peer sent what it may not.</exception>
    internal int Receive(LinkConduit conduit, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_open != conduit) return -1;
            conduit.HeardSinceTick = true;
            _delivering = true;
            _corkThread = Environment.CurrentManagedThreadId;
        }
        var consumed = 0;
        var begun = false;
        try
        {
            while (Volatile.Read(ref _open) == conduit
                && LinkWire.TryReadHeader(bytes[consumed..], out var header)
                && bytes.Length - consumed - LinkWire.HeaderBytes >= header.Length)
            {
                var body = bytes.Slice(consumed + LinkWire.HeaderBytes, header.Length);
                if (header.IsFrame) Deliver(header, body, ref begun);
                else if (header.Kind == RecordKind.Ack) TakeAck(header.Number, body);
                else throw new LinkProtocolException($"{header.Kind} after Hello");
                consumed += LinkWire.HeaderBytes + header.Length;
            }
        }
        finally
        {
            EndBatch(conduit, begun);
        }
        return consumed;
    }

    private void Deliver(in RecordHeader header, ReadOnlySpan<byte> body, ref bool begun)
    {
        ref var delivered = ref header.Kind == RecordKind.Bulk ? ref _deliveredBulk : ref _deliveredSmall;
        if (header.Number != delivered + 1)
            throw new LinkProtocolException($"{header.Kind} {header.Number} where {delivered + 1} was due");
        try
        {
            if (!begun) _context.Receiver.BatchBegins(this);
            begun = true;
            _context.Receiver.Frame(this, (FrameClass)header.Kind, body);
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            EndByReceiver(thrown);
            return;
        }
        Volatile.Write(ref delivered, header.Number);
        Volatile.Write(ref _deliveredBytes, _deliveredBytes + body.Length + LinkWire.HeaderBytes);
    }

    private void EndByReceiver(Exception thrown)
    {
        _context.Counters.CountProtocolError();
        _context.LogOften($"Link with {Peer} ({Member.Name}): a frame could not be taken, "
            + $"{thrown.GetType().Name}: {thrown.Message}; the link ends.");
        End(LinkEnd.ProtocolError);
    }

    private void TakeAck(long small, ReadOnlySpan<byte> body)
    {
        var bulk = BinaryPrimitives.ReadInt64LittleEndian(body);
        lock (_lock)
        {
            if (_ended) return;
            if (!_small.Acknowledge(small) || !_bulk.Acknowledge(bulk))
                throw new LinkProtocolException("an acknowledgement of frames that were not sent");
            TellRoom();
        }
    }

    private void EndBatch(LinkConduit conduit, bool begun)
    {
        try
        {
            if (begun) _context.Receiver.BatchEnds(this);
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            EndByReceiver(thrown);
        }
        LinkConduit? flush = null;
        lock (_lock)
        {
            _delivering = false;
            _corkThread = 0;
            if (_ended)
            {
                _context.Executor.Post(static self => ((LinkSession)self!).TellEnd(), this);
                return;
            }
            if (_open != conduit) return;
            if (_deliveredBytes - conduit.AckedBytes >= _ackBytes) conduit.AckForced = true;
            if (conduit.AckForced || _small.Waiting + _bulk.Waiting > 0) flush = ClaimWriter();
            if (flush is null && OwesAck(conduit)) ScheduleAck();
        }
        if (flush is not null) Flush(flush, onPipeThread: false);
    }

    private bool OwesAck(LinkConduit conduit) =>
        _deliveredSmall != conduit.AckedSmall || _deliveredBulk != conduit.AckedBulk;

    /// <summary>At most one timer runs, so a busy link pays for one per delay, not per frame.</summary>
    private void ScheduleAck()
    {
        if (_ackScheduled) return;
        _ackScheduled = true;
        _context.Clock.Schedule(_context.Options.AckDelay, static self => ((LinkSession)self!).AckTick(),
            this);
    }

    private void AckTick()
    {
        LinkConduit? flush;
        lock (_lock)
        {
            _ackScheduled = false;
            if (_open is not { } conduit) return;
            if (!OwesAck(conduit)) return;
            conduit.AckForced = true;
            flush = ClaimWriter();
        }
        if (flush is not null) Flush(flush, onPipeThread: false);
    }
}
