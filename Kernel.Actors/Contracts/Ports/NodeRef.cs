using System.Diagnostics.CodeAnalysis;

namespace K42.Contracts;

/// <summary>One life of one node: its leased id and the incarnation that this start of it took.</summary>
/// <remarks>A restarted node keeps its id and takes a higher incarnation, so nothing that was addressed to
/// the life before can reach the new one. The default value names no node.</remarks>
/// <param name="Id">The node's id, 1 to 65,535, leased once per data directory.</param>
/// <param name="Incarnation">Which start of that node, counted from 1.</param>
public readonly record struct NodeRef(ushort Id, uint Incarnation) : IComparable<NodeRef>
{
    /// <summary>True for the default value, which names no node.</summary>
    public bool IsNone => Id == 0;

    /// <inheritdoc/>
    public int CompareTo(NodeRef other) =>
        Id != other.Id ? Id.CompareTo(other.Id) : Incarnation.CompareTo(other.Incarnation);

    /// <inheritdoc/>
    public override string ToString() => $"n{Id}.{Incarnation}";

    /// <summary>Orders by id, then incarnation.</summary>
    public static bool operator <(NodeRef left, NodeRef right) => left.CompareTo(right) < 0;

    /// <summary>Orders by id, then incarnation.</summary>
    public static bool operator >(NodeRef left, NodeRef right) => left.CompareTo(right) > 0;

    /// <summary>Orders by id, then incarnation.</summary>
    public static bool operator <=(NodeRef left, NodeRef right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by id, then incarnation.</summary>
    public static bool operator >=(NodeRef left, NodeRef right) => left.CompareTo(right) >= 0;
}
