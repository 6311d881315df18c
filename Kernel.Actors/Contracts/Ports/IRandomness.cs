namespace K42.Contracts.Ports;

/// <summary>The only source of chance and of unguessable numbers.</summary>
public interface IRandomness
{
    /// <summary>Fills the buffer with random bytes, fit for secrets in a node and repeatable in a
    /// simulation.</summary>
    void Fill(Span<byte> bytes);

    /// <summary>A random 64-bit number.</summary>
    ulong Next();
}
