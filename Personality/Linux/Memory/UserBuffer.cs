using System.Buffers.Binary;

using K42.Contracts;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux.Memory;

/// <summary>Where one transfer reads from or writes to: one range of a program's memory, or several
/// (iovec).</summary>
/// <remarks>It ends before the first byte that can't be reached, because Linux transfers up to
/// there.</remarks>
internal readonly struct UserBuffer
{
    /// <summary>The most that one call transfers (MAX_RW_COUNT).</summary>
    public const long TransferMax = 0x7FFF_F000;

    /// <summary>The most ranges in one call (UIO_MAXIOV).</summary>
    public const int RangesMax = 1_024;

    private readonly ITaskMemory _memory;
    private readonly ulong _address;
    private readonly (ulong Address, long Count)[]? _ranges;

    private UserBuffer(ITaskMemory memory, ulong address, (ulong, long)[]? ranges, long asked, long count)
    {
        (_memory, _address, _ranges, Asked, Count) = (memory, address, ranges, asked, count);
    }

    /// <summary>How many bytes were asked for.</summary>
    public long Asked { get; }

    /// <summary>How many can be transferred.</summary>
    public long Count { get; }

    /// <summary>One range. EFAULT when the count can't be a size in an address space.</summary>
    public static Outcome<UserBuffer> Range(ITaskMemory memory, ulong address, long count, bool forWriting)
    {
        if (count < 0) return Errno.EFAULT;
        var asked = Math.Min(count, TransferMax);
        var there = forWriting ? memory.Writable(address, asked) : memory.Readable(address, asked);
        return new UserBuffer(memory, address, null, asked, there);
    }

    /// <summary>The ranges of an iovec array. EINVAL for too many or negative ones, EFAULT.</summary>
    public static Outcome<UserBuffer> Ranges(
        ITaskMemory memory, ulong address, long rangeCount, bool forWriting)
    {
        if (rangeCount is < 0 or > RangesMax) return Errno.EINVAL;
        if (!memory.TryRead(address, (int)rangeCount * Layout.IovecBytes, out var raw)) return Errno.EFAULT;
        var ranges = new (ulong Address, long Count)[rangeCount];
        var (asked, reached, broken) = (0L, 0L, false);
        for (var i = 0; i < ranges.Length; i++)
        {
            var at = raw.Span[(i * Layout.IovecBytes)..];
            var start = BinaryPrimitives.ReadUInt64LittleEndian(at);
            var count = BinaryPrimitives.ReadInt64LittleEndian(at[8..]);
            if (count < 0) return Errno.EINVAL;
            count = Math.Min(count, TransferMax - asked);
            asked += count;
            var there = forWriting ? memory.Writable(start, count) : memory.Readable(start, count);
            ranges[i] = (start, broken ? 0 : there);
            reached += ranges[i].Count;
            broken |= there < count;
        }
        return new UserBuffer(memory, 0, ranges, asked, reached);
    }

    /// <summary>Copies out to a place in the transfer; false when the memory went away.</summary>
    public bool Write(long at, ReadOnlyMemory<byte> bytes)
    {
        if (_ranges is null) return _memory.TryWrite(_address + (ulong)at, bytes);
        foreach (var (address, count) in _ranges)
        {
            if (bytes.IsEmpty) return true;
            if (at >= count)
            {
                at -= count;
                continue;
            }
            var part = (int)Math.Min(bytes.Length, count - at);
            if (!_memory.TryWrite(address + (ulong)at, bytes[..part])) return false;
            (bytes, at) = (bytes[part..], 0);
        }
        return bytes.IsEmpty;
    }

    /// <summary>Copies in from a place in the transfer; false when the memory went away.</summary>
    public bool Read(long at, int count, out ReadOnlyMemory<byte> bytes)
    {
        if (_ranges is null) return _memory.TryRead(_address + (ulong)at, count, out bytes);
        var gathered = new byte[count];
        bytes = gathered;
        var filled = 0;
        foreach (var (address, rangeCount) in _ranges)
        {
            if (at >= rangeCount)
            {
                at -= rangeCount;
                continue;
            }
            var part = (int)Math.Min(count - filled, rangeCount - at);
            if (!_memory.TryRead(address + (ulong)at, gathered.AsSpan(filled, part))) return false;
            (filled, at) = (filled + part, 0);
            if (filled == count) break;
        }
        return filled == count;
    }
}
