using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>The mount table on a node: the writer's on the root volume's node, a copy everywhere
/// else.</summary>
/// <remarks>Children: none. Calls: volumes (here and elsewhere), names elsewhere. On failure: stopped; its
/// node's
/// programs get EIO for path calls that need a newer table.</remarks>
public sealed class NameRoot : ObjectActor, IMembershipListener
{
    private readonly IMembership _membership;
    private readonly IReplicatedTable _table;
    private readonly NameSettings _settings;
    private NameServer? _server;

    /// <summary>The mount table of a node; see <see cref="Props"/>.</summary>
    public NameRoot(
        IpcPort ipc, IMembership membership, IReplicatedTable table, NameSettings settings) : base(ipc) =>
        (_membership, _table, _settings) = (membership, table, settings);

    /// <summary>How to start it: /user/servers/names, after the volumes.</summary>
    public static Props Props(
        IpcPort ipc, IMembership membership, IReplicatedTable table, NameSettings settings) =>
        Akka.Actor.Props.Create(() => new NameRoot(ipc, membership, table, settings));

    // Both are called on other threads, in the membership's order.
    void IMembershipListener.MemberUp(Member member) => Home.Later(() => _server!.MemberUp(member.Node));

    void IMembershipListener.MemberRemoved(NodeRef node) => Home.Later(() => _server!.MemberRemoved(node));

    /// <inheritdoc/>
    protected override void Started()
    {
        _server = Home.Adopt(new NameServer(_table, _settings));
        _server.ExportFactory(NameContract.ContractId);
        _membership.Subscribe(this);
        _table.Subscribe(key =>
        {
            if (key == RootRecord.Key) Home.Later(_server.LookForRoot);
        });
        _server.Begin();
    }
}
