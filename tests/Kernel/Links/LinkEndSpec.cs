using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>How sessions end, what they then say of their frames, and what follows them.</summary>
public sealed class LinkEndSpec
{
    [Fact]
    public void A_removed_peer_ends_the_link_once_and_for_all()
    {
        var cluster = new SimulatedCluster(seed: 1);
        cluster.Connect();
        var link = cluster.OneToTwo;
        cluster.One.Membership.Remove(cluster.Two.Member.Node);
        Assert.Equal(0, link.Send(FrameClass.Reserved, [1]));
        Assert.Null(cluster.One.Table.To(cluster.Two.Member.Node));
        cluster.Time.RunFor(TimeSpan.FromSeconds(300));
        Assert.Equal((link, LinkEnd.PeerRemoved), Assert.Single(cluster.One.Receiver.Ends));
        Assert.True(link.HasEnded);
        cluster.AssertNothingWrong();
    }

    [Fact]
    public void Frames_of_a_removed_incarnation_are_refused()
    {
        var cluster = new SimulatedCluster(seed: 2);
        cluster.Connect();
        // Node 2 has not heard that it was removed, and goes on sending over the open connection.
        for (var i = 1; i <= 100; i++)
            cluster.TwoToOne.Send(FrameClass.Call, RecordingReceiver.Make(i, 5_000));
        cluster.One.Receiver.OnFrame = (_, _, number) =>
        {
            if (number == 10) cluster.One.Membership.Remove(cluster.Two.Member.Node);
        };
        cluster.Time.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal(10, cluster.One.Receiver.Taken.Count);
        Assert.Empty(cluster.One.Receiver.Wrong);
    }

    [Fact]
    public void A_removal_in_the_middle_of_a_batch_stops_the_batch()
    {
        var time = new VirtualTime();
        using var peer = new ScriptedPeer(time, new ScriptedPipe());
        var link = peer.Link;
        peer.Node.Receiver.OnFrame = (_, _, number) =>
        {
            if (number == 4) peer.Node.Membership.Remove(link.Peer);
        };
        peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 10));
        Assert.Equal(4, peer.Node.Receiver.Taken.Count);
        Assert.Empty(peer.Node.Receiver.Ends);
        time.RunFor(TimeSpan.FromMilliseconds(1));
        Assert.Equal((link, LinkEnd.PeerRemoved), Assert.Single(peer.Node.Receiver.Ends));
    }

    [Fact]
    public void A_resume_tells_which_frames_were_not_seen()
    {
        var time = new VirtualTime();
        using var peer = new ScriptedPeer(time, new ScriptedPipe());
        var link = peer.Link;
        var numbers =
            Enumerable.Range(1, 10).Select(i => link.Send(FrameClass.Call, [1, 2, 3, (byte)i])).ToList();
        Assert.All(numbers, number => Assert.True(link.MayHaveBeenSeen(number)));
        // The peer comes back, has delivered three, and is removed before anything is written again.
        var full = new ScriptedPipe { Full = true };
        var conduit = new LinkConduit(peer.Node.Table, full, "node-1", null);
        var hello = ScriptedPeer.Hello() with { Attempt = 2, NextSmall = 4 };
        Assert.True(conduit.Feed((hello with { PeerSession = ((LinkSession)link).Id }).ToRecord()) > 0);
        peer.Node.Membership.Remove(link.Peer);
        Assert.Equal(numbers.Take(3), numbers.Where(link.MayHaveBeenSeen));
    }

    [Fact]
    public void A_removed_incarnation_that_dials_is_refused_counted_and_logged()
    {
        var cluster = new SimulatedCluster(seed: 3);
        cluster.Two.Membership.Remove(cluster.One.Member.Node);
        cluster.Time.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(cluster.Two.Counters.Refused(LinkRefusal.RemovedPeer) > 0);
        Assert.True(cluster.Two.Log.Has("n1.1 was removed"));
        Assert.True(cluster.One.Counters.Refused(LinkRefusal.RemovedPeer) > 0);
    }

    [Fact]
    public void A_higher_incarnation_is_a_new_session_and_the_old_one_stays_dead()
    {
        var cluster = new SimulatedCluster(seed: 4);
        cluster.Connect();
        var old = cluster.OneToTwo;
        old.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        cluster.Time.RunFor(TimeSpan.FromMilliseconds(10));
        cluster.Network.Kill(cluster.Two.Member.Node);
        cluster.One.Membership.Remove(cluster.Two.Member.Node);

        var reborn = cluster.Add(LinkNode.Describe(2, incarnation: 2));
        SimulatedCluster.Introduce(cluster.One, reborn);
        var link = cluster.One.Table.To(reborn.Member.Node)!;
        Assert.NotSame(old, link);
        Assert.NotEqual(0, link.Send(FrameClass.Call, RecordingReceiver.Make(1, 10)));
        Assert.True(cluster.Time.RunUntil(() => reborn.Receiver.Total == 1, TimeSpan.FromSeconds(5)));
        Assert.Equal(0, old.Send(FrameClass.Call, [1]));
        Assert.Equal((old, LinkEnd.PeerRemoved), Assert.Single(cluster.One.Receiver.Ends));
    }

    [Fact]
    public void A_session_without_connection_for_too_long_ends_on_both_sides_and_another_follows()
    {
        var cluster = new SimulatedCluster(seed: 5, new LinkOptions { ResumeMax = TimeSpan.FromSeconds(20) });
        cluster.Connect();
        var (one, two) = (cluster.OneToTwo, cluster.TwoToOne);
        cluster.Network.Part(cluster.One.Member.Node, cluster.Two.Member.Node);
        var lost = one.Send(FrameClass.Call, RecordingReceiver.Make(9, 10));
        cluster.Time.RunFor(TimeSpan.FromSeconds(25));
        Assert.Empty(cluster.One.Receiver.Ends);
        cluster.Time.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal((one, LinkEnd.ResumeExpired), Assert.Single(cluster.One.Receiver.Ends));
        Assert.Equal((two, LinkEnd.ResumeExpired), Assert.Single(cluster.Two.Receiver.Ends));
        Assert.True(one.MayHaveBeenSeen(lost));

        cluster.Network.Heal(cluster.One.Member.Node, cluster.Two.Member.Node);
        Assert.NotSame(two, cluster.TwoToOne);
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        cluster.TwoToOne.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        Assert.True(cluster.Time.RunUntil(
            () =>
                cluster.One.Receiver.Total == 1 && cluster.Two.Receiver.Total == 1,
                    TimeSpan.FromSeconds(10)));
        Assert.Empty(cluster.One.Receiver.Wrong.Concat(cluster.Two.Receiver.Wrong));
    }

    [Fact]
    public void A_session_that_only_one_side_gave_up_ends_on_the_other_when_they_meet()
    {
        foreach (var byTheDialler in new[] { true, false })
        {
            var cluster = new SimulatedCluster(seed: 6);
            cluster.Connect();
            var (one, two) = (cluster.OneToTwo, cluster.TwoToOne);
            cluster.Time.RunFor(TimeSpan.FromMilliseconds(5));
            ((LinkSession)(byTheDialler ? one : two)).End(LinkEnd.ProtocolError);
            cluster.Time.RunFor(TimeSpan.FromSeconds(5));
            var other = byTheDialler ? cluster.Two : cluster.One;
            Assert.Equal((byTheDialler ? two : one, LinkEnd.ResumeExpired),
                Assert.Single(other.Receiver.Ends));
            cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
            cluster.TwoToOne.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
            Assert.True(cluster.Time.RunUntil(
                () => cluster.One.Receiver.Total == 1 && cluster.Two.Receiver.Total == 1,
                TimeSpan.FromSeconds(10)));
        }
    }

    [Fact]
    public void A_receiver_that_throws_ends_its_link_only()
    {
        var cluster = new SimulatedCluster(seed: 7);
        var three = cluster.Add(LinkNode.Describe(3));
        SimulatedCluster.Introduce(cluster.Two, three);
        cluster.Connect();
        var bad = cluster.TwoToOne;
        cluster.Two.Receiver.OnFrame = (link, _, _) =>
        {
            if (link.Peer.Id == 1) throw new InvalidOperationException("no such thing");
        };
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(2, 10));
        three.Table.To(cluster.Two.Member.Node)!.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        cluster.Time.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal((bad, LinkEnd.ProtocolError), Assert.Single(cluster.Two.Receiver.Ends));
        Assert.Equal(2, cluster.Two.Receiver.Taken.Count);
        Assert.True(cluster.Two.Log.Has("no such thing"));
    }

    [Fact]
    public void Closing_a_node_ends_its_links()
    {
        var cluster = new SimulatedCluster(seed: 8);
        cluster.Connect();
        var link = cluster.OneToTwo;
        cluster.One.Dispose();
        cluster.Time.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal((link, LinkEnd.Closed), Assert.Single(cluster.One.Receiver.Ends));
        Assert.Null(cluster.One.Table.To(cluster.Two.Member.Node));
    }

    [Fact]
    public void A_frame_that_was_never_written_was_not_seen()
    {
        var cluster = new SimulatedCluster(seed: 9);
        cluster.Network.Part(cluster.One.Member.Node, cluster.Two.Member.Node);
        var link = cluster.OneToTwo;
        var numbers = Enumerable.Range(1, 20)
            .Select(i => link.Send((FrameClass)(1 + i % 3), RecordingReceiver.Make(i, 10))).ToList();
        cluster.Time.RunFor(TimeSpan.FromSeconds(70));
        Assert.Equal(LinkEnd.ResumeExpired, Assert.Single(cluster.One.Receiver.Ends).Reason);
        Assert.DoesNotContain(numbers, link.MayHaveBeenSeen);
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        Assert.False(link.MayHaveBeenSeen(0));
        Assert.False(link.MayHaveBeenSeen(1_000_000));
    }

    [Fact]
    public void What_the_peer_took_is_never_called_not_seen()
    {
        var (seen, unseen, delivered) = (0, 0, 0);
        for (var seed = 1; seed <= 300; seed++)
        {
            var options =
                new LinkOptions { CallCreditBytes = 150_000, BulkCreditBytes = 150_000, AckBytes = 20_000 };
            var cluster = new SimulatedCluster(seed, options);
            var link = cluster.OneToTwo;
            var numbers = new Dictionary<(FrameClass, int), long>();
            void SendSome(object? _)
            {
                for (var i = 0; i < 10; i++)
                {
                    var frameClass = (FrameClass)(1 + cluster.Below(3));
                    var next = numbers.Keys.Count(key => key.Item1 == frameClass) + 1;
                    var number = link.Send(frameClass, RecordingReceiver.Make(next, 8_000));
                    if (number != 0) numbers[(frameClass, next)] = number;
                }
                cluster.Time.Schedule(TimeSpan.FromMicroseconds(300), SendSome, null);
            }
            SendSome(null);
            if (cluster.Below(2) == 0)
                cluster.Time.Schedule(TimeSpan.FromMicroseconds(1_500), _ => cluster.Cut(), null);
            cluster.Time.RunFor(TimeSpan.FromMicroseconds(cluster.Below(6_000)));
            cluster.One.Membership.Remove(cluster.Two.Member.Node);
            cluster.Time.RunFor(TimeSpan.FromMilliseconds(50));

            Assert.Empty(cluster.Two.Receiver.Wrong);
            delivered += cluster.Two.Receiver.Taken.Count;
            foreach (var frame in cluster.Two.Receiver.Taken)
                Assert.True(link.MayHaveBeenSeen(numbers[frame]));
            seen += numbers.Values.Count(link.MayHaveBeenSeen);
            unseen += numbers.Values.Count(number => !link.MayHaveBeenSeen(number));
        }
        // The answer must also be worth something: not simply "may have run" every time.
        Assert.True(delivered > 1_000 && seen >= delivered && unseen > 1_000, $"{delivered} {seen} {unseen}");
    }
}
