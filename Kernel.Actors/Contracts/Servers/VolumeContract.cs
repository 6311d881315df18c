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

    /// <summary>A directory handle of what a mount of the volume shows, for the caller: its root with inode
    /// 0, or a place of it that is covered, for the way up only: paths that begin with "..". Mount 0 is
    /// the whole of the volume, for kernels and root. ESTALE when there is no such volume or directory,
    /// Refresh when the volume knows of a mount table without the mount.</summary>
    /// <param name="ticket">What the walk that came to the mount, or to its upper end, was told: the proof
    /// that no directory on the way forbade it. EACCES when it is another; root needs none.</param>
    [Call(2, Rights.None, ParkedMax = 1_024,
        Fails = [Errno.ESTALE, Errno.Refresh, Errno.EACCES, Errno.ENFILE, Errno.ENOMEM, Errno.EIO])]
    public abstract void Enter(
        ulong volume, ulong mount, ulong inode, ulong ticket, [Caller] CallerIdentity caller,
        Reply<ObjectHandle> reply);

    /// <summary>Ends a volume: EBUSY while files or directories of it are held open, unless forced.</summary>
    [Call(4, Rights.Kernel, ParkedMax = 1_024, Fails = [Errno.EBUSY, Errno.ESTALE])]
    public abstract void Remove(ulong volume, bool force, Reply<Nothing> reply);

    /// <summary>The volumes of this node.</summary>
    [Call(5, Rights.None, Idempotent = true, ParkedMax = 16, ReplyMax = 1_024)]
    public abstract void List(Reply<VolumeInfo[]> reply);

    /// <summary>MNT_EXPIRE of umount2(2). EBUSY while files or directories are held open through the mount.
    /// EAGAIN when it was not marked as expiring, or was used since: it is marked now.</summary>
    [Call(6, Rights.Kernel, ParkedMax = 1_024, Fails = [Errno.EAGAIN, Errno.EBUSY, Errno.ESTALE])]
    public abstract void Expire(ulong volume, ulong mount, Reply<Nothing> reply);

    /// <summary>Makes a volume read-only or not, and gives it other options (those named; size= and
    /// nr_inodes= have an effect). EBUSY when it is to be read-only and files are open for writing, or open
    /// without a name; EINVAL for unknown options and for limits below what is used.</summary>
    [Call(7, Rights.Kernel, Idempotent = true, ParkedMax = 1_024,
        Fails = [Errno.EBUSY, Errno.EINVAL, Errno.ESTALE])]
    public abstract void Remount(
        ulong volume, bool readOnly, [Max(4_096)] string options, Reply<Nothing> reply);

    /// <summary>The mount table's writer tells a volume of all its mounts, and of all that is covered in
    /// them; path calls with an older mount version get Refresh from then on. All or nothing.
    /// ENOENT when a place is gone, ENOTDIR when a directory is to be covered by a file or the other way
    /// round, EBUSY when a mount that is to be read-only has files open for writing.</summary>
    /// <param name="unlessUsed">EBUSY when files or directories are held open through a mount that
    /// ends.</param>
    [Call(8, Rights.Kernel, Idempotent = true, ParkedMax = 1_024,
        Fails = [Errno.EBUSY, Errno.ENOENT, Errno.ENOTDIR, Errno.ESTALE])]
    public abstract void Show(
        ulong volume, ulong mountVersion, [Max(1_024)] MountView[] mounts,
        [Max(1_024)] CoveredPlace[] covered, bool unlessUsed, Reply<Nothing> reply);

    /// <summary>How places (<see cref="WalkIntent.Place"/>) lie to each other, a byte per pair: see
    /// <see cref="Kinship"/>. EINVAL when there are not as many of one kind as of the other.</summary>
    [Call(9, Rights.Kernel, Idempotent = true, ParkedMax = 1_024, ReplyMax = 2_048,
        Fails = [Errno.EINVAL, Errno.ESTALE])]
    public abstract void Relate(
        ulong volume, [Max(2_048)] ulong[] above, [Max(2_048)] ulong[] below,
        Reply<ReadOnlyMemory<byte>> reply);
}

/// <summary>One mount of a volume.</summary>
/// <param name="Mount">Its number.</param>
/// <param name="RootInode">What it shows, by its number of <see cref="WalkIntent.Place"/>.</param>
/// <param name="Flags">See <see cref="MountFlag"/>.</param>
/// <param name="Ticket">What who enters it must show; 0 for the root mount, which is everybody's.</param>
/// <param name="UpTicket">What who leaves it upwards is given.</param>
[Wire]
public readonly partial record struct MountView(
    ulong Mount, ulong RootInode, ulong Flags, ulong Ticket, ulong UpTicket);

/// <summary>What is covered in one of a volume's mounts.</summary>
/// <param name="Mount">In which.</param>
/// <param name="Inode">What, by its number of <see cref="WalkIntent.Place"/>.</param>
/// <param name="ByFile">True when what covers it is no directory.</param>
/// <param name="Ticket">What who comes to it is given: that of the uppermost mount there.</param>
/// <param name="UpTicket">What who comes up from the lowest mount there must show.</param>
[Wire]
public readonly partial record struct CoveredPlace(
    ulong Mount, ulong Inode, bool ByFile, ulong Ticket, ulong UpTicket);

/// <summary>How a directory or a name of a file lies to another: the bits that
/// <see cref="VolumeContract.Relate"/> answers.</summary>
[Flags]
public enum Kinship : byte
{
    /// <summary>The lower one is not there.</summary>
    None = 0,

    /// <summary>The lower one is there.</summary>
    Exists = 1,

    /// <summary>The lower one is a directory.</summary>
    Directory = 2,

    /// <summary>The lower one is the upper one, or below it.</summary>
    Within = 4,
}

/// <summary>A volume, for listings.</summary>
[Wire]
public readonly partial record struct VolumeInfo(
    ulong Volume, [property: Max(64)] string Type, long BytesUsed, long Inodes, bool Empty);
