namespace K42.Servers.Volumes.Ramfs;

/// <summary>What can be mounted on, and what a mount can show: a directory, or one name of a file. Linux's
/// dentry.</summary>
internal interface IMountPoint
{
    /// <summary>By which number mounts know it, never used again within the volume: of a directory that of
    /// its inode, of a name one of its own.</summary>
    ulong Number { get; }

    RamNode Node { get; }

    /// <summary>The directory that it is, or that the name is in.</summary>
    RamDirectory Directory { get; }

    /// <summary>In how many mounts something else is seen at it: then its name stays.</summary>
    int Covers { get; set; }
}
