using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>The flags of mounts as statfs(2) numbers them.</summary>
internal static class MountFlags
{
    private const long RelativeTimes = 0x1000, NoSymlinks = 0x2000, Valid = 0x20;

    // These have the same numbers in both calls.
    private const ulong Same = MountFlag.ReadOnly | MountFlag.NoSetId | MountFlag.NoDevices
        | MountFlag.NoExecute | MountFlag.NoAccessTimes | MountFlag.NoDirectoryAccessTimes;

    /// <summary>f_flags of struct statfs.</summary>
    public static long ForStatus(ulong flags) =>
        (long)(flags & Same) | Valid
        | ((flags & MountFlag.RelativeAccessTimes) != 0 ? RelativeTimes : 0)
        | ((flags & MountFlag.NoSymlinks) != 0 ? NoSymlinks : 0);
}
