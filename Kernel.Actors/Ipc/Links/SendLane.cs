using System.Diagnostics;

namespace K42.Kernel.Ipc.Links;

/// <summary>Memory that lanes write into, kept for reuse. Thread-safe.</summary>
internal sealed class ChunkPool(int keptMax)
{
    public const int ChunkBytes = 262_144;
    private readonly Stack<byte[]> _free = new();

    public byte[] Rent()
    {
        lock (_free)
        {
            if (_free.TryPop(out var chunk)) return chunk;
        }
        return GC.AllocateUninitializedArray<byte>(ChunkBytes);
    }

    public void Return(byte[] chunk)
    {
        lock (_free)
        {
            if (_free.Count < keptMax) _free.Push(chunk);
        }
    }
}

/// <summary>What one class of frames may have in a lane.</summary>
internal struct ClassBytes
{
    /// <summary>Bytes waiting, or sent and unacknowledged.</summary>
    public long Held;

    /// <summary>Bytes sent on this connection and unacknowledged.</summary>
    public long InFlight;

    /// <summary>How many bytes may be in flight, by the peer's grant and our replay limit.</summary>
    public long Credit;
}

/// <summary>One ordered flow out: frames in wire form, from the oldest unacknowledged to the newest
/// queued.</summary>
/// <remarks>It is the send queue and the replay buffer at once: a reconnect only moves the cursor back. Not
/// thread-safe; the session's lock guards it. Frames lie in chunks and never straddle two.</remarks>
internal sealed class SendLane(ChunkPool pool)
{
    private sealed class Chunk(byte[] bytes)
    {
        public byte[] Bytes = bytes;
        public int End;
        public Chunk? Next;
    }

    private Chunk? _head;      // holds the oldest unacknowledged frame
    private int _headAt;
    private Chunk? _cursor;    // where the next frame to write lies
    private int _cursorAt;
    private Chunk? _tail;
    private Chunk? _spare;
    private ClassBytes _calls; // or bulk: the class that waits for credit
    private ClassBytes _reserved;

    /// <summary>Number of the newest frame queued.</summary>
    public long Last { get; private set; }

    /// <summary>Number of the newest frame written and not taken back by a resume: the peer may have it, and
    /// has nothing newer.</summary>
    public long Written { get; private set; }

    /// <summary>Number of the newest frame that the peer has delivered.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Bytes queued and not written on this connection.</summary>
    public long Waiting { get; private set; }

    public ref ClassBytes Bytes(RecordKind kind) =>
        ref kind == RecordKind.Reserved ? ref _reserved : ref _calls;

    public long Append(RecordKind kind, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> rest)
    {
        var length = frame.Length + rest.Length;
        var size = LinkWire.HeaderBytes + length;
        var tail = _tail;
        if (tail is null || tail.Bytes.Length - tail.End < size) tail = AddChunk();
        var to = tail.Bytes.AsSpan(tail.End, size);
        LinkWire.WriteHeader(to, length, kind, ++Last);
        frame.CopyTo(to[LinkWire.HeaderBytes..]);
        rest.CopyTo(to[(LinkWire.HeaderBytes + frame.Length)..]);
        tail.End += size;
        Waiting += size;
        Bytes(kind).Held += size;
        return Last;
    }

    /// <summary>Copies whole frames that have credit to a buffer and moves the cursor over them.</summary>
    /// <param name="to">Where to; a frame that does not fit stays.</param>
    /// <param name="framesMax">At most so many frames.</param>
    /// <returns>Bytes copied.</returns>
    public int Take(Span<byte> to, int framesMax)
    {
        var copied = 0;
        while (framesMax > 0 && Written < Last)
        {
            MoveCursorToFrame();
            var chunk = _cursor!;
            var from = _cursorAt;
            var run = 0;
            while (framesMax > 0 && from + run < chunk.End)
            {
                var header = LinkWire.ReadTrusted(chunk.Bytes.AsSpan(from + run));
                var size = LinkWire.HeaderBytes + header.Length;
                if (copied + run + size > to.Length) { framesMax = 0; break; }
                ref var bytes = ref Bytes(header.Kind);
                // A frame larger than the whole credit may go when nothing else is in flight.
                if (bytes.InFlight != 0 && bytes.InFlight + size > bytes.Credit) { framesMax = 0; break; }
                bytes.InFlight += size;
                run += size;
                framesMax--;
                Written = header.Number;
            }
            chunk.Bytes.AsSpan(from, run).CopyTo(to[copied..]);
            copied += run;
            _cursorAt = from + run;
        }
        Waiting -= copied;
        return copied;
    }

    /// <summary>Drops frames up to a number, which the peer has delivered.</summary>
    /// <returns>False when the number is none that this connection can have: never sent, or taken
    /// back.</returns>
    public bool Acknowledge(long number)
    {
        if (number > Written || number < Acknowledged) return false;
        while (Acknowledged < number)
        {
            MoveHeadToFrame();
            var header = LinkWire.ReadTrusted(_head!.Bytes.AsSpan(_headAt));
            Debug.Assert(header.Number == Acknowledged + 1, "frames are acknowledged in order");
            var size = LinkWire.HeaderBytes + header.Length;
            ref var bytes = ref Bytes(header.Kind);
            bytes.Held -= size;
            bytes.InFlight -= size;
            _headAt += size;
            Acknowledged++;
        }
        if (Acknowledged == Last) Rewind();
        return true;
    }

    /// <summary>A new connection begins: what its peer has not delivered is to be written again.</summary>
    /// <remarks>The peer's word also settles what it has not seen: its old connection is dead, so nothing
    /// that is still under way there can be delivered any more.</remarks>
    /// <returns>False when the peer expects a frame that it can't.</returns>
    public bool Resume(long nextExpected)
    {
        if (nextExpected > Written + 1 || !Acknowledge(nextExpected - 1)) return false;
        (_cursor, _cursorAt) = (_head, _headAt);
        Written = Acknowledged;
        _calls.InFlight = _reserved.InFlight = 0;
        Waiting = _calls.Held + _reserved.Held;
        return true;
    }

    /// <summary>Gives all memory back; numbers stay for MayHaveBeenSeen.</summary>
    public void Clear()
    {
        while (_head is not null)
        {
            pool.Return(_head.Bytes);
            _head = _head.Next;
        }
        if (_spare is not null) pool.Return(_spare.Bytes);
        _cursor = _tail = _spare = null;
        _headAt = _cursorAt = 0;
        Waiting = 0;
        _calls = _reserved = default;
    }

    private Chunk AddChunk()
    {
        var chunk = _spare ?? new Chunk(pool.Rent());
        _spare = null;
        if (_tail is null)
        {
            (_head, _headAt) = (chunk, 0);
            (_cursor, _cursorAt) = (chunk, 0);
        }
        else _tail.Next = chunk;
        return _tail = chunk;
    }

    /// <summary>Everything is acknowledged: the one chunk left is used again from its start, while it is in
    /// the processor's cache.</summary>
    private void Rewind()
    {
        if (_head is null) return;
        while (_head != _tail) DropHead();
        _head!.End = 0;
        _headAt = _cursorAt = 0;
        _cursor = _head;
    }

    private void MoveCursorToFrame()
    {
        while (_cursorAt == _cursor!.End && _cursor.Next is not null)
            (_cursor, _cursorAt) = (_cursor.Next, 0);
    }

    private void MoveHeadToFrame()
    {
        while (_headAt == _head!.End && _head.Next is not null) DropHead();
    }

    private void DropHead()
    {
        var dead = _head!;
        _head = dead.Next;
        _headAt = 0;
        if (_cursor == dead) (_cursor, _cursorAt) = (_head, 0);
        (dead.Next, dead.End) = (null, 0);
        if (_spare is null) _spare = dead;
        else pool.Return(dead.Bytes);
    }
}
