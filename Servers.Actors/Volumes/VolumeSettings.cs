using Akka.Configuration;

using K42.Contracts.Servers;
using K42.Locks;

namespace K42.Servers.Volumes;

/// <summary>Limits of a node's volumes; hocon/reference/volumes.conf explains each.</summary>
/// <param name="BytesMax">The largest size= of a volume, and the default.</param>
/// <param name="InodesMax">The largest nr_inodes= of a volume, and the default.</param>
/// <param name="OpenFilesMax">Open files of one volume; ENFILE beyond.</param>
/// <param name="UserOpenFilesMax">Open files of one user on one volume; ENFILE beyond. Root is not
/// counted.</param>
/// <param name="DirectoryHandlesMax">Directory handles of one volume; ENFILE beyond.</param>
/// <param name="UserDirectoryHandlesMax">Directory handles of one user on one volume; ENFILE beyond. Root is
/// not counted.</param>
/// <param name="VolumesMax">Volumes of one node; ENOSPC beyond.</param>
public sealed record VolumeSettings(
    long BytesMax = 4L << 30, long InodesMax = 1_048_576, int OpenFilesMax = 1_048_576,
    int UserOpenFilesMax = 524_288, int DirectoryHandlesMax = 1_048_576,
    int UserDirectoryHandlesMax = 524_288, int VolumesMax = 1_024)
{
    /// <summary>Limits of the locks of one volume; ENOLCK beyond.</summary>
    public LockLimits Locks { get; init; } = new();

    /// <summary>Leases held on one volume; ENOLCK beyond.</summary>
    public int LeasesMax { get; init; } = 65_536;

    /// <summary>Calls of one volume that wait for leases to be given up; ENFILE beyond, and before that for
    /// users who have more than is left.</summary>
    public int LeaseWaitersMax { get; init; } = 8_192;

    /// <summary>How long a holder has to give a lease up; zero for ever.</summary>
    public TimeSpan LeaseBreakTime { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>What the pieces of long writes to one volume may hold until the last has come.</summary>
    public long StagedBytesMax { get; init; } = 8L * FileContract.WholeBytesMax;

    /// <summary>After which silence such a write makes room for others, and is begun anew.</summary>
    public TimeSpan StagedFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads the section k42.volumes; what is not there keeps its default.</summary>
    public static VolumeSettings From(Config config)
    {
        var section = config.GetConfig("k42.volumes") ?? Config.Empty;
        var defaults = new VolumeSettings();
        var size = section.GetString("size-max", "auto");
        return new VolumeSettings(
            size == "auto" ? HalfOfMemory() : section.GetByteSize("size-max") ?? defaults.BytesMax,
            section.GetLong("inodes-max", defaults.InodesMax),
            section.GetInt("open-files-max", defaults.OpenFilesMax),
            section.GetInt("user-open-files-max", defaults.UserOpenFilesMax),
            section.GetInt("directory-handles-max", defaults.DirectoryHandlesMax),
            section.GetInt("user-directory-handles-max", defaults.UserDirectoryHandlesMax),
            section.GetInt("volumes-max", defaults.VolumesMax))
        {
            // The longest write has to fit, beside another user's.
            StagedBytesMax = Math.Max(
                section.GetByteSize("staged-bytes-max") ?? defaults.StagedBytesMax,
                2L * FileContract.WholeBytesMax),
            StagedFor = section.GetTimeSpan("staged-for", defaults.StagedFor),
            LeasesMax = section.GetInt("leases-max", defaults.LeasesMax),
            LeaseWaitersMax = section.GetInt("lease-waiters-max", defaults.LeaseWaitersMax),
            LeaseBreakTime = section.GetTimeSpan("lease-break-time", defaults.LeaseBreakTime),
            Locks = new LockLimits(
                section.GetInt("locks-max", defaults.Locks.LocksMax),
                section.GetInt("file-locks-max", defaults.Locks.FileLocksMax),
                section.GetInt("file-lock-waiters-max", defaults.Locks.FileWaitersMax),
                section.GetInt("user-locks-max", defaults.Locks.UserLocksMax),
                section.GetInt("user-file-locks-max", defaults.Locks.UserFileLocksMax)),
        };
    }

    // What Linux takes for a tmpfs without size=.
    private static long HalfOfMemory() =>
        Math.Max(64L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
}
