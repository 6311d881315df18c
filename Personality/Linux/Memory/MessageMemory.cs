using System.Text;

namespace K42.Personality.Linux.Memory;

/// <summary>The memory of one call that came as a message: its byte fields, at addresses of their
/// own.</summary>
/// <remarks>
/// Whoever turns a typed message into registers puts every input in with <see cref="In"/> or a Text method,
/// asks room for every output with <see cref="Out"/>, passes the addresses, and takes the outputs after the
/// call. Address 0 is null, as in a program. Buffers are far apart, so that none can be reached from
/// another's end. An output that the call writes in one piece is kept, not copied. Not safe for two calls at
/// once.
/// </remarks>
public sealed class MessageMemory : ITaskMemory
{
    private const int IndexShift = 32;
    private const int BuffersMax = 4_096;

    private readonly List<Buffer> _buffers = [];

    /// <summary>Bytes for the call to read. They must not change until it is answered.</summary>
    /// <returns>Their address; never 0.</returns>
    public ulong In(ReadOnlyMemory<byte> bytes) => Add(new Buffer { Count = bytes.Length, Bytes = bytes });

    /// <summary>A path or other string: its UTF-8, with the zero that ends it.</summary>
    /// <remarks>A zero within the text ends it, as it would in a program; whoever forbids that checks
    /// before.</remarks>
    public ulong Text(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return In(bytes);
    }

    /// <summary>A string of bytes, with the zero that ends it added.</summary>
    public ulong Text(ReadOnlySpan<byte> text)
    {
        var bytes = new byte[text.Length + 1];
        text.CopyTo(bytes);
        return In(bytes);
    }

    /// <summary>Room for the call to write into. Nothing is allocated until it does.</summary>
    /// <param name="count">Bytes, 0 to 2 GiB.</param>
    /// <returns>Its address; never 0.</returns>
    public ulong Out(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return Add(new Buffer { Count = count, IsOut = true });
    }

    /// <summary>What the call wrote at an address of <see cref="Out"/>: from its start to the last byte
    /// written, zeros where nothing was.</summary>
    public ReadOnlyMemory<byte> Written(ulong address)
    {
        if (!Find(address, out var buffer, out var offset) || offset != 0) return default;
        return buffer.Shown;
    }

    /// <inheritdoc/>
    public long Readable(ulong address, long count) => Reach(address, count, forWriting: false);

    /// <inheritdoc/>
    public long Writable(ulong address, long count) => Reach(address, count, forWriting: true);

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> into)
    {
        if (Reach(address, into.Length, forWriting: false) < into.Length) return false;
        if (into.IsEmpty) return true;
        Find(address, out var buffer, out var offset);
        var shown = buffer.IsOut ? buffer.Shown.Span : buffer.Bytes.Span;
        var there = shown[Math.Min(offset, shown.Length)..];
        var copied = Math.Min(there.Length, into.Length);
        there[..copied].CopyTo(into);
        into[copied..].Clear();
        return true;
    }

    /// <inheritdoc/>
    public bool TryRead(ulong address, int count, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (count == 0) return true;
        if (!Find(address, out var buffer, out var offset) || buffer.Count - offset < count) return false;
        if (!buffer.IsOut)
        {
            bytes = buffer.Bytes.Slice(offset, count);
            return true;
        }
        var copy = new byte[count];
        bytes = copy;
        return TryRead(address, copy);
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> from)
    {
        if (from.IsEmpty) return true;
        if (Reach(address, from.Length, forWriting: true) < from.Length) return false;
        Find(address, out var buffer, out var offset);
        from.CopyTo(buffer.Own(offset, offset + from.Length));
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong address, ReadOnlyMemory<byte> from)
    {
        var fresh = Find(address, out var buffer, out var offset) && offset == 0 && buffer.WrittenCount == 0;
        var keeps = fresh && buffer.IsOut && from.Length <= buffer.Count && !from.IsEmpty;
        if (!keeps) return TryWrite(address, from.Span);
        (buffer.Bytes, buffer.WrittenCount) = (from, from.Length);
        return true;
    }

    private ulong Add(Buffer buffer)
    {
        if (_buffers.Count >= BuffersMax) throw new InvalidOperationException("a call has too many buffers");
        _buffers.Add(buffer);
        return (ulong)_buffers.Count << IndexShift;
    }

    private long Reach(ulong address, long count, bool forWriting)
    {
        if (count <= 0 || !Find(address, out var buffer, out var offset)) return 0;
        return forWriting && !buffer.IsOut ? 0 : Math.Min(count, buffer.Count - offset);
    }

    private bool Find(ulong address, out Buffer buffer, out int offset)
    {
        var index = address >> IndexShift;
        var low = (uint)address;
        if (index == 0 || index > (ulong)_buffers.Count)
        {
            (buffer, offset) = (Nowhere, 0);
            return false;
        }
        buffer = _buffers[(int)index - 1];
        offset = (int)Math.Min(low, (uint)buffer.Count);
        return low <= (uint)buffer.Count;
    }

    private static readonly Buffer Nowhere = new();

    private sealed class Buffer
    {
        private byte[]? _own;

        public int Count { get; init; }

        public bool IsOut { get; init; }

        public ReadOnlyMemory<byte> Bytes { get; set; }

        public int WrittenCount { get; set; }

        /// <summary>What was written; behind it there may be anything.</summary>
        public ReadOnlyMemory<byte> Shown => Bytes[..WrittenCount];

        /// <summary>The part between two places in bytes of its own, which keep what was written before.
        /// </summary>
        public Span<byte> Own(int begin, int end)
        {
            if (_own is null || _own.Length < end)
            {
                var size = Math.Max(end, Math.Min(Count, Bytes.Length * 4));
                // Not cleared: every byte is written before it is shown.
                var larger = GC.AllocateUninitializedArray<byte>(size);
                Bytes.Span[..WrittenCount].CopyTo(larger);
                _own = larger;
                Bytes = larger;
            }
            if (begin > WrittenCount) _own.AsSpan(WrittenCount, begin - WrittenCount).Clear();
            WrittenCount = Math.Max(WrittenCount, end);
            return _own.AsSpan(begin, end - begin);
        }
    }
}
