using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using K42.Kernel.Ipc.Links.Tcp;
using K42.Kernel.Runtime;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>Links over real sockets and TLS.</summary>
public sealed class TcpLinkSpec
{
    private static readonly LinkOptions Eager = new()
    {
        BackoffMin = TimeSpan.FromMilliseconds(1),
        BackoffMax = TimeSpan.FromMilliseconds(20),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_and_answers_pass()
    {
        using var cluster = new TcpCluster();
        var answered = new Moment();
        cluster.Two.Receiver.OnFrame = (link, _, number) =>
            link.Send(FrameClass.Reserved, RecordingReceiver.Make(number, 24));
        cluster.One.Receiver.OnFrame = (_, _, number) =>
        {
            if (number == 1_000) answered.Came();
        };
        for (var i = 1; i <= 1_000; i++)
            Assert.NotEqual(0, cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(i, 98)));
        await answered.Wait(Cancel);
        Assert.Empty(cluster.One.Receiver.Wrong.Concat(cluster.Two.Receiver.Wrong));
        Assert.Equal("5:node-2", cluster.One.Receiver.Greeting);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Resets_in_the_middle_of_ten_thousand_frames_each_way_are_invisible(int seed)
    {
        const int Frames = 10_000;
        using var cluster =
            new TcpCluster(Eager, proxy: to => new ResettingProxy(to, seed, resets: 25, 400_000));
        var (one, two) = (new Moment(), new Moment());
        cluster.One.Receiver.OnFrame = (_, _, _) => Count(cluster.One, one);
        cluster.Two.Receiver.OnFrame = (_, _, _) => Count(cluster.Two, two);
        await Task.WhenAll(
            Task.Run(() => SendAll(cluster.OneToTwo, cluster.One), Cancel),
            Task.Run(() => SendAll(cluster.TwoToOne, cluster.Two), Cancel));
        await Task.WhenAll(one.Wait(Cancel), two.Wait(Cancel));
        Assert.Empty(cluster.One.Receiver.Wrong.Concat(cluster.Two.Receiver.Wrong));
        Assert.Empty(cluster.One.Receiver.Ends);
        Assert.True(cluster.Proxy!.Resets > 10, $"{cluster.Proxy.Resets} resets");
        Assert.True(cluster.One.Counters.Resumed > 5, $"{cluster.One.Counters.Resumed} resumed");

        static void Count(LinkNode node, Moment moment)
        {
            if (node.Receiver.Total == Frames) moment.Came();
        }

        static void SendAll(ILink link, LinkNode node)
        {
            var last = new int[4];
            for (var i = 1; i <= Frames; i++)
            {
                var frameClass = (FrameClass)(1 + i % 3);
                var frame = RecordingReceiver.Make(++last[i % 3], i % 97 == 0 ? 60_000 : i % 500);
                while (link.Send(frameClass, frame) == 0)
                {
                    Assert.False(link.HasEnded);
                    node.Receiver.Room.WaitOne(TimeSpan.FromSeconds(60));
                }
            }
        }
    }

    [Fact]
    public async Task Many_senders_keep_their_own_order_through_resets()
    {
        const int Senders = 6;
        const int Frames = 3_000;
        using var cluster =
            new TcpCluster(Eager, proxy: to => new ResettingProxy(to, 9, resets: 20, 300_000));
        var (one, two) = (new Moment(), new Moment());
        cluster.One.Receiver.OnFrame = (_, _, _) => Count(cluster.One, one);
        cluster.Two.Receiver.OnFrame = (_, _, _) => Count(cluster.Two, two);
        var senders = Enumerable.Range(1, 2 * Senders).Select(sender => Task.Factory.StartNew(
            () => SendAll(sender % 2 == 0 ? cluster.OneToTwo : cluster.TwoToOne, sender),
            Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        await Task.WhenAll(senders);
        await Task.WhenAll(one.Wait(Cancel), two.Wait(Cancel));
        Assert.Empty(cluster.One.Receiver.Wrong.Concat(cluster.Two.Receiver.Wrong));
        Assert.True(cluster.Proxy!.Resets > 5, $"{cluster.Proxy.Resets} resets");

        static void Count(LinkNode node, Moment moment)
        {
            if (node.Receiver.Total == Senders * Frames) moment.Came();
        }

        static void SendAll(ILink link, int sender)
        {
            for (var i = 1; i <= Frames; i++)
                Assert.NotEqual(0,
                    link.Send(FrameClass.Reserved, RecordingReceiver.Make(i, i % 900, sender)));
        }
    }

    [Fact]
    public async Task Two_readers_that_flood_each_other_with_answers_never_wait_for_each_other()
    {
        // Every frame is answered by a large one from the reader itself: more than any socket buffers.
        const int Calls = 2_000;
        const int Wide = 33_554_432;
        var options =
            new LinkOptions { ReservedCreditBytes = Wide, ReplayBytesMax = Wide, CorkBytes = 1_000_000 };
        using var cluster = new TcpCluster(options);
        var (one, two) = (new Moment(), new Moment());
        foreach (var (node, moment) in new[] { (cluster.One, one), (cluster.Two, two) })
        {
            node.Receiver.OnFrame = (link, frameClass, number) =>
            {
                if (frameClass == FrameClass.Call)
                    link.Send(FrameClass.Reserved, RecordingReceiver.Make(number, 30_000));
                else if (number == Calls) moment.Came();
            };
        }
        for (var i = 1; i <= Calls; i++)
        {
            Assert.NotEqual(0, cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(i, 1_000)));
            Assert.NotEqual(0, cluster.TwoToOne.Send(FrameClass.Call, RecordingReceiver.Make(i, 1_000)));
        }
        await Task.WhenAll(one.Wait(Cancel), two.Wait(Cancel));
        Assert.Empty(cluster.One.Receiver.Wrong.Concat(cluster.Two.Receiver.Wrong));
    }

    [Fact]
    public async Task A_peer_that_does_not_read_blocks_nobody_who_sends()
    {
        const int Wide = 134_217_728;
        const int Pieces = 1_000;
        var options =
            new LinkOptions { BulkCreditBytes = Wide, BulkQueueBytesMax = Wide, ReplayBytesMax = Wide };
        using var cluster = new TcpCluster(options);
        using var stuck = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var all = new Moment();
        cluster.Two.Receiver.OnFrame = (_, _, number) =>
        {
            stuck.Set();
            release.Wait();
            if (number == Pieces) all.Came();
        };
        cluster.OneToTwo.Send(FrameClass.Bulk, RecordingReceiver.Make(1, 65_536));
        stuck.Wait(Cancel);
        for (var i = 2; i <= Pieces; i++)
            Assert.NotEqual(0, cluster.OneToTwo.Send(FrameClass.Bulk, RecordingReceiver.Make(i, 65_536)));
        Assert.NotEqual(0, cluster.One.Counters.WriterHandovers);
        release.Set();
        await all.Wait(Cancel);
        Assert.Empty(cluster.Two.Receiver.Wrong);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        await AssertRefused(new TestAuthority("strangers").Issue("node-1"), LinkRefusal.Tls,
            "not from this cluster");
    }

    [Fact]
    public async Task An_expired_certificate_is_refused()
    {
        var authority = new TestAuthority();
        await AssertRefused(authority.Issue("node-1", fromDays: -5, untilDays: -1), LinkRefusal.Tls,
            "expired", authority);
    }

    [Fact]
    public async Task A_certificate_that_is_not_valid_yet_is_refused()
    {
        var authority = new TestAuthority();
        await AssertRefused(authority.Issue("node-1", fromDays: 1, untilDays: 2), LinkRefusal.Tls, "begins",
            authority);
    }

    [Fact]
    public async Task A_clients_certificate_with_a_nodes_name_is_refused()
    {
        var authority = new TestAuthority();
        var client = authority.Issue("node-1", unit: "k42-client", server: false);
        await AssertRefused(client, LinkRefusal.Tls, "not a node's", authority);
    }

    [Fact]
    public async Task A_nodes_certificate_without_a_nodes_usages_is_refused()
    {
        var authority = new TestAuthority();
        await AssertRefused(authority.Issue("node-1", server: false), LinkRefusal.Tls, "usages", authority);
    }

    [Fact]
    public async Task Another_nodes_certificate_is_refused()
    {
        var authority = new TestAuthority();
        await AssertRefused(authority.Issue("node-3"), LinkRefusal.WrongCertificateName, "node-3", authority);
    }

    private static async Task AssertRefused(X509Certificate2 shown, LinkRefusal reason, string said,
        TestAuthority? authority = null)
    {
        using var cluster = new TcpCluster(Eager, authority, shown);
        await cluster.Two.Log.Line(said).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.True(cluster.Two.Counters.Refused(reason) > 0, string.Join('\n', cluster.Two.Log.Lines));
        Assert.Equal(0, cluster.Two.Counters.Opened);
        Assert.Equal(0, cluster.One.Counters.Opened);
    }

    [Fact]
    public async Task Garbage_instead_of_tls_is_refused_and_the_genuine_peer_goes_on()
    {
        using var cluster = new TcpCluster(Eager);
        for (var i = 0; i < 20; i++)
        {
            using var stranger = new Socket(SocketType.Stream, ProtocolType.Tcp);
            stranger.Connect(cluster.Transport.LocalEndPoint);
            stranger.Send(RandomNumberGenerator.GetBytes(2_000));
        }
        await cluster.Two.Log.Line("refused, Tls").WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        var arrived = new Moment();
        cluster.Two.Receiver.OnFrame = (_, _, _) => arrived.Came();
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        await arrived.Wait(Cancel);
        Assert.True(cluster.Two.Counters.Refused(LinkRefusal.Tls) > 0);
    }

    [Fact]
    public async Task A_stranger_that_says_nothing_is_timed_out()
    {
        using var cluster =
            new TcpCluster(new LinkOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(300) });
        using var stranger = new Socket(SocketType.Stream, ProtocolType.Tcp);
        stranger.Connect(cluster.Transport.LocalEndPoint);
        await cluster.Two.Log.Line("took too long").WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal(0, stranger.Receive(new byte[10]));
        Assert.Equal(1, cluster.Two.Counters.Refused(LinkRefusal.TimedOut));
    }

    [Fact]
    public async Task Strangers_who_fill_the_handshakes_keep_nobody_out_for_long()
    {
        var options = Eager with { HandshakesMax = 2, HandshakeTimeout = TimeSpan.FromMilliseconds(500) };
        using var cluster = new TcpCluster(options);
        var strangers =
            Enumerable.Range(0, 6).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var stranger in strangers) stranger.Connect(cluster.Transport.LocalEndPoint);
        await cluster.Two.Log.Line("too many handshakes").WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        var arrived = new Moment();
        cluster.Two.Receiver.OnFrame = (_, _, _) => arrived.Came();
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        await arrived.Wait(Cancel);
        Assert.True(cluster.Two.Counters.Refused(LinkRefusal.TooMany) > 0);
        foreach (var stranger in strangers) stranger.Dispose();
    }

    [Fact]
    public async Task Strangers_who_say_nothing_keep_no_node_out()
    {
        var strangers = new List<Socket>();
        ResettingProxy? Occupy(IPEndPoint node)
        {
            for (var i = 0; i < 2; i++)
            {
                var stranger = new Socket(SocketType.Stream, ProtocolType.Tcp);
                stranger.Connect(node);
                strangers.Add(stranger);
            }
            return null;
        }
        // They are first, and nobody but a newcomer makes them go.
        var options = Eager with { HandshakesMax = 2, HandshakeTimeout = TimeSpan.FromHours(1) };
        using var cluster = new TcpCluster(options, proxy: Occupy);
        var arrived = new Moment();
        cluster.Two.Receiver.OnFrame = (_, _, _) => arrived.Came();
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        await arrived.Wait(Cancel);
        foreach (var stranger in strangers) stranger.Dispose();
    }

    [Fact]
    public async Task A_dial_for_which_there_is_no_descriptor_is_made_again()
    {
        var refused = 0;
        Socket NewSocket() => ++refused <= 3
            ? throw new SocketException((int)SocketError.TooManyOpenSockets)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var cluster = new TcpCluster(Eager, socketOfOne: NewSocket);
        var arrived = new Moment();
        cluster.Two.Receiver.OnFrame = (_, _, _) => arrived.Came();
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        await arrived.Wait(Cancel);
        Assert.Equal(4, refused);
    }

    [Fact]
    public async Task A_node_that_starts_late_is_reached()
    {
        var authority = new TestAuthority();
        using var cluster = new TcpCluster(Eager, authority);
        var transport = new TcpLinkTransport(new IPEndPoint(IPAddress.Loopback, 0),
            authority.Credentials(authority.Issue("node-3")));
        var executor = new PoolExecutor();
        // It listens already, but does not know node 1: refused, and let in as soon as it does.
        using var three = new LinkNode(LinkNode.Describe(3, port: transport.LocalEndPoint.Port), transport,
            new SystemClock(executor), executor, new SystemRandomness(), Eager);
        cluster.One.Membership.Up(three.Member);
        await three.Log.Line("not a member yet").WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        var arrived = new Moment();
        three.Receiver.OnFrame = (_, _, _) => arrived.Came();
        cluster.One.Table.To(three.Member.Node)!.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        three.Membership.Up(cluster.One.Member);
        await arrived.Wait(Cancel);
    }

    [Fact]
    public async Task Under_load_a_removal_never_calls_a_frame_not_seen_that_the_peer_took()
    {
        var unseen = 0;
        for (var round = 0; round < 15; round++)
        {
            using var cluster = new TcpCluster(Eager);
            var link = cluster.OneToTwo;
            var numbers = new List<long>();
            var enough = new Moment();
            var removeAt = 100 + 150 * round;
            cluster.Two.Receiver.OnFrame = (_, _, number) =>
            {
                if (number == removeAt) enough.Came();
            };
            var sending = Task.Run(() =>
            {
                for (var i = 1; ; i++)
                {
                    var number = link.Send(FrameClass.Call, RecordingReceiver.Make(i, 2_000));
                    if (number != 0) numbers.Add(number);
                    else if (((LinkSession)link).IsOver) return;
                    else i--;
                }
            }, Cancel);
            await enough.Wait(Cancel);
            cluster.One.Membership.Remove(cluster.Two.Member.Node);
            await sending;
            await cluster.Two.Log.Line("connection lost").WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.Empty(cluster.Two.Receiver.Wrong);
            var taken = cluster.Two.Receiver.Total;
            for (var i = 0; i < taken; i++) Assert.True(link.MayHaveBeenSeen(numbers[i]));
            unseen += numbers.Count(number => !link.MayHaveBeenSeen(number));
        }
        Assert.NotEqual(0, unseen);
    }

    [Fact]
    public async Task A_removed_peer_is_cut_off_and_its_dials_are_refused()
    {
        using var cluster = new TcpCluster(Eager);
        var arrived = new Moment();
        cluster.Two.Receiver.OnFrame = (_, _, _) => arrived.Came();
        cluster.OneToTwo.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
        await arrived.Wait(Cancel);
        cluster.Two.Membership.Remove(cluster.One.Member.Node);
        await cluster.Two.Log.Line("was removed").WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await cluster.Two.Receiver.FirstEnd.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal(LinkEnd.PeerRemoved, Assert.Single(cluster.Two.Receiver.Ends).Reason);
        Assert.True(cluster.Two.Counters.Refused(LinkRefusal.RemovedPeer) > 0);
        Assert.Equal(1, cluster.Two.Receiver.Total);
    }
}
