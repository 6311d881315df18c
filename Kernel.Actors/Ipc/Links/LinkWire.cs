using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

/// <summary>What a record on the wire is. Numbers are forever; 1 to 3 equal <see
/// cref="FrameClass"/>.</summary>
internal enum RecordKind : byte
{
    Call = FrameClass.Call,
    Reserved = FrameClass.Reserved,
    Bulk = FrameClass.Bulk,
    Ack = 8,
    Hello = 16,
    Refusal = 17,
}

/// <summary>The head of one record.</summary>
internal readonly record struct RecordHeader(int Length, RecordKind Kind, long Number)
{
    public bool IsFrame => Kind <= RecordKind.Bulk;
}

/// <summary>The outer layout: a head of 16 bytes, little-endian, then Length bytes.</summary>
/// <remarks>Head: length u32, kind u8, zero u8, mark u16, number u64. A frame's number is its place in its
/// lane, from 1. An Ack's number is the last small frame delivered, its 8 bytes the last bulk frame
/// delivered.
/// </remarks>
internal static class LinkWire
{
    public const int HeaderBytes = 16;
    public const int AckBytes = HeaderBytes + 8;
    public const int HelloBytesMax = 65_536 + 512;
    public const int RefusalBytesMax = 1_024;
    public const ushort ProtocolMin = 1;
    public const ushort ProtocolMax = 1;
    private const ushort Mark = 0x324B;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteHeader(Span<byte> to, int length, RecordKind kind, long number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, length);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], (int)kind | (Mark << 16));
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], number);
    }

    /// <summary>Reads a head of our own making, unchecked.</summary>
    public static RecordHeader ReadTrusted(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadInt32LittleEndian(from), (RecordKind)from[4],
        BinaryPrimitives.ReadInt64LittleEndian(from[8..]));

    /// <summary>Reads a head that came from outside.</summary>
    /// <returns>False while the head is not whole.</returns>
    /// <exception cref="LinkProtocolException">It is no head of this protocol, or its length is
    /// absurd.</exception>
    public static bool TryReadHeader(ReadOnlySpan<byte> from, out RecordHeader header)
    {
        header = default;
        if (from.Length < HeaderBytes) return false;
        var mark = BinaryPrimitives.ReadUInt32LittleEndian(from[4..]);
        if (mark >> 8 != Mark << 8) throw new LinkProtocolException("a record does not begin with a head");
        header = ReadTrusted(from);
        var max = header.Kind switch
        {
            RecordKind.Call or RecordKind.Reserved or RecordKind.Bulk => LinkOptions.FrameBytesMax,
            RecordKind.Ack => 8,
            RecordKind.Hello => HelloBytesMax,
            RecordKind.Refusal => RefusalBytesMax,
            _ => throw new LinkProtocolException($"a record is of unknown kind {(int)header.Kind}"),
        };
        if ((uint)header.Length > (uint)max)
            throw new LinkProtocolException(
                $"a {header.Kind} of {(uint)header.Length} bytes, at most {max} are allowed");
        if (header.Kind == RecordKind.Ack && header.Length != 8)
            throw new LinkProtocolException($"an Ack of {header.Length} bytes, 8 are needed");
        return true;
    }

    public static int WriteAck(Span<byte> to, long small, long bulk)
    {
        WriteHeader(to, 8, RecordKind.Ack, small);
        BinaryPrimitives.WriteInt64LittleEndian(to[HeaderBytes..], bulk);
        return AckBytes;
    }
}

/// <summary>The peer sent what this protocol does not allow; its connection ends.</summary>
public sealed class LinkProtocolException : Exception
{
    /// <summary>Says what was wrong.</summary>
    public LinkProtocolException(string message) : base(message)
    {
    }
}
