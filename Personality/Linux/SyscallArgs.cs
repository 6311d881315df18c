using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux;

/// <summary>One system call as the kernel sees it: six registers, and the memory that its addresses point
/// into.</summary>
/// <param name="Memory">The program's memory.</param>
/// <param name="First">rdi.</param>
/// <param name="Second">rsi.</param>
/// <param name="Third">rdx.</param>
/// <param name="Fourth">r10.</param>
/// <param name="Fifth">r8.</param>
/// <param name="Sixth">r9.</param>
public readonly record struct SyscallArgs(
    ITaskMemory Memory, long First = 0, long Second = 0, long Third = 0, long Fourth = 0, long Fifth = 0,
    long Sixth = 0)
{
    /// <summary>Ends the waits of this call with EINTR. The dispatcher fills it.</summary>
    public CancellationToken Interrupted { get; init; }

    /// <summary>Gives this call alone up, with EINTR where it waits: who runs the program may set
    /// it.</summary>
    public CancellationToken GivenUp { get; init; }

    /// <summary>The whole register.</summary>
    public long Long(int index) => index switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        3 => Fourth,
        4 => Fifth,
        5 => Sixth,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    /// <summary>The register as Linux reads an int: its lower half.</summary>
    public int Int(int index) => unchecked((int)Long(index));

    /// <summary>The register as an unsigned int: its lower half.</summary>
    public uint UInt(int index) => unchecked((uint)Long(index));

    /// <summary>The register as an address.</summary>
    public ulong Address(int index) => unchecked((ulong)Long(index));
}
