using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>Who and what is not let in: Hello, records, acknowledgements.</summary>
public sealed class LinkRefusalSpec
{
    private readonly VirtualTime _time = new();
    private readonly ScriptedPipe _pipe = new();

    private ScriptedPeer Peer(LinkHello? hello = null, string name = "node-1") =>
        new(_time, _pipe, hello, name);

    private void AssertRefused(ScriptedPeer peer, LinkRefusal reason)
    {
        Assert.Equal(-1, peer.Answer);
        Assert.Equal(1, peer.Node.Counters.Refused(reason));
        Assert.True(peer.Node.Log.Has(reason.ToString()), string.Join('\n', peer.Node.Log.Lines));
        Assert.True(LinkWire.TryReadHeader(Assert.Single(_pipe.Writes), out var header));
        Assert.Equal(RecordKind.Refusal, header.Kind);
        Assert.Equal((byte)reason, _pipe.Writes[0][LinkWire.HeaderBytes]);
        Assert.Equal(0, peer.Node.Counters.Opened);
    }

    [Fact]
    public void A_genuine_peer_is_let_in()
    {
        using var peer = Peer();
        Assert.True(peer.Answer > 0);
        Assert.Equal(1, peer.Node.Counters.Opened);
        peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 3));
        Assert.Equal(3, peer.Node.Receiver.Total);
    }

    [Fact]
    public void Another_nodes_certificate_is_refused() =>
        AssertRefused(Peer(name: "node-3"), LinkRefusal.WrongCertificateName);

    [Fact]
    public void Another_cluster_is_refused() =>
        AssertRefused(Peer(ScriptedPeer.Hello() with { ClusterId = "other" }), LinkRefusal.OtherCluster);

    [Fact]
    public void A_hello_for_another_incarnation_of_us_is_refused() =>
        AssertRefused(Peer(ScriptedPeer.Hello() with { To = new NodeRef(2, 9) }), LinkRefusal.WrongTarget);

    [Fact]
    public void An_unknown_incarnation_is_refused() =>
        AssertRefused(Peer(ScriptedPeer.Hello() with { From = new NodeRef(1, 2) }), LinkRefusal.UnknownPeer);

    [Fact]
    public void An_earlier_incarnation_is_refused() =>
        AssertRefused(Peer(ScriptedPeer.Hello() with { From = new NodeRef(1, 0) }), LinkRefusal.RemovedPeer);

    [Fact]
    public void A_protocol_that_we_do_not_speak_is_refused() =>
        AssertRefused(Peer(ScriptedPeer.Hello() with { ProtocolMin = 2 }), LinkRefusal.NoCommonProtocol);

    [Fact]
    public void A_session_that_is_gone_is_refused() =>
        AssertRefused(Peer(ScriptedPeer.Hello() with { PeerSession = 5 }), LinkRefusal.SessionGone);

    [Fact]
    public void A_higher_node_may_not_dial_a_lower_one()
    {
        using var peer = Peer();
        _pipe.Writes.Clear();
        peer.Node.Membership.Up(LinkNode.Describe(3));
        var conduit = new LinkConduit(peer.Node.Table, _pipe, "node-3", null);
        Assert.Equal(-1, conduit.Feed((ScriptedPeer.Hello() with { From = new NodeRef(3, 1) }).ToRecord()));
        Assert.Equal(1, peer.Node.Counters.Refused(LinkRefusal.WrongDirection));
    }

    [Fact]
    public void A_dialled_node_with_another_nodes_certificate_gets_nothing()
    {
        var cluster = new SimulatedCluster(seed: 1);
        var impostor = cluster.Add(LinkNode.Describe(3), certifiedName: "node-2");
        SimulatedCluster.Introduce(cluster.One, impostor);
        var number = cluster.One.Table.To(impostor.Member.Node)!.Send(FrameClass.Call, [1, 0, 0, 0]);
        cluster.Time.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(cluster.One.Counters.Refused(LinkRefusal.WrongCertificateName) > 0);
        Assert.Equal(0, impostor.Receiver.Total);
        Assert.Equal(0, impostor.Counters.Opened);
        Assert.False(cluster.One.Table.To(impostor.Member.Node)!.MayHaveBeenSeen(number));
    }

    [Fact]
    public void A_replayed_frame_number_is_refused()
    {
        using var peer = Peer();
        peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 3));
        Assert.Equal(-1, peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 3, 1)));
        Assert.Equal(3, peer.Node.Receiver.Total);
        Assert.Equal(1, peer.Node.Counters.ProtocolErrors);
        Assert.True(peer.Node.Log.Has("Call 3 where 4 was due"));
    }

    [Fact]
    public void A_missing_frame_is_noticed()
    {
        using var peer = Peer();
        Assert.Equal(-1, peer.Feed(ScriptedPeer.Frames(FrameClass.Bulk, 2, 1)));
        Assert.Empty(peer.Node.Receiver.Taken);
    }

    [Theory]
    [InlineData(LinkOptions.FrameBytesMax + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void An_absurd_length_is_refused_by_its_head(int length)
    {
        using var peer = Peer();
        var head = new byte[LinkWire.HeaderBytes];
        LinkWire.WriteHeader(head, length, RecordKind.Call, 1);
        Assert.Equal(-1, peer.Feed(head));
        Assert.Equal(1, peer.Node.Counters.ProtocolErrors);
    }

    [Fact]
    public void The_largest_frame_passes()
    {
        using var peer = Peer();
        var frames = ScriptedPeer.Frames(FrameClass.Call, 1, 1, LinkOptions.FrameBytesMax);
        Assert.Equal(0, peer.Feed(frames.AsSpan(0, frames.Length - 1)));
        Assert.Equal(frames.Length, peer.Feed(frames));
        Assert.Equal(1, peer.Node.Receiver.Total);
    }

    [Fact]
    public void Frames_before_hello_are_refused_by_their_head()
    {
        using var peer = Peer();
        var conduit = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
        Assert.Equal(-1, conduit.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 1)));
        Assert.Empty(peer.Node.Receiver.Taken);
    }

    [Fact]
    public void An_acknowledgement_of_what_was_never_sent_is_refused()
    {
        using var peer = Peer();
        Assert.Equal(-1, peer.Feed(ScriptedPeer.Record(RecordKind.Ack, 1, new byte[8])));
        Assert.Equal(1, peer.Node.Counters.ProtocolErrors);
    }

    [Fact]
    public void A_resume_that_skips_frames_ends_the_session()
    {
        using var peer = Peer();
        var hello =
            ScriptedPeer.Hello() with { Attempt = 2, PeerSession = ((LinkSession)peer.Link).Id,
                NextSmall = 2 };
        var conduit = new LinkConduit(peer.Node.Table, _pipe, "node-1", null);
        Assert.Equal(-1, conduit.Feed(hello.ToRecord()));
        _time.RunFor(TimeSpan.FromMilliseconds(1));
        Assert.Equal(LinkEnd.ProtocolError, Assert.Single(peer.Node.Receiver.Ends).Reason);
    }

    [Fact]
    public void A_new_connection_of_a_live_session_replaces_the_old_one()
    {
        using var peer = Peer();
        peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 3));
        var next = new ScriptedPipe();
        var conduit = new LinkConduit(peer.Node.Table, next, "node-1", null);
        var hello = ScriptedPeer.Hello() with { Attempt = 2, PeerSession = ((LinkSession)peer.Link).Id };
        Assert.True(conduit.Feed(hello.ToRecord()) > 0);
        Assert.True(_pipe.Aborted);
        Assert.Equal(-1, peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 4, 1)));
        var answer = LinkHello.FromBody(next.Writes[0].AsSpan(LinkWire.HeaderBytes));
        Assert.Equal(4, answer.NextSmall);
        conduit.Feed(ScriptedPeer.Frames(FrameClass.Call, 4, 2));
        Assert.Equal(5, peer.Node.Receiver.Total);
        Assert.Empty(peer.Node.Receiver.Wrong);
    }

    [Fact]
    public void A_new_connection_waits_until_the_old_one_has_delivered()
    {
        using var peer = Peer();
        var hello = ScriptedPeer.Hello() with { Attempt = 2, PeerSession = ((LinkSession)peer.Link).Id };
        var early = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
        var answer = 0;
        peer.Node.Receiver.OnFrame = (_, _, number) =>
        {
            if (number == 2) answer = early.Feed(hello.ToRecord());
        };
        peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 5));
        Assert.Equal(-1, answer);
        Assert.Equal(1, peer.Node.Counters.Refused(LinkRefusal.Busy));
        // The old connection is over, and the next one goes on where it stopped.
        Assert.Equal(2, peer.Node.Receiver.Total);
        var next = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
        Assert.True(next.Feed((hello with { Attempt = 3 }).ToRecord()) > 0);
        next.Feed(ScriptedPeer.Frames(FrameClass.Call, 3, 3));
        Assert.Equal(5, peer.Node.Receiver.Total);
        Assert.Empty(peer.Node.Receiver.Wrong);
    }

    [Fact]
    public void A_hello_that_was_overtaken_by_a_later_one_is_refused_and_harms_nothing()
    {
        using var peer = Peer();
        var link = (LinkSession)peer.Link;
        peer.Link.Send(FrameClass.Reserved, [1, 0, 0, 0]);
        var third = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
        var hello = ScriptedPeer.Hello() with { PeerSession = link.Id, NextSmall = 2, Attempt = 3 };
        Assert.True(third.Feed(hello.ToRecord()) > 0);
        var second = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
        Assert.Equal(-1, second.Feed((hello with { NextSmall = 1, Attempt = 2 }).ToRecord()));
        var earlier = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
        Assert.Equal(-1,
            earlier.Feed((hello with { Session = 76, PeerSession = 0, Attempt = 9 }).ToRecord()));
        Assert.Equal(2, peer.Node.Counters.Refused(LinkRefusal.Stale));
        third.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 2));
        Assert.Equal(2, peer.Node.Receiver.Total);
        Assert.Same(link, peer.Link);
    }

    [Fact]
    public void Random_bytes_never_get_through_and_never_throw()
    {
        var random = new Random(4);
        using var peer = Peer();
        for (var round = 0; round < 20_000; round++)
        {
            var conduit = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
            var bytes = new byte[random.Next(16, 400)];
            random.NextBytes(bytes);
            if (round % 2 == 0) LinkWire.WriteHeader(bytes, bytes.Length - 16, RecordKind.Hello, 0);
            Assert.True(conduit.Feed(bytes) <= 0);
        }
        Assert.Empty(peer.Node.Receiver.Taken);
    }

    [Fact]
    public void Damaged_records_of_a_genuine_peer_never_throw_and_deliver_nothing_twice()
    {
        var random = new Random(5);
        for (var round = 0; round < 3_000; round++)
        {
            using var peer = new ScriptedPeer(_time, new ScriptedPipe());
            var bytes = ScriptedPeer.Frames(FrameClass.Call, 1, 5, size: 40);
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(5) * 56 + random.Next(LinkWire.HeaderBytes)] ^= (byte)(1 << random.Next(8));
            var consumed = peer.Feed(bytes);
            Assert.InRange(consumed, -1, bytes.Length);
            var taken = peer.Node.Receiver.Taken.Select(frame => frame.Number);
            Assert.Equal(taken.Distinct(), taken);
        }
    }

    [Fact]
    public void Every_cut_of_a_hello_waits_for_more()
    {
        var hello = (ScriptedPeer.Hello() with { Catalogue = new byte[100] }).ToRecord();
        using var peer = Peer();
        for (var length = 0; length < hello.Length; length++)
        {
            var conduit = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
            Assert.Equal(0, conduit.Feed(hello.AsSpan(0, length)));
        }
        for (var length = 0; length < hello.Length - 16; length++)
            Assert.Throws<LinkProtocolException>(() => LinkHello.FromBody(hello.AsSpan(16, length)));
    }
}
