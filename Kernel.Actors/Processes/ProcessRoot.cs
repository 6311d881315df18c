using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Processes;

/// <summary>The actor that the process table of a node lives in.</summary>
/// <remarks>Parent: the kernel. Calls: the process tables of other nodes. On failure: it stops, and its
/// processes are lost; the node must leave the cluster, which is what tells their parents
/// elsewhere.</remarks>
public sealed class ProcessRoot : ObjectActor
{
    private readonly ProcessTable _table;

    internal ProcessRoot(ProcessTableNeeds needs) : base(needs.Ipc)
    {
        _table = new ProcessTable(needs);
        Membership = needs.Membership;
    }

    private IMembership Membership { get; }

    /// <summary>How the node makes the actor. The actor must stay the only one of its node.</summary>
    /// <param name="ipc">The node's IPC.</param>
    /// <param name="identities">Makes and ends the identities of processes.</param>
    /// <param name="membership">The nodes; a removed one's processes are dead.</param>
    /// <param name="grantor">Leases blocks of numbers.</param>
    /// <param name="homes">Which node is home to which numbers; the same object as the host's
    /// (<see cref="ProcessHost"/>).</param>
    /// <param name="settings">See <see cref="ProcessSettings"/>.</param>
    public static Props Props(
        IpcPort ipc, IIdentities identities, IMembership membership, INumberGrantor grantor,
        NumberHomes homes, ProcessSettings? settings = null)
    {
        var needs = new ProcessTableNeeds(
            ipc, identities, membership, grantor, homes, settings ?? new ProcessSettings());
        return Akka.Actor.Props.CreateBy(new Producer(needs));
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        Home.Adopt(_table);
        _table.ExportFactory(K42.Contracts.Kernel.ProcessTableContract.ContractId);
        _table.Started();
        Membership.Subscribe(new Listener(Self));
    }

    /// <inheritdoc/>
    protected override bool Other(object message)
    {
        if (message is not TableTurn turn) return false;
        turn.Action(_table);
        return true;
    }

    /// <summary>A turn of the table that is not a call: from the node itself.</summary>
    internal sealed record TableTurn(Action<ProcessTable> Action);

    private sealed class Producer(ProcessTableNeeds needs) : IIndirectActorProducer
    {
        public Type ActorType => typeof(ProcessRoot);

        public ActorBase Produce() => new ProcessRoot(needs);

        public void Release(ActorBase actor)
        {
        }
    }

    private sealed class Listener(IActorRef table) : IMembershipListener
    {
        public void MemberUp(Member member)
        {
        }

        public void MemberRemoved(NodeRef node) =>
            table.Tell(new TableTurn(processes => processes.NodeRemoved(node)), ActorRefs.NoSender);
    }
}
