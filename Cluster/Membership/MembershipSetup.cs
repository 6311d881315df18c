using Akka.Actor;
using Akka.Cluster;
using K42.Contracts;

namespace K42.Cluster.Membership;

/// <summary>How a node's membership ended.</summary>
public enum ClusterEnd
{
    /// <summary>It left in order.</summary>
    Left = 1,

    /// <summary>The others removed it, or it was in a minority: it must start again as a new
    /// incarnation.</summary>
    Downed = 2,

    /// <summary>The ActorSystem stopped.</summary>
    Failed = 3,
}

/// <summary>All that <see cref="MembershipActor"/> and its neighbours need to know of their node.</summary>
internal sealed class MembershipSetup
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ClusterEnd> _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Dictionary<ushort, uint> _newest = [];

    /// <summary>This node's "host:port", once its ActorSystem listens.</summary>
    public required string PublicAddress { get; init; }

    public required NodeDirectory Directory { get; init; }

    public required ClusterOptions Options { get; init; }

    public required AkkaMembership Membership { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Called with every change of the right to serve.</summary>
    public required Action<bool> ServingChanged { get; init; }

    public string ClusterId => Directory.State.ClusterId;

    public long FenceTicks => Ticks(Options.FenceAfter);

    /// <summary>Ends when this node and all members it met are published.</summary>
    public Task WhenReady => _ready.Task;

    public Task<ClusterEnd> WhenEnded => _ended.Task;

    public long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Time.TimestampFrequency);

    public void Ready() => _ready.TrySetResult();

    public void End(ClusterEnd end) => _ended.TrySetResult(end);

    public Hello Hello(UniqueAddress self, bool asks)
    {
        var member = Membership.Self;
        return new Hello(
            ClusterId, self.Address.ToString(), self.Uid, ClusterMessages.Pack(member.Node), member.Name,
            Directory.State.LeaseKey, member.LinkHost, member.LinkPort, member.GatewayAddress, asks);
    }

    /// <summary>Keeps who was met: a later grantor must not give the id away again.</summary>
    public void Remember(Hello hello)
    {
        var known = new KnownNode(ClusterMessages.Unpack(hello.Node).Id, hello.LeaseKey);
        Directory.Change(state =>
            state.Known.Contains(known) ? state : state with { Known = [.. state.Known, known] });
    }

    /// <summary>Keeps the latest life that was met of a node.</summary>
    public void Remember(NodeRef node) =>
        _newest[node.Id] = Math.Max(_newest.GetValueOrDefault(node.Id), node.Incarnation);

    /// <summary>True when a later start of the same node was met.</summary>
    public bool HasNewerLife(NodeRef node) => _newest.GetValueOrDefault(node.Id) > node.Incarnation;

    /// <summary>Keeps where the others are, for the next life.</summary>
    public void KeepPeers(IReadOnlyList<string> peers) => Directory.Change(state =>
        state.Peers.SequenceEqual(peers) ? state : state with { Peers = peers });

    /// <summary>Where the members' ActorSystems are reached: "host:port", this node's first.</summary>
    public string[] Addresses() => [PublicAddress, .. Directory.State.Peers];
}
