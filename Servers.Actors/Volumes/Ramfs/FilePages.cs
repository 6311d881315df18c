using System.Numerics;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>The contents of one file: chunks of up to 64 KiB that keep track of their 4 KiB pages.</summary>
/// <remarks>
/// Holes cost nothing between chunks. A chunk's memory begins at one page and doubles, so small files stay
/// small.
/// Bytes of a chunk that belong to no page, and bytes past the end of the file, are always zero. A large read
/// is
/// answered with the chunk's own memory: the chunk counts as lent from then on and is copied before the next
/// write.
/// </remarks>
internal sealed class FilePages(RamSpace space)
{
    public const int ChunkBytes = 65_536;

    /// <summary>Reads from this many bytes on lend the chunk; shorter ones are copied, so that small reads
    /// and
    /// writes that alternate do not copy whole chunks.</summary>
    public const int LendBytesMin = 16_384;

    private const int PageBytes = RamSpace.PageBytes;
    private const int PagesPerChunk = ChunkBytes / PageBytes;
    private static readonly byte[] Zeros = new byte[ChunkBytes];

    private Chunk[] _chunks = [];
    private int _count;

    /// <summary>How many pages the file has.</summary>
    public long PagesUsed { get; private set; }

    /// <summary>Bytes from an offset; what is not there is zero. The memory never changes
    /// afterwards.</summary>
    /// <param name="count">At most 64 KiB, and not past the file's end.</param>
    public ReadOnlyMemory<byte> Read(long offset, int count)
    {
        var within = (int)(offset % ChunkBytes);
        if (within + count <= ChunkBytes)
        {
            var at = Find(offset / ChunkBytes);
            if (at < 0) return Zeros.AsMemory(0, count);
            ref var chunk = ref _chunks[at];
            if (count >= LendBytesMin && within + count <= chunk.Bytes.Length)
            {
                chunk.Lent = true;
                return chunk.Bytes.AsMemory(within, count);
            }
        }
        var copy = new byte[count];
        CopyOut(offset, copy);
        return copy;
    }

    /// <summary>Writes bytes; gives how many fitted into the volume.</summary>
    public int Write(long offset, ReadOnlySpan<byte> data)
    {
        var done = 0;
        while (done < data.Length)
        {
            var within = (int)((offset + done) % ChunkBytes);
            var wanted = Math.Min(data.Length - done, ChunkBytes - within);
            var taken = WriteChunk((offset + done) / ChunkBytes, within, data.Slice(done, wanted));
            done += taken;
            if (taken < wanted) break;
        }
        return done;
    }

    /// <summary>Drops everything from a size on.</summary>
    public void Shrink(long size)
    {
        var last = size / ChunkBytes;
        while (_count > 0 && _chunks[_count - 1].Index > last) DropLast();
        if (_count == 0 || _chunks[_count - 1].Index != last) return;
        var within = (int)(size % ChunkBytes);
        if (within == 0) DropLast();
        else ShrinkChunk(ref _chunks[_count - 1], within);
    }

    /// <summary>The first byte at or after an offset that is in a page, or -1.</summary>
    public long NextData(long offset)
    {
        var at = Find(offset / ChunkBytes);
        var page = (int)(offset % ChunkBytes / PageBytes);
        for (at = at < 0 ? ~at : at; at < _count; at++)
        {
            var start = _chunks[at].Index * ChunkBytes;
            var mask = start < offset ? _chunks[at].Present & (0xFFFF << page) : _chunks[at].Present;
            mask &= 0xFFFF;
            if (mask != 0)
            {
                return Math.Max(offset, start + ((long)BitOperations.TrailingZeroCount(mask) * PageBytes));
            }
        }
        return -1;
    }

    /// <summary>The first byte at or after an offset that is in no page.</summary>
    public long NextHole(long offset)
    {
        while (true)
        {
            var at = Find(offset / ChunkBytes);
            if (at < 0) return offset;
            var page = (int)(offset % ChunkBytes / PageBytes);
            var absent = ~_chunks[at].Present & 0xFFFF & (0xFFFF << page);
            var start = _chunks[at].Index * ChunkBytes;
            if (absent != 0)
            {
                return Math.Max(offset, start + ((long)BitOperations.TrailingZeroCount(absent) * PageBytes));
            }
            // Behind the last chunk there is no offset.
            if (start > long.MaxValue - ChunkBytes) return long.MaxValue;
            offset = start + ChunkBytes;
        }
    }

    private void CopyOut(long offset, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            var within = (int)(offset % ChunkBytes);
            var piece = target[..Math.Min(target.Length, ChunkBytes - within)];
            var at = Find(offset / ChunkBytes);
            if (at >= 0)
            {
                var bytes = _chunks[at].Bytes;
                var there = Math.Clamp(bytes.Length - within, 0, piece.Length);
                bytes.AsSpan(Math.Min(within, bytes.Length), there).CopyTo(piece);
            }
            offset += piece.Length;
            target = target[piece.Length..];
        }
    }

    private int WriteChunk(long index, int within, ReadOnlySpan<byte> data)
    {
        var at = Find(index);
        var present = at < 0 ? 0 : _chunks[at].Present;
        var end = Affordable(present, within, within + data.Length, out var added);
        if (end <= within) return 0;
        var isNew = at < 0;
        if (isNew) at = Insert(~at, index);
        ref var chunk = ref _chunks[at];
        if (!TryReach(ref chunk, within, end))
        {
            if (isNew) RemoveAt(at);
            return 0;
        }
        space.TryTakePages(BitOperations.PopCount((uint)added));
        PagesUsed += BitOperations.PopCount((uint)added);
        chunk.Present |= (ushort)added;
        data[..(end - within)].CopyTo(chunk.Bytes.AsSpan(within));
        return end - within;
    }

    /// <summary>How far a write gets with the pages that the volume has left.</summary>
    private int Affordable(int present, int from, int to, out int added)
    {
        added = 0;
        var free = space.PagesFree;
        for (var page = from / PageBytes; page * PageBytes < to; page++)
        {
            if ((present & (1 << page)) != 0) continue;
            if (free-- <= 0) return Math.Min(to, page * PageBytes);
            added |= 1 << page;
        }
        return to;
    }

    /// <summary>Makes the chunk's memory long enough and its own.</summary>
    private bool TryReach(ref Chunk chunk, int from, int to)
    {
        var had = chunk.Bytes.Length;
        var length = Math.Max(had, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(to, PageBytes)));
        if (length == had && !chunk.Lent) return true;
        if (!space.TryHold(length - had)) return false;
        // What the write covers needs no zeroing.
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        chunk.Bytes.AsSpan(0, Math.Min(had, from)).CopyTo(bytes);
        if (from > had) bytes.AsSpan(had, from - had).Clear();
        if (to < had) chunk.Bytes.AsSpan(to).CopyTo(bytes.AsSpan(to));
        bytes.AsSpan(Math.Max(to, had)).Clear();
        (chunk.Bytes, chunk.Lent) = (bytes, false);
        return true;
    }

    private void ShrinkChunk(ref Chunk chunk, int size)
    {
        var keptPages = (size + PageBytes - 1) / PageBytes;
        var dropped = chunk.Present & 0xFFFF & ~((1 << keptPages) - 1);
        chunk.Present &= (ushort)~dropped;
        GivePages(BitOperations.PopCount((uint)dropped));
        var length = (int)BitOperations.RoundUpToPowerOf2((uint)(keptPages * PageBytes));
        var had = chunk.Bytes.Length;
        if (length >= had && !chunk.Lent)
        {
            if (size < had) chunk.Bytes.AsSpan(size).Clear();
            return;
        }
        length = Math.Min(length, had);
        var bytes = new byte[length];
        chunk.Bytes.AsSpan(0, Math.Min(size, length)).CopyTo(bytes);
        space.LetGo(had - length);
        (chunk.Bytes, chunk.Lent) = (bytes, false);
        if (chunk.Present == 0) DropLast();
    }

    private int Find(long index)
    {
        // A file without holes has chunk i at place i.
        if (index < _count && _chunks[(int)index].Index == index) return (int)index;
        var (low, high) = (0, _count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_chunks[middle].Index == index) return middle;
            if (_chunks[middle].Index < index) low = middle + 1;
            else high = middle - 1;
        }
        return ~low;
    }

    private int Insert(int at, long index)
    {
        if (_count == _chunks.Length) Array.Resize(ref _chunks, Math.Max(1, _count * 2));
        Array.Copy(_chunks, at, _chunks, at + 1, _count - at);
        _chunks[at] = new Chunk { Index = index, Bytes = [] };
        _count++;
        return at;
    }

    private void DropLast()
    {
        GivePages(BitOperations.PopCount(_chunks[_count - 1].Present));
        RemoveAt(_count - 1);
    }

    private void RemoveAt(int at)
    {
        space.LetGo(_chunks[at].Bytes.Length);
        _count--;
        Array.Copy(_chunks, at + 1, _chunks, at, _count - at);
        _chunks[_count] = default;
        if (_count == 0) _chunks = [];
    }

    private void GivePages(int count)
    {
        space.GivePages(count);
        PagesUsed -= count;
    }

    private struct Chunk
    {
        public long Index;
        public byte[] Bytes;
        public ushort Present;
        public bool Lent;
    }
}
