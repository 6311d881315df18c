namespace K42.Contracts.Servers;

/// <summary>The volumes that one node owns, by number.</summary>
/// <remarks>A volume is pinned to its node and ends with it (EIO while it is down). Numbers are unique in the
/// cluster: the node's id in the upper 32 bits.</remarks>
[Contract(22, Factory = true)]
public abstract partial class VolumeContract : ServerObject
{
    /// <summary>The inode number of every volume's root directory.</summary>
    public const ulong RootInode = 1;

    /// <summary>Makes a volume of a type ("ramfs"). EPERM unless root, ENODEV for an unknown type, EINVAL for
    /// unknown options ("size=64m,mode=1777"). Gives its number.</summary>
    [Call(1, Rights.None, Fails = [Errno.EPERM, Errno.ENODEV, Errno.EINVAL, Errno.ENOSPC])]
    public abstract void Create(
        [Max(64)] string type, [Max(4_096)] string options, [Caller] CallerIdentity caller,
            Reply<ulong> reply);

    /// <summary>A directory handle of a volume's directory, for the caller; inode 0 is the root. ESTALE when
    /// there is no such volume or directory.</summary>
    [Call(2, Rights.None, Fails = [Errno.ESTALE])]
    public abstract void Enter(
        ulong volume, ulong inode, [Caller] CallerIdentity caller, Reply<ObjectHandle> reply);

    /// <summary>Marks or unmarks a directory as a mount point; path calls with an older mount version get
    /// Refresh from then on. Kernels only: the mount table's writer calls it. The root
    /// directory takes a mount too: one volume over another. EBUSY when it is one already, ENOTDIR.</summary>
    [Call(3, Rights.Kernel, Idempotent = true, Fails = [Errno.EBUSY, Errno.ENOTDIR, Errno.ESTALE])]
    public abstract void SetMountPoint(
        ulong volume, ulong inode, bool mounted, ulong mountVersion, Reply<Nothing> reply);

    /// <summary>Ends a volume: EBUSY while files or directories of it are held open, unless forced.</summary>
    [Call(4, Rights.Kernel, Fails = [Errno.EBUSY, Errno.ESTALE])]
    public abstract void Remove(ulong volume, bool force, Reply<Nothing> reply);

    /// <summary>The volumes of this node.</summary>
    [Call(5, Rights.None, Idempotent = true, ReplyMax = 1_024)]
    public abstract void List(Reply<VolumeInfo[]> reply);

    /// <summary>MNT_EXPIRE of umount2(2). EBUSY while files or directories are held open. EAGAIN when the
    /// volume was not marked as expiring, or was used since: it is marked now. Else it ends.</summary>
    [Call(6, Rights.Kernel, Fails = [Errno.EAGAIN, Errno.EBUSY, Errno.ESTALE])]
    public abstract void Expire(ulong volume, Reply<Nothing> reply);

    /// <summary>Gives a volume other flags (all of them) and options (those named; size= and nr_inodes= have
    /// an effect). EBUSY when it is to be read-only and files are open for writing, or open without a name;
    /// EINVAL for unknown options and for limits below what is used.</summary>
    [Call(7, Rights.Kernel, Idempotent = true, Fails = [Errno.EBUSY, Errno.EINVAL, Errno.ESTALE])]
    public abstract void Remount(
        ulong volume, ulong flags, [Max(4_096)] string options, Reply<Nothing> reply);
}

/// <summary>A volume, for listings.</summary>
[Wire]
public readonly partial record struct VolumeInfo(
    ulong Volume, [property: Max(64)] string Type, long BytesUsed, long Inodes, bool Empty);
