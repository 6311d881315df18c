namespace K42.Servers.Pipes;

/// <summary>The bytes of a pipe, held as Linux holds them: sixteen slots of one page each.</summary>
/// <remarks>A write is put into the last page if its odd part (its length modulo a page) fits there, and into
/// fresh
/// pages otherwise, so a pipe may be full with less than 64 KiB in it, exactly where Linux's is. Pages are
/// taken when
/// needed and given back when read.</remarks>
internal sealed class PipeBuffer(PagePool pool)
{
    public const int PageBytes = 4_096;
    public const int SlotsMax = 16;
    public const int CapacityBytes = PageBytes * SlotsMax;

    private Slot[]? _slots;
    private int _first;
    private int _used;

    /// <summary>Bytes held.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a write of so many bytes goes in whole.</summary>
    public bool Fits(int bytes) => Math.Max(0, bytes - Mergeable(bytes)) <= (SlotsMax - _used) * PageBytes;

    /// <summary>Takes what fits; gives how many bytes that was.</summary>
    public int Append(ReadOnlySpan<byte> data)
    {
        var taken = Mergeable(data.Length);
        if (taken > 0)
        {
            ref var last = ref At(_used - 1);
            data[..taken].CopyTo(last.Page.AsSpan(last.End));
            last.End += taken;
        }
        while (taken < data.Length && _used < SlotsMax)
        {
            var piece = data.Slice(taken, Math.Min(PageBytes, data.Length - taken));
            var page = pool.Rent();
            piece.CopyTo(page);
            _slots ??= new Slot[SlotsMax];
            At(_used++) = new Slot { Page = page, End = piece.Length };
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
            _first = (_first + 1) % SlotsMax;
            _used--;
        }
        if (_used == 0) _slots = null;
    }

    /// <summary>Gives every page back.</summary>
    public void Clear()
    {
        for (var i = 0; i < _used; i++) pool.Return(At(i).Page);
        (_slots, _used, Count) = (null, 0, 0);
    }

    private int Mergeable(int bytes)
    {
        if (_used == 0) return 0;
        var odd = bytes % PageBytes;
        return At(_used - 1).End + odd <= PageBytes ? odd : 0;
    }

    private ref Slot At(int index) => ref _slots![(_first + index) % SlotsMax];

    private struct Slot
    {
        public byte[] Page;
        public int Start;
        public int End;
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
