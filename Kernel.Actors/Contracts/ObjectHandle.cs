namespace K42.Contracts;

/// <summary>The address of an object for one client: a row in the handle table of the object's
/// node.</summary>
/// <remarks>It is no secret: guessing one gains nothing, because the row names the process it was made for
/// and every call is checked against it. A stale sequence, or a removed incarnation, is EIO.</remarks>
/// <param name="Node">The node, and which life of it.</param>
/// <param name="Index">The row; for a factory, its contract's number.</param>
/// <param name="Sequence">Which use of that row; 0 only for factories.</param>
public readonly record struct ObjectHandle(NodeRef Node, uint Index, uint Sequence)
{
    /// <summary>Rows below this index are the well-known slots of factories.</summary>
    public const uint WellKnownMax = 65_536;

    /// <summary>True for the default value, which names nothing.</summary>
    public bool IsNone => Node.IsNone;

    /// <summary>The well-known handle of a factory contract on a node.</summary>
    public static ObjectHandle WellKnown(NodeRef node, ushort contract) => new(node, contract, 0);

    /// <inheritdoc/>
    public override string ToString() => $"{Node}#{Index}.{Sequence}";
}
