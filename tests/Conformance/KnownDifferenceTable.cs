namespace K42.Conformance;

/// <summary>Cases in which K42 is known to answer otherwise than Linux, and why.</summary>
/// <remarks>A row is a debt, not an excuse: the comparison fails when a listed case agrees, so that its row
/// goes.</remarks>
public static class KnownDifferenceTable
{
    /// <summary>By file:name.</summary>
    public static readonly IReadOnlyDictionary<string, string> Rows = new Dictionary<string, string>
    {
    };
}
