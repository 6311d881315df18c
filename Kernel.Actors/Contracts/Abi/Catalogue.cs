namespace K42.Contracts;

/// <summary>A contract, as the generated catalogue tells it.</summary>
public sealed record ContractRow
{
    /// <summary>Its number.</summary>
    public required ushort Id { get; init; }

    /// <summary>The class's name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether every node has one object of it at a well-known handle.</summary>
    public bool Factory { get; init; }

    /// <summary>The first words of its manual page.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Its calls, by number.</summary>
    public IReadOnlyList<CallRow> Calls { get; init; } = [];
}

/// <summary>A call of a contract.</summary>
public sealed record CallRow
{
    /// <summary>Its number within the contract.</summary>
    public required ushort Number { get; init; }

    /// <summary>The method's name.</summary>
    public required string Name { get; init; }

    /// <summary>What a caller must hold on the handle.</summary>
    public Rights Rights { get; init; }

    /// <summary>Whether nobody waits for an answer.</summary>
    public bool OneWay { get; init; }

    /// <summary>How many of it one object may hold unanswered.</summary>
    public int ParkedMax { get; init; }

    /// <summary>Whether it may be repeated.</summary>
    public bool Idempotent { get; init; }

    /// <summary>The errors it gives, besides those of every call.</summary>
    public IReadOnlyList<Errno> Fails { get; init; } = [];

    /// <summary>What the caller gives, in the order of the wire.</summary>
    public IReadOnlyList<FieldRow> Parameters { get; init; } = [];

    /// <summary>The type of the answer.</summary>
    public required string Result { get; init; }

    /// <summary>The longest buffer, string or array of the answer; 0 when it is none.</summary>
    public int ReplyMax { get; init; }

    /// <summary>What it does.</summary>
    public string Summary { get; init; } = "";
}

/// <summary>A parameter, or a field of a record struct.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type; an enum with its underlying type.</param>
/// <param name="Max">Its declared maximum: bytes or elements; 0 for what has no length.</param>
public sealed record FieldRow(string Name, string Type, int Max);

/// <summary>A record struct that calls carry.</summary>
public sealed record WireRow
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its fields, in the order of the wire.</summary>
    public IReadOnlyList<FieldRow> Fields { get; init; } = [];
}
