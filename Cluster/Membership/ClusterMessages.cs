using K42.Contracts;

#pragma warning disable CS1573 // Only the fields whose names do not say it all are explained.

namespace K42.Cluster.Membership;

/// <summary>What nodes say to each other on Akka.Remote: the whole list, and the serializer's
/// whitelist.</summary>
/// <remarks>Fields are primitives, strings and arrays of those; nodes are written as <see cref="Pack"/>
/// says.</remarks>
internal static class ClusterMessages
{
    /// <summary>The version of this list; raised when a message changes its meaning.</summary>
    public const int Protocol = 1;

    public static readonly Type[] Types =
    [
        typeof(Knock), typeof(KnockAnswer), typeof(Hello), typeof(Ping), typeof(Pong),
        typeof(LeaseBlock), typeof(LeaseNodeId), typeof(LeasedBlock), typeof(LeasedNodeId), typeof(NotLeased),
        typeof(ReportRequest), typeof(Report), typeof(MapRequest), typeof(MapUpdate), typeof(MapAck),
    ];

    /// <summary>A node in one number: id in the high 32 bits, incarnation in the low.</summary>
    public static ulong Pack(NodeRef node) => ((ulong)node.Id << 32) | node.Incarnation;

    /// <summary>What <see cref="Pack"/> packed.</summary>
    public static NodeRef Unpack(ulong packed) => new((ushort)(packed >> 32), (uint)packed);
}

/// <summary>A node that is no member yet asks one that is for the cluster's id and a node id of its
/// own.</summary>
/// <param name="LeaseKey">The random key of its data directory.</param>
/// <param name="Node">The id that it leased in an earlier life, or 0, and its present incarnation.</param>
internal sealed record Knock(int Protocol, string ClusterId, string LeaseKey, string Name, ulong Node);

/// <summary>The answer: ids and the addresses to join, or one sentence that says why not.</summary>
/// <param name="Refusal">Empty when accepted.</param>
/// <param name="MayRetry">The refusal may go away by itself.</param>
internal sealed record KnockAnswer(
    string ClusterId, int NodeId, string[] Addresses, string Refusal, bool MayRetry);

/// <summary>Who a member is; sent both ways between every two.</summary>
/// <param name="Uid">Akka's number of the sender's ActorSystem.</param>
/// <param name="Asks">The receiver shall answer with its own.</param>
internal sealed record Hello(
    string ClusterId, string Address, int Uid, ulong Node, string Name, string LeaseKey,
    string LinkHost, int LinkPort, string Gateway, bool Asks);

/// <summary>Asks a member to support the sender's right to serve.</summary>
/// <param name="SentAt">On the sender's monotonic clock; only the sender reads it.</param>
/// <param name="Uid">The sender's.</param>
internal sealed record Ping(long SentAt, int Uid);

/// <summary>Supports it. Also tells when this node last supported others, which their removal waits
/// for.</summary>
/// <param name="SentAt">From the ping.</param>
/// <param name="Uid">The supporter's.</param>
/// <param name="Supported">Uids of the nodes that this one supported lately.</param>
/// <param name="AgesMs">How long ago, in milliseconds, for each of them.</param>
internal sealed record Pong(long SentAt, int Uid, int[] Supported, long[] AgesMs);

/// <summary>Asks the grantor for a block of process numbers.</summary>
internal sealed record LeaseBlock(long Request, ulong Node);

/// <summary>Asks the grantor for a node id, on behalf of a node that knocked.</summary>
internal sealed record LeaseNodeId(long Request, string LeaseKey, int Wanted);

/// <summary>A block of process numbers is granted.</summary>
internal sealed record LeasedBlock(long Request, int Block);

/// <summary>A node id is granted.</summary>
internal sealed record LeasedNodeId(long Request, int Id);

/// <summary>Not granted.</summary>
/// <param name="Errno">Why: an errno's number.</param>
/// <param name="MayRetry">This grantor can't answer now; another, or a later, may.</param>
internal sealed record NotLeased(long Request, int Errno, bool MayRetry);

/// <summary>The grantor asks a node for all it holds.</summary>
/// <param name="Round">Comes back in the report.</param>
internal sealed record ReportRequest(long Round);

/// <summary>All that a node holds and who it thinks is a member.</summary>
/// <param name="Ids">Node ids that it ever saw, and in the same order their lease keys.</param>
internal sealed record Report(
    long Round, ulong Node, int[] Blocks, ulong[] Members, int[] Ids, string[] Keys);

/// <summary>A node asks for the block map.</summary>
internal sealed record MapRequest;

/// <summary>The block map, whole. Answered with its version.</summary>
internal sealed record MapUpdate(long Version, int[] Blocks, ulong[] Homes);

/// <summary>The map of that version, or a newer one, is in place.</summary>
internal sealed record MapAck(long Version);
