using K42.Contracts;

namespace K42.Personality.Linux;

/// <summary>What a system call leaves in its register: a value, or minus an error number (-1 to
/// -4095).</summary>
/// <param name="Raw">The register.</param>
public readonly record struct SysResult(long Raw)
{
    /// <summary>The largest error number that a register can carry.</summary>
    public const int ErrnoMax = 4_095;

    /// <summary>True when the call failed.</summary>
    public bool Failed => Raw is < 0 and >= -ErrnoMax;

    /// <summary>The error, or None.</summary>
    public Errno Errno => Failed ? (Errno)(short)-Raw : Errno.None;

    /// <summary>A success.</summary>
    public static implicit operator SysResult(long value) => new(value);

    /// <summary>A failure; None is the value 0. Errors that are not Linux's become EIO.</summary>
    public static implicit operator SysResult(Errno errno) => new(-(long)Linux(errno));

    /// <summary>What a program is told instead of the codes that nodes use among themselves.</summary>
    public static Errno Linux(Errno errno) => errno >= Errno.Overloaded ? Errno.EIO : errno;

    /// <inheritdoc/>
    public override string ToString() => Failed ? Errno.ToString() : $"{Raw}";
}
