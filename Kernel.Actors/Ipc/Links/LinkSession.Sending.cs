using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

public sealed partial class LinkSession
{
    /// <summary>Writes that a sender does for others before the pipe's own thread goes on.</summary>
    private const int BatchesPerSender = 8;

    private readonly SendLane _small;
    private readonly SendLane _bulk;
    private bool _roomAwaited;

    /// <inheritdoc/>
    public long Send(FrameClass frameClass, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> rest = default)
    {
        if (frameClass is not (FrameClass.Call or FrameClass.Reserved or FrameClass.Bulk))
            throw new ArgumentOutOfRangeException(nameof(frameClass));
        var length = frame.Length + rest.Length;
        if (length > LinkOptions.FrameBytesMax)
            throw new ArgumentOutOfRangeException(nameof(frame), $"{length} bytes are over the maximum.");
        LinkConduit? conduit;
        long number;
        lock (_lock)
        {
            if (_ended) return 0;
            var lane = frameClass == FrameClass.Bulk ? _bulk : _small;
            if (!HasRoom(lane, frameClass, length)) return 0;
            number = lane.Append((RecordKind)frameClass, frame, rest);
            conduit = ClaimWriter();
        }
        if (conduit is not null) Flush(conduit, onPipeThread: false);
        return frameClass == FrameClass.Bulk ? number * 2 + 1 : number * 2;
    }

    /// <inheritdoc/>
    public bool MayHaveBeenSeen(long frameNumber)
    {
        if (frameNumber < 2) return false;
        lock (_lock) return frameNumber / 2 <= ((frameNumber & 1) == 0 ? _small : _bulk).Written;
    }

    private bool HasRoom(SendLane lane, FrameClass frameClass, int length)
    {
        var options = _context.Options;
        var max = frameClass switch
        {
            FrameClass.Call => options.CallQueueBytesMax,
            FrameClass.Bulk => options.BulkQueueBytesMax,
            _ => options.ReservedQueueBytesMax,
        };
        if (lane.Bytes((RecordKind)frameClass).Held + LinkWire.HeaderBytes + length <= max) return true;
        _context.Counters.CountSendRefused();
        if (frameClass != FrameClass.Reserved)
        {
            _roomAwaited = true;
            return false;
        }
        // Dropping a reply would leave its caller waiting for ever; an end is definite for everybody.
        _context.LogOften($"Link with {Peer} ({Member.Name}): takes no replies, {max} bytes wait.");
        EndLocked(LinkEnd.ProtocolError);
        return false;
    }

    /// <summary>The connection that this thread is to flush now; null when another thread writes, when nobody
    /// can, or when this thread is delivering a batch and will flush at its end.</summary>
    private LinkConduit? ClaimWriter()
    {
        if (_open is not { } conduit)
        {
            ArmResumeTimer();
            return null;
        }
        if (conduit.Writing) return null;
        if (_corkThread == Environment.CurrentManagedThreadId
            && _small.Waiting + _bulk.Waiting < _context.Options.CorkBytes) return null;
        conduit.Writing = true;
        return conduit;
    }

    /// <summary>Writes until nothing is left that may go. The caller has claimed the conduit's
    /// Writing.</summary>
    internal void Flush(LinkConduit conduit, bool onPipeThread)
    {
        try
        {
            for (var batches = 0; ; batches++)
            {
                var length = FillScratch(conduit);
                if (length == 0) return;
                var bytes = conduit.Scratch.AsSpan(0, length);
                if (onPipeThread) conduit.Pipe.Write(bytes);
                else if (!conduit.Pipe.TryWrite(bytes))
                {
                    _context.Counters.CountHandover();
                    return;
                }
                else if (batches == BatchesPerSender)
                {
                    _context.Counters.CountHandover();
                    conduit.Pipe.HandOver();
                    return;
                }
            }
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            conduit.Pipe.Abort();
            lock (_lock)
            {
                if (_open == conduit) DropOpen();
            }
        }
    }

    /// <summary>Collects one write: news for the peer's replay buffer, small frames, at most one bulk frame.
    /// </summary>
    /// <returns>Its bytes; 0 when there is nothing to write, and then the writer is idle again.</returns>
    private int FillScratch(LinkConduit conduit)
    {
        lock (_lock)
        {
            if (_open != conduit)
            {
                // Not open yet: Attach flushes. Not open any more: nobody does.
                conduit.Writing = false;
                return 0;
            }
            var to = conduit.Scratch.AsSpan(LinkWire.AckBytes);
            var length = _small.Take(to[..LinkConduit.SmallBatchBytes], int.MaxValue);
            length += _bulk.Take(to[length..], 1);
            if (length == 0 && !conduit.AckForced)
            {
                conduit.Writing = false;
                // What waits may not go, so that nothing takes the acknowledgement along.
                if (OwesAck(conduit)) ScheduleAck();
                return 0;
            }
            // Bytes first: the reader goes on, and more may be acknowledged than they say, never less.
            conduit.AckedBytes = Volatile.Read(ref _deliveredBytes);
            var (small, bulk) = (Volatile.Read(ref _deliveredSmall), Volatile.Read(ref _deliveredBulk));
            LinkWire.WriteAck(conduit.Scratch, small, bulk);
            (conduit.AckedSmall, conduit.AckedBulk, conduit.AckForced) = (small, bulk, false);
            conduit.SentSinceTick = true;
            conduit.BytesWritten += length + LinkWire.AckBytes;
            return length + LinkWire.AckBytes;
        }
    }

    private void SetCredit(LinkHello hello)
    {
        var max = _context.Options.ReplayBytesMax;
        _small.Bytes(RecordKind.Call).Credit = Math.Min(max, hello.CallCredit);
        _small.Bytes(RecordKind.Reserved).Credit = Math.Min(max, hello.ReservedCredit);
        _bulk.Bytes(RecordKind.Bulk).Credit = Math.Min(max, hello.BulkCredit);
    }

    /// <summary>Tells a receiver that was refused, once half of each queue is free.</summary>
    private void TellRoom()
    {
        if (!_roomAwaited || _ended) return;
        if (_small.Bytes(RecordKind.Call).Held > _context.Options.CallQueueBytesMax / 2
            || _bulk.Bytes(RecordKind.Bulk).Held > _context.Options.BulkQueueBytesMax / 2) return;
        _roomAwaited = false;
        if (_context.Receiver is not ILinkRoomListener) return;
        _context.Executor.Post(static self =>
        {
            var session = (LinkSession)self!;
            ((ILinkRoomListener)session._context.Receiver).RoomAgain(session);
        }, this);
    }
}
