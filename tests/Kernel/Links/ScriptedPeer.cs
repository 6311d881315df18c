using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;

namespace K42.Kernel.Tests.Links;

/// <summary>A pipe that keeps what is written and can pretend to be full.</summary>
internal sealed class ScriptedPipe : ILinkPipe
{
    public List<byte[]> Writes { get; } = [];

    public bool Full { get; set; }

    public bool Aborted { get; private set; }

    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        Write(bytes);
        return !Full;
    }

    public void Write(ReadOnlySpan<byte> bytes) => Writes.Add(bytes.ToArray());

    public void HandOver() => throw new InvalidOperationException("not expected here");

    public void Abort() => Aborted = true;
}

/// <summary>A real node 2 and, as node 1 that dialled it, a spec that writes every byte by hand.</summary>
internal sealed class ScriptedPeer : IDisposable
{
    private sealed class NoTransport : ILinkTransport
    {
        public void Start(LinkTable table)
        {
        }

        public void Dial(LinkSession session, Member member) =>
            throw new InvalidOperationException("node 1 dials");

        public void Dispose()
        {
        }
    }

    public ScriptedPeer(VirtualTime time, ScriptedPipe pipe, LinkHello? hello = null, string name = "node-1",
        LinkOptions? options = null, IClock? clock = null)
    {
        Node =
            new LinkNode(LinkNode.Describe(2), new NoTransport(), clock ?? time, time,
                new SeededRandomness(1), options);
        Node.Membership.Up(LinkNode.Describe(1));
        Conduit = new LinkConduit(Node.Table, pipe, name, null);
        Answer = Conduit.Feed((hello ?? Hello()).ToRecord());
    }

    public LinkNode Node { get; }

    public LinkConduit Conduit { get; }

    public int Answer { get; }

    public ILink Link => Node.Table.To(new NodeRef(1, 1))!;

    public static LinkHello Hello() => new()
    {
        ProtocolMin = 1,
        ProtocolMax = 9,
        Features = 0,
        From = new NodeRef(1, 1),
        To = new NodeRef(2, 1),
        Session = 77,
        PeerSession = 0,
        Attempt = 1,
        NextSmall = 1,
        NextBulk = 1,
        CallCredit = 1_000_000,
        ReservedCredit = 1_000_000,
        BulkCredit = 1_000_000,
        ClusterId = "spec",
        Catalogue = default,
    };

    public int Feed(ReadOnlySpan<byte> bytes) => Conduit.Feed(bytes);

    public static byte[] Frames(FrameClass frameClass, int first, int count, int size = 64) =>
        [.. Enumerable.Range(first, count).SelectMany(
            number => Record((RecordKind)frameClass, number, RecordingReceiver.Make(number, size)))];

    public static byte[] Record(RecordKind kind, long number, byte[] body)
    {
        var record = new byte[LinkWire.HeaderBytes + body.Length];
        LinkWire.WriteHeader(record, body.Length, kind, number);
        body.CopyTo(record, LinkWire.HeaderBytes);
        return record;
    }

    public static List<int> Kinds(ReadOnlySpan<byte> bytes)
    {
        var kinds = new List<int>();
        while (LinkWire.TryReadHeader(bytes, out var header))
        {
            kinds.Add((int)header.Kind);
            bytes = bytes[(LinkWire.HeaderBytes + header.Length)..];
        }
        return kinds;
    }

    public void Dispose() => Node.Dispose();
}
