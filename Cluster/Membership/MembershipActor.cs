using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using K42.Contracts;
using AkkaCluster = Akka.Cluster.Cluster;
using Member = K42.Contracts.Ports.Member;

namespace K42.Cluster.Membership;

/// <summary>Turns Akka.Cluster's events into the membership port: greets members, keeps the right to
/// serve.</summary>
/// <remarks>Parent: <see cref="ClusterRoot"/>; path /user/cluster/membership. Calls: its peers on other
/// nodes. On failure: the node ends, because a node that does not know its cluster may not serve.</remarks>
internal sealed class MembershipActor : ReceiveActor, IWithTimers
{
    public const string Name = "membership";

    /// <summary>A node started again: its older lives are over, whether or not anyone missed them
    /// yet.</summary>
    public sealed record NewLife(NodeRef Node);

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed class Lapse
    {
        public static readonly Lapse Instance = new();
    }

    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly MembershipSetup _setup;
    private readonly PeerTable _peers;
    private readonly AkkaMembership _membership;
    private readonly MajorityLease _lease;
    private readonly RemovalGate _gate;
    private bool _mayServe;
    private bool _isShutOut;

    public MembershipActor(MembershipSetup setup)
    {
        _setup = setup;
        _membership = setup.Membership;
        // Programs end a moment after T1; whoever publishes a death leaves room for that.
        var gateTicks = setup.FenceTicks + (2 * setup.Ticks(setup.Options.HeartbeatInterval));
        _peers = new PeerTable(
            _cluster.SelfUniqueAddress, gateTicks, setup.Ticks(setup.Options.JoinTimeout));
        _lease = new MajorityLease(setup.FenceTicks);
        _gate = new RemovalGate(gateTicks);
        Receive<ClusterEvent.MemberUp>(e => Up(e.Member.UniqueAddress));
        Receive<ClusterEvent.MemberDowned>(e => Downed(e.Member.UniqueAddress));
        Receive<ClusterEvent.MemberRemoved>(e => Removed(e.Member.UniqueAddress, e.PreviousStatus));
        Receive<ClusterEvent.IMemberEvent>(_ => { });
        Receive<Hello>(Greeted);
        Receive<Ping>(Pinged);
        Receive<Pong>(Ponged);
        Receive<ThisActorSystemQuarantinedEvent>(_ => ShutOut());
        Receive<NewLife>(life => BuryOlder(life.Node));
        Receive<Tick>(_ => Ticked());
        Receive<Lapse>(_ => Renew());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private UniqueAddress Own => _cluster.SelfUniqueAddress;

    private long Now => _setup.Time.GetTimestamp();

    protected override void PreStart()
    {
        _cluster.Subscribe(Context.Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent));
        Context.System.EventStream.Subscribe(Context.Self, typeof(ThisActorSystemQuarantinedEvent));
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _setup.Options.HeartbeatInterval);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Context.Self);
        Context.System.EventStream.Unsubscribe(Context.Self);
        _membership.ServeUntil(long.MinValue);
        _setup.End(ClusterEnd.Failed);
    }

    private void Up(UniqueAddress address)
    {
        var peer = _peers.Get(address, Now);
        if (peer.IsUp) return;
        peer.IsUp = true;
        if (address.Equals(Own))
        {
            TellUp(peer, _membership.Self);
        }
        else
        {
            _lease.Add(address.Uid, Now);
            if (peer.Hello == null) Greet(peer);
            else TryTell(peer);
        }
        Renew();
        CheckReady();
    }

    private void Downed(UniqueAddress address)
    {
        if (_peers.Find(address) is { } peer) peer.IsDown = true;
        if (address.Equals(Own)) End(ClusterEnd.Downed);
    }

    private void Removed(UniqueAddress address, MemberStatus before)
    {
        if (address.Equals(Own))
        {
            End(before == MemberStatus.Down ? ClusterEnd.Downed : ClusterEnd.Left);
            return;
        }
        _lease.Remove(address.Uid);
        _gate.MemberGone(address.Uid);
        if (_peers.Remove(address, Now) is { Told: { } member } peer)
        {
            if (before == MemberStatus.Down && !_setup.HasNewerLife(member.Node))
            {
                var left = _peers.OthersUp.Select(other => other.Address.Uid);
                _gate.Begin(member.Node, address.Uid, Now, peer.SupportedAt, left);
                PingOthers();
            }
            else
            {
                TellRemoved(member.Node);
            }
        }
        Renew();
        TellDue();
        CheckReady();
    }

    /// <summary>A member said who it is. It can say so for itself only.</summary>
    private void Greeted(Hello hello)
    {
        var address = new UniqueAddress(Sender.Path.Address, hello.Uid);
        if (hello.Address != $"{address.Address}") return;
        if (hello.ClusterId != _setup.ClusterId || address.Equals(Own)) return;
        if (_peers.Find(address) == null && !_peers.HasRoomForStranger) return;
        if (hello.Asks) Sender.Tell(_setup.Hello(Own, asks: false));
        var peer = _peers.Get(address, Now);
        if (peer.Hello != null) return;
        peer.Hello = hello;
        _setup.Remember(hello);
        BuryOlder(ClusterMessages.Unpack(hello.Node));
        TryTell(peer);
        CheckReady();
    }

    private void BuryOlder(NodeRef newest)
    {
        _setup.Remember(newest);
        _gate.ProvedDead(newest);
        TellDue();
        foreach (var life in _peers.Others)
        {
            if (life.Hello == null || life.IsDown) continue;
            var node = ClusterMessages.Unpack(life.Hello.Node);
            if (node.Id == newest.Id && node < newest) _cluster.Down(life.Address.Address);
        }
    }

    /// <summary>Publishes a member once Akka.Cluster accepted it, it said who it is and its older life is
    /// gone.</summary>
    private void TryTell(Peer peer)
    {
        if (!peer.IsUp || peer.Told != null || peer.Hello is not { } hello) return;
        var node = ClusterMessages.Unpack(hello.Node);
        if (_membership.Members.Any(member => member.Node.Id == node.Id)) return;
        TellUp(peer, new Member(node, hello.Name, hello.LinkHost, hello.LinkPort, hello.Gateway));
    }

    private void TellUp(Peer peer, Member member)
    {
        peer.Told = member;
        KeepPeers();
        _membership.Add(member, peer.Address.Address);
        _log.Info("{0} ({1}) is up", member.Node, member.Name);
    }

    private void TellRemoved(NodeRef node)
    {
        KeepPeers();
        _membership.Remove(node);
        _log.Info("{0} is removed", node);
        foreach (var peer in _peers.Others) TryTell(peer);
    }

    private void TellDue()
    {
        foreach (var node in _gate.TakeDue(Now)) TellRemoved(node);
    }

    private void Pinged(Ping ping)
    {
        var address = new UniqueAddress(Sender.Path.Address, ping.Uid);
        if (_peers.Find(address) is not { IsUp: true, IsDown: false } peer) return;
        var now = Now;
        peer.SupportedAt = now;
        var supported = _peers.Supports();
        Sender.Tell(new Pong(ping.SentAt, Own.Uid, [.. supported.Select(support => support.Uid)],
            [.. supported.Select(
                support => (long)_setup.Time.GetElapsedTime(support.At, now).TotalMilliseconds)]));
    }

    private void Ponged(Pong pong)
    {
        if (_peers.Find(new UniqueAddress(Sender.Path.Address, pong.Uid)) is not { IsUp: true }) return;
        _lease.Support(pong.Uid, pong.SentAt);
        var now = Now;
        var count = Math.Min(pong.Supported.Length, pong.AgesMs.Length);
        var supported = new (int, long)[count];
        for (var i = 0; i < count; i++)
            supported[i] = (pong.Supported[i], now - _setup.Ticks(TimeSpan.FromMilliseconds(pong.AgesMs[i])));
        _gate.Heard(pong.Uid, pong.SentAt, supported);
        TellDue();
        Renew();
    }

    private void Ticked()
    {
        _peers.Forget(Now);
        PingOthers();
        foreach (var peer in _peers.Others)
            if (peer.IsUp && peer.Hello == null) Greet(peer);
            else TryTell(peer);
        TellDue();
        Renew();
        CheckReady();
    }

    private void PingOthers()
    {
        var ping = new Ping(Now, Own.Uid);
        foreach (var peer in _peers.OthersUp) At(peer).Tell(ping, Context.Self);
    }

    private void Greet(Peer peer) => At(peer).Tell(_setup.Hello(Own, asks: true), Context.Self);

    private static ActorSelection At(Peer peer) =>
        Context.ActorSelection(new RootActorPath(peer.Address.Address) / "user" / ClusterRoot.Name / Name);

    private void KeepPeers() => _setup.KeepPeers(
        [.. _peers.Others.Where(peer => peer.Told != null)
            .Select(p => $"{p.Address.Address.Host}:{p.Address.Address.Port}")]);

    /// <summary>Moves the end of the right to serve, and says so when it comes or goes.</summary>
    private void Renew()
    {
        if (_peers.Own is not { Told: not null, IsDown: false }) return;
        // It may have ended, and now come back, since the last look.
        if (!_membership.MayServe) TellServing(false);
        var until = _lease.ServesUntil();
        _membership.ServeUntil(until);
        TellServing(_membership.MayServe);
        if (_mayServe && until != long.MaxValue) LookAgainAt(until);
        else Timers.Cancel(Lapse.Instance);
    }

    /// <summary>The end of the right is told when it comes, not with the next tick.</summary>
    private void LookAgainAt(long until)
    {
        var left = TimeSpan.FromSeconds((double)(until - Now) / _setup.Time.TimestampFrequency);
        var least = TimeSpan.FromMilliseconds(1);
        Timers.StartSingleTimer(Lapse.Instance, Lapse.Instance, left > least ? left : least);
    }

    private void TellServing(bool mayServe)
    {
        if (mayServe == _mayServe) return;
        _mayServe = mayServe;
        if (!mayServe) _log.Warning("no answer from a majority for too long: this node serves nothing");
        _setup.ServingChanged(mayServe);
        if (_isShutOut) ShutOut();
    }

    /// <summary>A peer says that it removed this node.</summary>
    /// <remarks>Without a majority that is final; the failure detector, which has learnt a long pause, would
    /// take minutes to find it out by itself.</remarks>
    private void ShutOut()
    {
        _isShutOut = true;
        if (_membership.MayServe) return;
        _cluster.Down(Own.Address);
        End(ClusterEnd.Downed);
    }

    private void CheckReady()
    {
        if (_peers.Own?.Told == null) return;
        if (_peers.All.All(peer => !peer.IsUp || peer.Told != null)) _setup.Ready();
    }

    private void End(ClusterEnd end)
    {
        if (_peers.Own is { } self) self.IsDown = true;
        _membership.ServeUntil(long.MinValue);
        if (_mayServe) _setup.ServingChanged(false);
        _mayServe = false;
        _setup.End(end);
    }
}
