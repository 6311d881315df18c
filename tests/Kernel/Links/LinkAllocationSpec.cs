using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>Nothing is allocated per frame.</summary>
public sealed class LinkAllocationSpec
{
    private sealed class Sink : ILinkPipe
    {
        public bool TryWrite(ReadOnlySpan<byte> bytes) => true;

        public void Write(ReadOnlySpan<byte> bytes)
        {
        }

        public void HandOver()
        {
        }

        public void Abort()
        {
        }
    }

    private sealed class NoTransport : ILinkTransport
    {
        public void Start(LinkTable table)
        {
        }

        public void Dial(LinkSession session, Member member)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Counting : ILinkReceiver
    {
        private readonly byte[] _answer = new byte[24];

        public int Frames { get; private set; }

        public void BatchBegins(ILink link)
        {
        }

        public void Frame(ILink link, FrameClass frameClass, ReadOnlySpan<byte> frame)
        {
            Frames++;
            link.Send(FrameClass.Reserved, _answer);
        }

        public void BatchEnds(ILink link)
        {
        }

        public void Ended(ILink link, LinkEnd reason)
        {
        }
    }

    [Fact]
    public void A_call_taken_answered_and_acknowledged_allocates_nothing()
    {
        var time = new VirtualTime();
        var receiver = new Counting();
        var context = new LinkContext(new LinkOptions(), new LinkIdentity("spec", 0, default), time, time,
            new SeededRandomness(1), receiver, new RecordingLog());
        using var table = new LinkTable(context, new NoTransport(), LinkNode.Describe(2));
        table.MemberUp(LinkNode.Describe(1));
        var conduit = new LinkConduit(table, new Sink(), "node-1", null);
        Assert.True(conduit.Feed(ScriptedPeer.Hello().ToRecord()) > 0);

        var record = ScriptedPeer.Frames(FrameClass.Call, 1, 1, size: 98);
        var ack = new byte[LinkWire.AckBytes];
        var consumed = 0;
        void Round(int number)
        {
            LinkWire.WriteHeader(record, 98, RecordKind.Call, number);
            consumed += conduit.Feed(record);
            LinkWire.WriteAck(ack, small: number, bulk: 0);
            consumed += conduit.Feed(ack);
        }
        for (var i = 1; i <= 100; i++) Round(i);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 101; i <= 10_100; i++) Round(i);
        // A collection that another test causes makes the runtime count the rest of this thread's allocation
        // block, some KiB; one object a round would be 240,000 bytes at least.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 24_000);
        Assert.Equal(10_100, receiver.Frames);
        Assert.Equal(10_100 * (record.Length + ack.Length), consumed);
    }
}
