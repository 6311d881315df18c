namespace K42.Servers.Pipes;

/// <summary>The bytes of a pipe, held as Linux holds them: slots of one page each, sixteen unless
/// resized.</summary>
/// <remarks>A write is put into the last page if its odd part (its length modulo a page) fits there, and into
/// fresh pages otherwise, so a pipe may be full with less than its capacity in it, exactly where Linux's is.
/// A page that was written as a packet (O_DIRECT) takes no more, and a read ends with it. Pages are taken
/// when needed and given back when read.</remarks>
internal sealed class PipeBuffer(PagePool pool, int slots = PipeBuffer.SlotsDefault)
{
    public const int PageBytes = 4_096;

    /// <summary>Slots of a new pipe.</summary>
    public const int SlotsDefault = 16;

    /// <summary>Slots of a new pipe whose user has too many pages already.</summary>
    public const int SlotsMin = 2;

    private Slot[]? _slots;
    private int _slotsMax = slots;
    private int _first;
    private int _used;

    /// <summary>Bytes held.</summary>
    public int Count { get; private set; }

    /// <summary>F_GETPIPE_SZ.</summary>
    public int CapacityBytes => _slotsMax * PageBytes;

    /// <summary>F_SETPIPE_SZ: false when more slots are in use than that makes.</summary>
    /// <param name="slots">The new number of slots, at least one.</param>
    public bool Resize(int slots)
    {
        if (slots < _used) return false;
        if (_slots is not null)
        {
            var moved = new Slot[slots];
            for (var i = 0; i < _used; i++) moved[i] = At(i);
            (_slots, _first) = (moved, 0);
        }
        else _first = 0;
        _slotsMax = slots;
        return true;
    }

    /// <summary>How many bytes a read gets, and how many more it drops: the rest of a packet.</summary>
    public (int Taken, int Dropped) NextRead(int countMax)
    {
        var taken = 0;
        for (var i = 0; i < _used && taken < countMax; i++)
        {
            ref var slot = ref At(i);
            var held = slot.End - slot.Start;
            var piece = Math.Min(countMax - taken, held);
            taken += piece;
            if (slot.IsPacket) return (taken, held - piece);
        }
        return (taken, 0);
    }

    /// <summary>Whether a write of so many bytes goes in whole.</summary>
    public bool Fits(int bytes) => Math.Max(0, bytes - Mergeable(bytes)) <= (_slotsMax - _used) * PageBytes;

    /// <summary>Takes what fits; gives how many bytes that was.</summary>
    /// <param name="asPackets">Whether each fresh page is a packet of its own.</param>
    public int Append(ReadOnlySpan<byte> data, bool asPackets)
    {
        var taken = Mergeable(data.Length);
        if (taken > 0)
        {
            ref var last = ref At(_used - 1);
            data[..taken].CopyTo(last.Page.AsSpan(last.End));
            last.End += taken;
        }
        while (taken < data.Length && _used < _slotsMax)
        {
            var piece = data.Slice(taken, Math.Min(PageBytes, data.Length - taken));
            var page = pool.Rent();
            piece.CopyTo(page);
            _slots ??= new Slot[_slotsMax];
            At(_used++) = new Slot { Page = page, End = piece.Length, IsPacket = asPackets };
            taken += piece.Length;
        }
        Count += taken;
        return taken;
    }

    /// <summary>Copies the oldest bytes and leaves them in.</summary>
    /// <param name="target">At most <see cref="Count"/> bytes.</param>
    public void Peek(Span<byte> target)
    {
        for (var i = 0; !target.IsEmpty; i++)
        {
            ref var slot = ref At(i);
            var piece = Math.Min(target.Length, slot.End - slot.Start);
            slot.Page.AsSpan(slot.Start, piece).CopyTo(target);
            target = target[piece..];
        }
    }

    /// <summary>Forgets the oldest bytes.</summary>
    /// <param name="count">At most <see cref="Count"/>.</param>
    public void Drop(int count)
    {
        Count -= count;
        while (count > 0)
        {
            ref var first = ref At(0);
            var piece = Math.Min(count, first.End - first.Start);
            first.Start += piece;
            count -= piece;
            if (first.Start < first.End) continue;
            pool.Return(first.Page);
            first = default;
            _first = (_first + 1) % _slotsMax;
            _used--;
        }
        if (_used == 0) (_slots, _first) = (null, 0);
    }

    /// <summary>Gives every page back.</summary>
    public void Clear()
    {
        for (var i = 0; i < _used; i++) pool.Return(At(i).Page);
        (_slots, _first, _used, Count) = (null, 0, 0, 0);
    }

    private int Mergeable(int bytes)
    {
        if (_used == 0) return 0;
        var odd = bytes % PageBytes;
        ref var last = ref At(_used - 1);
        return !last.IsPacket && last.End + odd <= PageBytes ? odd : 0;
    }

    private ref Slot At(int index) => ref _slots![(_first + index) % _slotsMax];

    private struct Slot
    {
        public byte[] Page;
        public int Start;
        public int End;
        public bool IsPacket;
    }
}

/// <summary>Pages of one actor's pipes that nobody uses at the moment.</summary>
internal sealed class PagePool
{
    private const int FreeMax = 256;

    private readonly Stack<byte[]> _free = new();

    public byte[] Rent() =>
        _free.TryPop(out var page) ? page : GC.AllocateUninitializedArray<byte>(PipeBuffer.PageBytes);

    public void Return(byte[] page)
    {
        if (_free.Count < FreeMax) _free.Push(page);
    }
}
