using System.Buffers.Binary;
using System.Text;
using K42.Contracts;

namespace K42.Kernel.Ipc.Links;

/// <summary>What this node says of itself in every Hello.</summary>
/// <param name="ClusterId">Nodes of another cluster are refused; at most 128 bytes of UTF-8.</param>
/// <param name="Features">Bits that the layer above defines.</param>
/// <param name="Catalogue">The layer above's list of what this node understands: at most 64 KiB, opaque
/// here.</param>
public sealed record LinkIdentity(string ClusterId, ulong Features, ReadOnlyMemory<byte> Catalogue);

/// <summary>The first record in either direction of a connection.</summary>
/// <remarks>Grows at its end only: a reader ignores bytes behind the catalogue.</remarks>
internal sealed record LinkHello
{
    private const uint Magic = 0x4C32344B; // "K42L"
    private const int FixedBytes = 4 + 2 + 2 + 8 + 6 + 6 + 5 * 8 + 3 * 4 + 1 + 4;
    private const int ClusterIdBytesMax = 128;
    private const int CatalogueBytesMax = 65_536;

    public required ushort ProtocolMin { get; init; }
    public required ushort ProtocolMax { get; init; }
    public required ulong Features { get; init; }
    public required NodeRef From { get; init; }
    public required NodeRef To { get; init; }

    /// <summary>The sender's session, never 0; a later one of the same node life is greater.</summary>
    public required ulong Session { get; init; }

    /// <summary>The receiver's session as the sender knows it; 0 when they never met.</summary>
    public required ulong PeerSession { get; init; }

    /// <summary>Which dial of the session this is, from 1; the answer repeats it.</summary>
    public required ulong Attempt { get; init; }

    /// <summary>Number of the next small frame (call or reserved) that the sender expects.</summary>
    public required long NextSmall { get; init; }

    /// <summary>Number of the next bulk frame that the sender expects.</summary>
    public required long NextBulk { get; init; }
    public required int CallCredit { get; init; }
    public required int ReservedCredit { get; init; }
    public required int BulkCredit { get; init; }
    public required string ClusterId { get; init; }
    public required ReadOnlyMemory<byte> Catalogue { get; init; }

    public byte[] ToRecord()
    {
        var cluster = Encoding.UTF8.GetBytes(ClusterId);
        if (cluster.Length > ClusterIdBytesMax)
            throw new ArgumentException("The cluster id is over 128 bytes.");
        if (Catalogue.Length > CatalogueBytesMax)
            throw new ArgumentException("The catalogue is over 64 KiB.");
        var length = FixedBytes + cluster.Length + Catalogue.Length;
        var record = new byte[LinkWire.HeaderBytes + length];
        LinkWire.WriteHeader(record, length, RecordKind.Hello, 0);
        var writer = new Writer(record, LinkWire.HeaderBytes);
        writer.U32(Magic);
        writer.U16(ProtocolMin);
        writer.U16(ProtocolMax);
        writer.U64(Features);
        writer.Node(From);
        writer.Node(To);
        writer.U64(Session);
        writer.U64(PeerSession);
        writer.U64(Attempt);
        writer.U64((ulong)NextSmall);
        writer.U64((ulong)NextBulk);
        writer.U32((uint)CallCredit);
        writer.U32((uint)ReservedCredit);
        writer.U32((uint)BulkCredit);
        writer.Byte((byte)cluster.Length);
        writer.Bytes(cluster);
        writer.U32((uint)Catalogue.Length);
        writer.Bytes(Catalogue.Span);
        return record;
    }

    /// <exception cref="LinkProtocolException">The bytes are no Hello.</exception>
    public static LinkHello FromBody(ReadOnlySpan<byte> body)
    {
        var reader = new Reader(body);
        if (reader.U32() != Magic) throw new LinkProtocolException("Hello lacks its magic number");
        var hello = new LinkHello
        {
            ProtocolMin = reader.U16(),
            ProtocolMax = reader.U16(),
            Features = reader.U64(),
            From = reader.Node(),
            To = reader.Node(),
            Session = reader.U64(),
            PeerSession = reader.U64(),
            Attempt = reader.U64(),
            NextSmall = (long)reader.U64(),
            NextBulk = (long)reader.U64(),
            CallCredit = (int)Math.Min(int.MaxValue, reader.U32()),
            ReservedCredit = (int)Math.Min(int.MaxValue, reader.U32()),
            BulkCredit = (int)Math.Min(int.MaxValue, reader.U32()),
            ClusterId = Encoding.UTF8.GetString(reader.Take(reader.Byte(), ClusterIdBytesMax)),
            Catalogue = reader.Take(reader.U32(), CatalogueBytesMax).ToArray(),
        };
        if (hello.Session == 0 || hello.Attempt == 0 || hello.NextSmall < 1 || hello.NextBulk < 1)
            throw new LinkProtocolException("Hello has a session, an attempt or a frame number of zero");
        return hello;
    }

    private ref struct Writer(byte[] buffer, int at)
    {
        private int _at = at;

        public void Byte(byte value) => buffer[_at++] = value;

        public void U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(_at), value);
            _at += 2;
        }

        public void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(_at), value);
            _at += 4;
        }

        public void U64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(_at), value);
            _at += 8;
        }

        public void Node(NodeRef node)
        {
            U16(node.Id);
            U32(node.Incarnation);
        }

        public void Bytes(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer.AsSpan(_at));
            _at += bytes.Length;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public ReadOnlySpan<byte> Take(uint count, int max)
        {
            if (count > (uint)max || count > (uint)_rest.Length)
                throw new LinkProtocolException("Hello is cut short or has an absurd length");
            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }

        public byte Byte() => Take(1, 1)[0];

        public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, 2));

        public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, 4));

        public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, 8));

        public NodeRef Node() => new(U16(), U32());
    }
}
