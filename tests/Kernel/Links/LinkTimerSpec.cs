using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>What links do by the clock, and after what pauses.</summary>
public sealed class LinkTimerSpec
{
    private readonly VirtualTime _time = new();

    [Fact]
    public void A_session_expires_though_its_timer_wakes_a_moment_early()
    {
        using var peer = new ScriptedPeer(_time, new ScriptedPipe(), clock: new EarlyClock(_time));
        var link = peer.Link;
        peer.Conduit.Closed();
        _time.RunFor(new LinkOptions().ResumeMax * 2);
        Assert.Equal((link, LinkEnd.ResumeExpired), Assert.Single(peer.Node.Receiver.Ends));
    }

    [Fact]
    public void What_was_taken_is_acknowledged_though_what_waits_may_not_go()
    {
        var options = new LinkOptions();
        var pipe = new ScriptedPipe();
        var hello = ScriptedPeer.Hello() with { CallCredit = 100 };
        using var peer = new ScriptedPeer(_time, pipe, hello, options: options);
        // The first uses up the credit, the second waits for more.
        peer.Link.Send(FrameClass.Call, RecordingReceiver.Make(1, 90));
        peer.Link.Send(FrameClass.Call, RecordingReceiver.Make(2, 90));
        var written = pipe.Writes.Count;

        peer.Feed(ScriptedPeer.Frames(FrameClass.Reserved, 1, 1));
        _time.RunFor(options.AckDelay);

        Assert.Equal([(int)RecordKind.Ack], pipe.Writes.Skip(written).SelectMany(
            static bytes => ScriptedPeer.Kinds(bytes)));
    }

    [Fact]
    public void Sessions_that_break_at_once_follow_each_other_after_growing_pauses()
    {
        var options = new LinkOptions { ResumeMax = TimeSpan.FromSeconds(20) };
        var cluster = new SimulatedCluster(seed: 31, options);
        // What node 2 sends first, node 1 can't take, each time.
        cluster.One.Receiver.OnFrame = (_, _, _) => throw new InvalidOperationException("no such thing");
        var before = cluster.Two.Receiver.Ends.Count;
        void Greet(object? _)
        {
            if (((LinkSession)cluster.TwoToOne).IsConnected)
                cluster.TwoToOne.Send(FrameClass.Call, RecordingReceiver.Make(1, 10));
            cluster.Time.Schedule(TimeSpan.FromMilliseconds(1), Greet, null);
        }
        Greet(null);
        cluster.Time.RunFor(TimeSpan.FromSeconds(20));
        Assert.InRange(cluster.One.Receiver.Ends.Count - before, 8, 40);
    }

    [Fact]
    public void A_session_that_lived_for_a_while_is_followed_by_another_at_once()
    {
        var cluster = new SimulatedCluster(seed: 32);
        cluster.Connect();
        cluster.Time.RunFor(TimeSpan.FromSeconds(60));
        ((LinkSession)cluster.OneToTwo).End(LinkEnd.ProtocolError);
        cluster.Time.RunFor(TimeSpan.FromMilliseconds(10));
        Assert.True(cluster.Connected);
    }

    [Fact]
    public void Lost_connections_and_frames_that_are_not_taken_do_not_flood_the_log()
    {
        using var peer = new ScriptedPeer(_time, new ScriptedPipe());
        peer.Node.Receiver.OnFrame = (_, _, _) => throw new InvalidOperationException("no such thing");
        for (var session = 1ul; session <= 200; session++)
        {
            var hello = ScriptedPeer.Hello() with { Session = 100 + session };
            var conduit = new LinkConduit(peer.Node.Table, new ScriptedPipe(), "node-1", null);
            Assert.True(conduit.Feed(hello.ToRecord()) > 0);
            conduit.Feed(ScriptedPeer.Frames(FrameClass.Call, 1, 1));
        }
        Assert.InRange(peer.Node.Log.Lines.Count(static line => line.StartsWith("warning", Ordinal)), 1, 30);
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    /// <summary>A clock whose timers wake 2 ms before their time, as an operating system's may.</summary>
    private sealed class EarlyClock(IClock inner) : IClock
    {
        public long MonotonicNs => inner.MonotonicNs;

        public long RealtimeNs => inner.RealtimeNs;

        public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state) =>
            inner.Schedule(delay - TimeSpan.FromMilliseconds(2), action, state);
    }
}
