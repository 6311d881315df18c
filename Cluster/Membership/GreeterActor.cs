using Akka.Actor;
using K42.Contracts;
using K42.Cluster.Tables;
using AkkaCluster = Akka.Cluster.Cluster;

namespace K42.Cluster.Membership;

/// <summary>Answers nodes that want to join: checks that they may, and gets them a node id from the
/// grantor.</summary>
/// <remarks>Parent: <see cref="ClusterRoot"/>; path /user/cluster/greeter. Calls: <see cref="LeaseActor"/>,
/// <see cref="MembershipActor"/>. On failure:
/// the node ends.</remarks>
internal sealed class GreeterActor : ReceiveActor
{
    public const string Name = "greeter";

    private readonly MembershipSetup _setup;
    private readonly IActorRef _leases;
    private readonly IActorRef _membership;

    public GreeterActor(MembershipSetup setup, IActorRef leases, IActorRef membership)
    {
        _setup = setup;
        _leases = leases;
        _membership = membership;
        Receive<Knock>(Knocked);
    }

    private void Knocked(Knock knock)
    {
        var from = Sender;
        var refusal = Refusal(knock);
        if (refusal != null) from.Tell(No(refusal, mayRetry: false));
        else if (!_setup.Membership.MayServe)
            from.Tell(No("the cluster has no majority at present", mayRetry: true));
        else
            _leases.Tell(new LeaseActor.WantNodeId(knock.LeaseKey, ClusterMessages.Unpack(knock.Node).Id,
                (no, id) => Answer(from, knock, no, id)));
    }

    /// <summary>Runs on the lease actor's turn: uses nothing of this actor but what never changes.</summary>
    private void Answer(IActorRef from, Knock knock, NotLeased? no, int id)
    {
        // Whoever holds the directory's lock and key is its only life: nobody need wait for the older to be
        // missed.
        var node = ClusterMessages.Unpack(knock.Node) with { Id = (ushort)id };
        if (no == null) _membership.Tell(new MembershipActor.NewLife(node), ActorRefs.NoSender);
        from.Tell(no == null ? Yes(id) : No(no), ActorRefs.NoSender);
    }

    private string? Refusal(Knock knock)
    {
        if (knock.Protocol != ClusterMessages.Protocol)
            return $"it speaks protocol {knock.Protocol}, this cluster {ClusterMessages.Protocol}";
        if (knock.ClusterId != "" && knock.ClusterId != _setup.ClusterId)
            return "its data directory belongs to another cluster";
        var holder = _setup.Membership.Members.FirstOrDefault(member => member.Name == knock.Name);
        return holder != null && !IsLeaseOf(knock.LeaseKey, holder.Node.Id)
            ? $"a node named {knock.Name} is already a member" : null;
    }

    private bool IsLeaseOf(string leaseKey, ushort id)
    {
        var state = _setup.Directory.State;
        return state.Known.Contains(new KnownNode(id, leaseKey))
            || (state.NodeId, state.LeaseKey) == (id, leaseKey);
    }

    private KnockAnswer Yes(int id) => new(_setup.ClusterId, id, _setup.Addresses(), "", false);

    private static KnockAnswer No(NotLeased no) => no.Errno == (int)Errno.EEXIST
        ? No("its node id was leased to another data directory", mayRetry: false)
        : No("no node id can be leased at present", mayRetry: true);

    private static KnockAnswer No(string refusal, bool mayRetry) => new("", 0, [], refusal, mayRetry);
}
