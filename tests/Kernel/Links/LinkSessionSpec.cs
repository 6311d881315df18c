using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>What sessions promise while both incarnations live.</summary>
public sealed class LinkSessionSpec
{
    private static readonly FrameClass[] Classes = [FrameClass.Call, FrameClass.Reserved, FrameClass.Bulk];

    [Fact]
    public void Frames_of_each_class_arrive_in_order()
    {
        var cluster = new SimulatedCluster(seed: 1);
        for (var i = 1; i <= 100; i++)
            foreach (var frameClass in Classes)
                Assert.NotEqual(0, cluster.OneToTwo.Send(frameClass, RecordingReceiver.Make(i, 100)));
        Assert.True(cluster.Time.RunUntil(() => cluster.Two.Receiver.Total == 300, TimeSpan.FromSeconds(1)));
        Assert.Equal("5:node-1", cluster.Two.Receiver.Greeting);
        Assert.Equal("5:node-2", cluster.One.Receiver.Greeting);
        cluster.AssertNothingWrong();
    }

    [Fact]
    public void Calls_and_reserved_frames_keep_their_common_order()
    {
        var cluster = new SimulatedCluster(seed: 2);
        for (var i = 1; i <= 50; i++)
        {
            cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(i, 9_000));
            cluster.OneToTwo.Send(FrameClass.Reserved, RecordingReceiver.Make(i, 10));
        }
        Assert.True(cluster.Time.RunUntil(() => cluster.Two.Receiver.Total == 100, TimeSpan.FromSeconds(1)));
        var expected = Enumerable.Range(1, 50)
            .SelectMany(i => new[] { (FrameClass.Call, i), (FrameClass.Reserved, i) });
        Assert.Equal(expected, cluster.Two.Receiver.Taken);
    }

    [Fact]
    public void A_cut_in_the_middle_of_ten_thousand_frames_each_way_is_invisible() =>
        Torture(seed: 7, 10_000, 40);

    [Fact]
    public void Cuts_at_any_time_are_invisible()
    {
        for (var seed = 100; seed < 300; seed++) Torture(seed, frames: 300, cuts: 12);
    }

    /// <summary>Both nodes send numbered frames of all classes and random sizes while connections are
    /// cut.</summary>
    private static void Torture(int seed, int frames, int cuts)
    {
        var options = new LinkOptions
        {
            CallCreditBytes = 200_000,
            BulkCreditBytes = 300_000,
            AckBytes = 20_000,
            BackoffMin = TimeSpan.FromMicroseconds(500),
            BackoffMax = TimeSpan.FromMilliseconds(5),
        };
        var cluster = new SimulatedCluster(seed, options);
        LinkNode[] nodes = [cluster.One, cluster.Two];
        foreach (var node in nodes)
        {
            var link = node == cluster.One ? cluster.OneToTwo : cluster.TwoToOne;
            var sent = new int[4];
            void SendSome(object? _)
            {
                for (var burst = cluster.Below(20); burst >= 0; burst--)
                {
                    var frameClass = Classes[cluster.Below(3)];
                    ref var last = ref sent[(int)frameClass];
                    var sizeMax = cluster.Below(8) == 0 ? LinkOptions.FrameBytesMax : 300;
                    var size = cluster.Below(sizeMax);
                    if (last < frames && link.Send(frameClass, RecordingReceiver.Make(last + 1, size)) != 0)
                        last++;
                }
                if (sent.Sum() < 3 * frames)
                    cluster.Time.Schedule(TimeSpan.FromMicroseconds(cluster.Below(400)), SendSome, null);
            }
            cluster.Time.Post(SendSome, null);
        }
        for (var i = 0; i < cuts; i++)
            cluster.Time.Schedule(TimeSpan.FromMicroseconds(2_000 + cluster.Below(frames * 40)),
                _ => cluster.Cut(), null);
        var done = cluster.Time.RunUntil(() => nodes.All(node => node.Receiver.Total == 3 * frames),
            TimeSpan.FromSeconds(120));
        Assert.True(done,
            $"seed {seed}: {cluster.One.Receiver.Total} and {cluster.Two.Receiver.Total} arrived");
        cluster.AssertNothingWrong();
        Assert.True(cluster.One.Counters.Lost > 0, $"seed {seed}: nothing was cut");
        Assert.Empty(cluster.One.Receiver.Ends);
    }

    [Fact]
    public void One_seed_is_one_history()
    {
        static string History()
        {
            var cluster = new SimulatedCluster(seed: 11);
            for (var i = 1; i <= 200; i++)
                cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(i, i * 10));
            for (var i = 0; i < 5; i++)
            {
                cluster.Time.RunFor(TimeSpan.FromMilliseconds(1));
                cluster.Cut();
            }
            cluster.Time.RunUntil(() => cluster.Two.Receiver.Total == 200, TimeSpan.FromSeconds(10));
            return $"{cluster.Time.MonotonicNs} {string.Join('|', cluster.Two.Log.Lines)}";
        }
        Assert.Equal(History(), History());
    }

    [Fact]
    public void A_thousand_unanswered_calls_let_the_one_through_that_frees_them()
    {
        // Far more bytes than the credit: it must come back on delivery, not on the answer.
        var cluster = new SimulatedCluster(seed: 3, new LinkOptions { CallCreditBytes = 131_072 });
        var parked = new List<int>();
        cluster.Two.Receiver.OnFrame = (link, frameClass, number) =>
        {
            if (frameClass == FrameClass.Call && number <= 1_000) parked.Add(number);
            else if (frameClass == FrameClass.Call)
                foreach (var one in parked)
                    Assert.NotEqual(0, link.Send(FrameClass.Reserved, RecordingReceiver.Make(one, 64)));
        };
        for (var i = 1; i <= 1_001; i++)
            Assert.NotEqual(0, cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(i, 2_000)));
        var answered = cluster.Time.RunUntil(
            () =>
                cluster.One.Receiver.Last(cluster.OneToTwo, FrameClass.Reserved) == 1_000,
                    TimeSpan.FromSeconds(2));
        Assert.True(answered);
        cluster.AssertNothingWrong();
    }

    [Fact]
    public void Credit_limits_the_calls_under_way()
    {
        var cluster = new SimulatedCluster(seed: 4, new LinkOptions { CallCreditBytes = 131_072 });
        cluster.Connect();
        cluster.Network.Pause(cluster.Two.Member.Node);
        var link = cluster.OneToTwo;
        var numbers = Enumerable.Range(1, 100)
            .Select(i => link.Send(FrameClass.Call, RecordingReceiver.Make(i, 10_000))).ToList();
        cluster.Time.RunFor(TimeSpan.FromMilliseconds(500));
        cluster.One.Membership.Remove(cluster.Two.Member.Node);
        Assert.Equal(131_072 / 10_016, numbers.Count(link.MayHaveBeenSeen));
    }

    [Fact]
    public void Credit_comes_back_before_a_steady_sender_runs_out_of_it()
    {
        // 10 MB through a window of 128 KiB: with one delayed acknowledgement a window it took 1.6 s.
        var options = new LinkOptions { CallCreditBytes = 131_072, CallQueueBytesMax = 20_000_000 };
        var cluster = new SimulatedCluster(seed: 12, options);
        cluster.Connect();
        for (var i = 1; i <= 1_000; i++)
            cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(i, 10_000));
        Assert.True(cluster.Time.RunUntil(() => cluster.Two.Receiver.Total == 1_000,
            TimeSpan.FromSeconds(0.3)));
    }

    [Fact]
    public void A_full_queue_refuses_calls_but_takes_replies_and_says_when_there_is_room()
    {
        var cluster = new SimulatedCluster(seed: 5, new LinkOptions { CallQueueBytesMax = 200_000 });
        cluster.Network.Part(cluster.One.Member.Node, cluster.Two.Member.Node);
        var link = cluster.OneToTwo;
        var taken = 0;
        while (link.Send(FrameClass.Call, RecordingReceiver.Make(taken + 1, 984)) != 0) taken++;
        Assert.Equal(200, taken);
        Assert.NotEqual(0, link.Send(FrameClass.Reserved, RecordingReceiver.Make(1, 984)));
        Assert.Equal(1, cluster.One.Counters.SendsRefused);
        Assert.Equal(0, cluster.One.Receiver.RoomCalls);

        cluster.Network.Heal(cluster.One.Member.Node, cluster.Two.Member.Node);
        Assert.True(cluster.Time.RunUntil(() => cluster.One.Receiver.RoomCalls == 1,
            TimeSpan.FromSeconds(10)));
        Assert.Equal(201, cluster.Two.Receiver.Total);
        Assert.NotEqual(0, link.Send(FrameClass.Call, RecordingReceiver.Make(taken + 1, 984)));
    }

    [Fact]
    public void A_peer_that_takes_no_replies_loses_the_link()
    {
        var cluster = new SimulatedCluster(seed: 6, new LinkOptions { ReservedQueueBytesMax = 100_000 });
        cluster.Network.Part(cluster.One.Member.Node, cluster.Two.Member.Node);
        var link = cluster.OneToTwo;
        var i = 0;
        while (i < 1_000 && link.Send(FrameClass.Reserved, RecordingReceiver.Make(++i, 984)) != 0) continue;
        Assert.Equal(101, i);
        cluster.Time.RunFor(TimeSpan.FromMilliseconds(1));
        Assert.Equal((link, LinkEnd.ProtocolError), Assert.Single(cluster.One.Receiver.Ends));
        Assert.True(cluster.One.Log.Has("takes no replies"));
    }

    [Fact]
    public void A_frame_over_the_maximum_is_the_senders_mistake()
    {
        var cluster = new SimulatedCluster(seed: 8);
        var frame = new byte[LinkOptions.FrameBytesMax + 1];
        Assert.Throws<ArgumentOutOfRangeException>(() => cluster.OneToTwo.Send(FrameClass.Call, frame));
        Assert.Throws<ArgumentOutOfRangeException>(() => cluster.OneToTwo.Send(0, [1]));
    }

    [Fact]
    public void A_silent_line_is_given_up_and_the_session_goes_on_over_the_next()
    {
        var second = TimeSpan.FromSeconds(1);
        var options = new LinkOptions { KeepaliveInterval = second, KeepaliveTimeout = 3 * second };
        var cluster = new SimulatedCluster(seed: 9, options);
        cluster.Connect();
        cluster.Time.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal(0, cluster.One.Counters.Lost);

        cluster.Network.Part(cluster.One.Member.Node, cluster.Two.Member.Node);
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 50));
        cluster.Time.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(1, cluster.One.Counters.Lost);
        cluster.Network.Heal(cluster.One.Member.Node, cluster.Two.Member.Node);
        Assert.True(cluster.Time.RunUntil(() => cluster.Two.Receiver.Total == 1, TimeSpan.FromSeconds(5)));
        Assert.Equal(1, cluster.One.Counters.Resumed);
        cluster.AssertNothingWrong();
    }

    [Fact]
    public void Answers_written_during_a_batch_leave_in_one_write_after_it()
    {
        var time = new VirtualTime();
        var pipe = new ScriptedPipe();
        using var peer = new ScriptedPeer(time, pipe);
        peer.Node.Receiver.OnFrame = (link, _, number) =>
        {
            link.Send(FrameClass.Reserved, RecordingReceiver.Make(number, 24));
            Assert.Empty(pipe.Writes);
        };
        pipe.Writes.Clear();
        peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 10));
        Assert.Equal(LinkWire.AckBytes + 10 * (LinkWire.HeaderBytes + 24), Assert.Single(pipe.Writes).Length);
    }

    [Fact]
    public void A_lonely_frame_is_acknowledged_once_and_after_a_short_while()
    {
        var time = new VirtualTime();
        var pipe = new ScriptedPipe();
        using var peer = new ScriptedPeer(time, pipe);
        pipe.Writes.Clear();
        peer.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 3));
        Assert.Empty(pipe.Writes);
        time.RunFor(TimeSpan.FromMilliseconds(100));
        var ack = Assert.Single(pipe.Writes);
        Assert.True(LinkWire.TryReadHeader(ack, out var header));
        Assert.Equal((RecordKind.Ack, 3), (header.Kind, header.Number));
    }

    [Fact]
    public void A_call_waits_for_at_most_one_piece_of_bulk()
    {
        var time = new VirtualTime();
        var pipe = new ScriptedPipe();
        using var peer = new ScriptedPeer(time, pipe);
        pipe.Full = true;
        for (var i = 1; i <= 20; i++) peer.Link.Send(FrameClass.Bulk, RecordingReceiver.Make(i, 65_536));
        for (var i = 1; i <= 3; i++) peer.Link.Send(FrameClass.Call, RecordingReceiver.Make(i, 64));
        pipe.Writes.Clear();
        peer.Conduit.ContinueFlush();
        var kinds = ScriptedPeer.Kinds(pipe.Writes[0]);
        const int Ack = 8, Call = 1, Bulk = 3;
        Assert.Equal([Ack, Call, Call, Call, Bulk], kinds);
        Assert.All(pipe.Writes,
            write => Assert.True(ScriptedPeer.Kinds(write).Count(kind => kind == Bulk) <= 1));
    }
}
