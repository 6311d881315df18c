using System.Buffers.Binary;
using System.Security.Cryptography;

using K42.Contracts.Ports;

namespace K42.Kernel.Runtime;

/// <summary>The operating system's generator, fit for secrets.</summary>
public sealed class SystemRandomness : IRandomness
{
    /// <inheritdoc/>
    public void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);

    /// <inheritdoc/>
    public ulong Next()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
