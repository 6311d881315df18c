namespace K42.Contracts.Ports;

/// <summary>A node as the cluster knows it.</summary>
/// <param name="Node">Its id and incarnation.</param>
/// <param name="Name">Its human name, unique in the cluster: "node-1".</param>
/// <param name="LinkHost">Where its IPC links are taken: host name or address.</param>
/// <param name="LinkPort">The TCP port of its IPC links.</param>
/// <param name="GatewayAddress">host:port of its gRPC gateway; empty when it has none.</param>
public sealed record Member(NodeRef Node, string Name, string LinkHost, int LinkPort, string GatewayAddress);

/// <summary>Who hears of membership changes. Called in order, one change at a time, never
/// concurrently.</summary>
public interface IMembershipListener
{
    /// <summary>A node was accepted into the cluster.</summary>
    void MemberUp(Member member);

    /// <summary>This incarnation will never come back: its processes are dead and its handles
    /// stale.</summary>
    void MemberRemoved(NodeRef node);
}

/// <summary>Which node incarnations belong to the cluster. "Unreachable" is not death; removal is.</summary>
public interface IMembership
{
    /// <summary>This node.</summary>
    Member Self { get; }

    /// <summary>The members now, this node included, ordered by id.</summary>
    IReadOnlyList<Member> Members { get; }

    /// <summary>True while this node is in a cluster that has a majority and may serve.</summary>
    bool MayServe { get; }

    /// <summary>Adds a listener, which first hears of every present member, then of every change.</summary>
    void Subscribe(IMembershipListener listener);
}
