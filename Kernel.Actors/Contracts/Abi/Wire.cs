using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace K42.Contracts;

/// <summary>A frame that cannot be read: truncated, or with a length over its limit.</summary>
public sealed class WireException(string message) : Exception(message);

/// <summary>Writes parameters and results: little-endian, lengths in front.</summary>
/// <remarks>The buffer comes from the shared pool; <see cref="Dispose"/> gives it back.</remarks>
public ref struct WireWriter
{
    private const int BorrowedBytesMin = 4_096;
    private readonly bool _borrows;
    private byte[] _buffer;
    private int _length;
    private ReadOnlySpan<byte> _borrowed;

    /// <summary>An empty writer.</summary>
    /// <param name="capacity">Bytes to begin with.</param>
    /// <param name="borrows">Whether long bytes at the end are not copied but stay where they are, as
    /// <see cref="Borrowed"/>: for who sends at once, while the caller's memory still holds them.</param>
    public WireWriter(int capacity, bool borrows = false) =>
        (_buffer, _borrows) = (ArrayPool<byte>.Shared.Rent(capacity), borrows);

    /// <summary>What was written, up to what is <see cref="Borrowed"/>.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>What follows <see cref="Written"/>, in the memory that it was given in; mostly
    /// empty.</summary>
    public readonly ReadOnlySpan<byte> Borrowed => _borrowed;

    /// <summary>How many bytes were written, those borrowed too.</summary>
    public readonly int Length => _length + _borrowed.Length;

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        Clear();
    }

    /// <summary>Forgets what was written and keeps the buffer.</summary>
    public void Clear()
    {
        _length = 0;
        _borrowed = default;
    }

    /// <summary>Writes one byte.</summary>
    public void Byte(byte value) => Take(1)[0] = value;

    /// <summary>Writes a truth value as one byte.</summary>
    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    /// <summary>Writes 2 bytes.</summary>
    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    /// <summary>Writes 2 bytes.</summary>
    public void Int16(short value) => BinaryPrimitives.WriteInt16LittleEndian(Take(2), value);

    /// <summary>Writes 4 bytes.</summary>
    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    /// <summary>Writes 4 bytes.</summary>
    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    /// <summary>Writes 8 bytes.</summary>
    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>Writes 8 bytes.</summary>
    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    /// <summary>Writes a node.</summary>
    public void Node(NodeRef value)
    {
        UInt16(value.Id);
        UInt32(value.Incarnation);
    }

    /// <summary>Writes a handle: 14 bytes.</summary>
    public void Handle(ObjectHandle value)
    {
        Node(value.Node);
        UInt32(value.Index);
        UInt32(value.Sequence);
    }

    /// <summary>Writes a length and the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        if (_borrows && value.Length >= BorrowedBytesMin) _borrowed = value;
        else value.CopyTo(Take(value.Length));
    }

    /// <summary>Writes a length in bytes and UTF-8.</summary>
    public void String(string? value)
    {
        var text = value ?? "";
        var count = Encoding.UTF8.GetByteCount(text);
        Int32(count);
        Encoding.UTF8.GetBytes(text, Take(count));
    }

    /// <summary>Begins a length-prefixed value; give what it returns to <see cref="End"/>.</summary>
    public int Begin()
    {
        Int32(0);
        return _length;
    }

    /// <summary>Ends a length-prefixed value.</summary>
    public readonly void End(int begun) =>
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(begun - 4), Length - begun);

    private Span<byte> Take(int count)
    {
        if (!_borrowed.IsEmpty) CopyBorrowed();
        if (_buffer.Length - _length < count) Grow(count);
        var span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }

    /// <summary>Something follows: what was borrowed is not the end.</summary>
    private void CopyBorrowed()
    {
        var borrowed = _borrowed;
        _borrowed = default;
        borrowed.CopyTo(Take(borrowed.Length));
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + count));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

/// <summary>Reads what <see cref="WireWriter"/> wrote. A value that begins at the end is its default, so that
/// an older peer can leave out what was appended later; a value that is cut short throws.</summary>
/// <exception cref="WireException">Truncated, or over a limit.</exception>
public ref struct WireReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>Reads one byte.</summary>
    public byte Byte() => Take(1, out var span) ? span[0] : (byte)0;

    /// <summary>Reads a truth value.</summary>
    public bool Bool() => Byte() != 0;

    /// <summary>Reads 2 bytes.</summary>
    public ushort UInt16() =>
        Take(2, out var span) ? BinaryPrimitives.ReadUInt16LittleEndian(span) : (ushort)0;

    /// <summary>Reads 2 bytes.</summary>
    public short Int16() => (short)UInt16();

    /// <summary>Reads 4 bytes.</summary>
    public uint UInt32() => Take(4, out var span) ? BinaryPrimitives.ReadUInt32LittleEndian(span) : 0;

    /// <summary>Reads 4 bytes.</summary>
    public int Int32() => (int)UInt32();

    /// <summary>Reads 8 bytes.</summary>
    public ulong UInt64() => Take(8, out var span) ? BinaryPrimitives.ReadUInt64LittleEndian(span) : 0;

    /// <summary>Reads 8 bytes.</summary>
    public long Int64() => (long)UInt64();

    /// <summary>Reads a node.</summary>
    public NodeRef Node() => new(UInt16(), UInt32());

    /// <summary>Reads a handle.</summary>
    public ObjectHandle Handle() => new(Node(), UInt32(), UInt32());

    /// <summary>Reads bytes into memory of their own.</summary>
    /// <param name="lengthMax">The declared maximum.</param>
    public ReadOnlyMemory<byte> Bytes(int lengthMax)
    {
        var from = BytesInPlace(lengthMax);
        if (from.IsEmpty) return ReadOnlyMemory<byte>.Empty;
        var bytes = GC.AllocateUninitializedArray<byte>(from.Length);
        from.CopyTo(bytes);
        return bytes;
    }

    /// <summary>Reads bytes where they lie.</summary>
    /// <param name="lengthMax">The declared maximum.</param>
    internal ReadOnlySpan<byte> BytesInPlace(int lengthMax) => Exactly(Length(lengthMax));

    /// <summary>Reads bytes that are text.</summary>
    /// <param name="lengthMax">The declared maximum.</param>
    public ByteText ByteText(int lengthMax) => K42.Contracts.ByteText.Of(Exactly(Length(lengthMax)));

    /// <summary>Reads UTF-8.</summary>
    /// <param name="lengthMax">The declared maximum in bytes.</param>
    public string String(int lengthMax)
    {
        var length = Length(lengthMax);
        return length == 0 ? "" : Encoding.UTF8.GetString(Exactly(length));
    }

    /// <summary>Reads a count of elements.</summary>
    public int Count(int countMax) => Length(countMax);

    /// <summary>Reads a length-prefixed value as a reader of its own.</summary>
    public WireReader Nested() => new(Exactly(Length(int.MaxValue)));

    private int Length(int lengthMax)
    {
        var length = Int32();
        if (length < 0 || length > lengthMax) throw new WireException(
            $"a length of {length} is over {lengthMax}");
        return length;
    }

    private ReadOnlySpan<byte> Exactly(int count)
    {
        if (_rest.Length < count) throw new WireException($"{count} bytes announced, {_rest.Length} there");
        var span = _rest[..count];
        _rest = _rest[count..];
        return span;
    }

    private bool Take(int count, out ReadOnlySpan<byte> span)
    {
        if (_rest.IsEmpty)
        {
            span = default;
            return false;
        }
        span = Exactly(count);
        return true;
    }
}
