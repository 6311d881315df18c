namespace K42.Client;

/// <summary>How a session begins.</summary>
public sealed record K42SessionOptions
{
    /// <summary>What ps shows; at most 15 bytes count.</summary>
    public string Name { get; init; } = "k42-client";

    /// <summary>Whether a stream that drops is resumed, without the program noticing, for as long as the
    /// gateway keeps the session.</summary>
    public bool Resumable { get; init; } = true;

    /// <summary>Becomes this child, which spawn made on the gateway's node, instead of a new
    /// process.</summary>
    public K42Child? Claim { get; init; }
}

/// <summary>A child on another node, and what its program needs to become it.</summary>
/// <param name="Pid">Its process number.</param>
/// <param name="Token">16 secret bytes; they work once.</param>
/// <param name="GatewayAddress">Where to connect to: host:port; empty when its node has no gateway.</param>
public sealed record K42Child(int Pid, ReadOnlyMemory<byte> Token, string GatewayAddress);
