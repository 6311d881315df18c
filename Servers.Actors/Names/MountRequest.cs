using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>The flags of mount(2) and umount2(2) that the mount table looks at.</summary>
internal static class MountRequest
{
    public const ulong Recursive = 16_384;
    public const ulong Unbindable = 1 << 17;
    public const ulong Private = 1 << 18;
    public const ulong Slave = 1 << 19;
    public const ulong Shared = 1 << 20;
    public const ulong Propagation = Unbindable | Private | Slave | Shared;
    public const ulong Force = 1;
    public const ulong Detach = 2;
    public const ulong Expire = 4;

    private const ulong Silent = 32_768;
    private const ulong StrictTimes = 1 << 24;
    private const ulong InternalUser = 1UL << 31;
    private const ulong Times =
        MountFlag.NoAccessTimes | MountFlag.NoDirectoryAccessTimes | MountFlag.RelativeAccessTimes;

    private const ulong Kept = MountFlag.ReadOnly | MountFlag.NoSetId | MountFlag.NoDevices
        | MountFlag.NoExecute | MountFlag.NoSymlinks;

    /// <summary>Whether mount(2) refuses the flags whatever else is asked for: MS_NOUSER.</summary>
    public static bool IsRefused(ulong flags) => (flags & InternalUser) != 0;

    /// <summary>Whether exactly one of the propagation types is asked for, and nothing else but MS_REC and
    /// MS_SILENT.</summary>
    public static bool IsPropagation(ulong flags)
    {
        var type = flags & ~(Recursive | Silent);
        return (type & ~Propagation) == 0 && ulong.IsPow2(type);
    }

    /// <summary>The flags of a new mount.</summary>
    public static ulong MountFlagsOf(ulong flags)
    {
        var times = flags & (MountFlag.NoAccessTimes | MountFlag.NoDirectoryAccessTimes);
        if ((flags & MountFlag.NoAccessTimes) == 0) times |= MountFlag.RelativeAccessTimes;
        if ((flags & StrictTimes) != 0) times &= MountFlag.NoDirectoryAccessTimes;
        return (flags & Kept) | times;
    }

    /// <summary>The flags of a mount after MS_REMOUNT: access times stay as they are when none is
    /// named.</summary>
    public static ulong MountFlagsOf(ulong flags, ulong before) => (flags & (Times | StrictTimes)) != 0
        ? MountFlagsOf(flags)
        : (flags & Kept) | (before & Times);
}
