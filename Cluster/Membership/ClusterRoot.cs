using Akka.Actor;
using K42.Cluster.Tables;

namespace K42.Cluster.Membership;

/// <summary>Parent of the actors that make a node a member.</summary>
/// <remarks>Parent: the user guardian; path /user/cluster. Calls: nobody. On failure of any child all are
/// stopped and the node's membership ends: half a member would serve what it may not.</remarks>
internal sealed class ClusterRoot : UntypedActor
{
    public const string Name = "cluster";

    private readonly MembershipSetup _setup;
    private readonly ClusterParts _parts;

    public ClusterRoot(MembershipSetup setup, ClusterParts parts)
    {
        _setup = setup;
        _parts = parts;
    }

    protected override SupervisorStrategy SupervisorStrategy() => new AllForOneStrategy(_ =>
    {
        _setup.End(ClusterEnd.Failed);
        return Directive.Stop;
    });

    protected override void PreStart()
    {
        Context.ActorOf(
            Props.Create(() => new StateActor(_setup.Directory, _setup.Options.HeartbeatInterval))
                .WithDispatcher(StateActor.Dispatcher), StateActor.Name);
        var leases =
            Start(Props.Create(() => new LeaseActor(_setup, _parts.Map, _parts.HasMap)), LeaseActor.Name);
        Start(Props.Create(() => new GrantorActor(_setup.Options)), GrantorActor.Name);
        var membership = Start(Props.Create(() => new MembershipActor(_setup)), MembershipActor.Name);
        Start(Props.Create(() => new GreeterActor(_setup, leases, membership)), GreeterActor.Name);
        var table = Start(Props.Create(() => new TableActor(_setup, _parts.Table)), TableActor.Name);
        _parts.Table.Attach(table);
        _parts.Started.TrySetResult((leases, table));
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private static IActorRef Start(Props props, string name) =>
        Context.ActorOf(props.WithDispatcher("k42-cluster-dispatcher"), name);
}

/// <summary>What the actors fill for the ports.</summary>
internal sealed record ClusterParts(BlockMap Map, ReplicatedTable Table)
{
    public TaskCompletionSource HasMap { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource HasTable { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<(IActorRef Leases, IActorRef Table)> Started { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}
