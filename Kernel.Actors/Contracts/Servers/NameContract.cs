namespace K42.Contracts.Servers;

/// <summary>One mount: a volume, or what is below one of its directories, or one of its files, seen at a
/// place of another mount.</summary>
/// <param name="Id">The mount's number; never used again.</param>
/// <param name="OnMount">In which mount it is seen; 0 for the root mount.</param>
/// <param name="OnInode">At which place there, by its number of <see cref="WalkIntent.Place"/>.</param>
/// <param name="Volume">What is mounted.</param>
/// <param name="RootInode">What of the volume is seen, by such a number.</param>
/// <param name="IsFile">True when that is no directory.</param>
/// <param name="Node">Which node owns the volume.</param>
/// <param name="Flags">See <see cref="MountFlag"/>.</param>
/// <param name="PeerGroup">Mounts with one number are peers: what is mounted in one is in all; 0 when not
/// shared.</param>
/// <param name="MasterGroup">The peers that this one follows as a slave; 0 for none.</param>
/// <param name="IsUnbindable">True when it can't be bound elsewhere.</param>
/// <param name="Path">Where it was mounted, for listings.</param>
/// <param name="Type">The file system's type.</param>
/// <param name="Source">What was given as source.</param>
[Wire]
public readonly partial record struct MountEntry(
    ulong Id, ulong OnMount, ulong OnInode, ulong Volume, ulong RootInode, bool IsFile, NodeRef Node,
    ulong Flags, uint PeerGroup, uint MasterGroup, bool IsUnbindable, [property: Max(4_096)] ByteText Path,
    [property: Max(64)] string Type, [property: Max(4_096)] ByteText Source);

/// <summary>The flags of a mount, as mount(2) numbers them; a volume has only ReadOnly of its own.</summary>
public static class MountFlag
{
    /// <summary>MS_RDONLY.</summary>
    public const ulong ReadOnly = 1;

    /// <summary>MS_NOSUID.</summary>
    public const ulong NoSetId = 2;

    /// <summary>MS_NODEV.</summary>
    public const ulong NoDevices = 4;

    /// <summary>MS_NOEXEC.</summary>
    public const ulong NoExecute = 8;

    /// <summary>MS_NOSYMFOLLOW.</summary>
    public const ulong NoSymlinks = 256;

    /// <summary>MS_NOATIME.</summary>
    public const ulong NoAccessTimes = 1_024;

    /// <summary>MS_NODIRATIME.</summary>
    public const ulong NoDirectoryAccessTimes = 2_048;

    /// <summary>MS_RELATIME.</summary>
    public const ulong RelativeAccessTimes = 1 << 21;

    /// <summary>Not of mount(2): the root was detached, and there is no place any more where something could
    /// be mounted.</summary>
    public const ulong Detached = 1UL << 63;
}

/// <summary>The mount table as of one version; parents come before what is mounted in them.</summary>
[Wire]
public readonly partial record struct MountTable(ulong Version, [property: Max(1_024)] MountEntry[] Mounts);

/// <summary>What a change does to the mount table.</summary>
public enum MountChangeKind : byte
{
    /// <summary>mount(2) of a new volume at OnMount and OnInode, with Flags, Type, Source, Options and
    /// NodeId. ENODEV, EINVAL, ENOENT, ENOTDIR, ENOSPC.</summary>
    Mount = 1,

    /// <summary>umount2(2) of Mount. Flags: MNT_FORCE 1 (which no volume has a use for: as none), MNT_DETACH
    /// 2, MNT_EXPIRE 4 (EAGAIN: marked now). EINVAL, EBUSY. The root itself becomes read-only, and with
    /// MNT_DETACH loses all that is mounted in it, for good.</summary>
    Unmount = 2,

    /// <summary>MS_REMOUNT: other flags and options for the volume of Mount, and other flags for the mount.
    /// EINVAL, and EBUSY for read-only while files are open for writing, or open without a name.</summary>
    Remount = 3,

    /// <summary>MS_REMOUNT with MS_BIND: other flags for Mount alone. EINVAL, EBUSY.</summary>
    Reconfigure = 4,

    /// <summary>MS_MOVE: Mount, with all that is mounted below it, is seen at OnMount and OnInode from now
    /// on. EINVAL, also in and out of shared mounts as mount(2) says, ELOOP, ENOENT, ENOSPC.</summary>
    Move = 5,

    /// <summary>MS_BIND: what Inode of Mount is, is seen at OnMount and OnInode too; with MS_REC in Flags,
    /// all that is mounted below it as well. EINVAL, ENOENT, ENOTDIR, ENOSPC.</summary>
    Bind = 6,

    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE in Flags, for Mount; with MS_REC for all
    /// that is mounted below it as well. EINVAL.</summary>
    Propagate = 7,
}

/// <summary>A change of the mount table; what each kind needs, <see cref="MountChangeKind"/> tells.</summary>
/// <param name="Mount">The mount that is changed, or bound elsewhere.</param>
/// <param name="Inode">What of it is bound, by its number of <see cref="WalkIntent.Place"/>.</param>
/// <param name="OnMount">Where something is to be seen: in this mount,</param>
/// <param name="OnInode">at the place with this number. The library walked the path. Over a mount it
/// stacks.</param>
/// <param name="Flags">As mount(2) or umount2(2) got them.</param>
/// <param name="NodeId">Which node is to own a new volume; 0: the caller's.</param>
/// <param name="Path">How listings show the place.</param>
/// <param name="Options">The data of mount(2).</param>
[Wire]
public readonly partial record struct MountChange(
    MountChangeKind Kind, ulong Mount, ulong Inode, ulong OnMount, ulong OnInode, ulong Flags, int NodeId,
    [property: Max(4_096)] ByteText Path, [property: Max(64)] string Type,
    [property: Max(4_096)] ByteText Source, [property: Max(4_096)] string Options);

/// <summary>The mount table. One writer orders it: the node that owns the root volume; every node reads a
/// copy.</summary>
/// <remarks>A factory: ask the own node; it passes changes on to the writer. A change returns after every
/// node of the cluster has acknowledged its version or was removed. The first entry is the root
/// mount.</remarks>
[Contract(30, Factory = true)]
public abstract partial class NameContract : ServerObject
{
    /// <summary>The table as this node knows it; parks while its version is not above the one given (0: never
    /// parks). EAGAIN when no root volume is known yet.</summary>
    [Call(1, Rights.None, Idempotent = true, ParkedMax = 65_536, ReplyMax = 1_024, Fails = [Errno.EAGAIN])]
    public abstract void Table(ulong seenVersion, Reply<MountTable> reply);

    /// <summary>The writer tells a node of a newer table; answered when the node uses it.</summary>
    [Call(4, Rights.Kernel, Idempotent = true)]
    public abstract void Publish(MountTable table, Reply<Nothing> reply);

    /// <summary>mount(2) and umount2(2). EPERM unless root.</summary>
    [Call(11, Rights.None, ParkedMax = 1_024,
        Fails = [Errno.EPERM, Errno.EBUSY, Errno.ENODEV, Errno.EINVAL, Errno.ENOENT, Errno.ENOTDIR,
            Errno.ELOOP, Errno.ENOSPC, Errno.EAGAIN])]
    public abstract void Change(MountChange change, [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>A node passes a change on to the writer, in the name of a caller whose ids it vouches
    /// for.</summary>
    [Call(12, Rights.Kernel, ParkedMax = 1_024,
        Fails = [Errno.EBUSY, Errno.ENODEV, Errno.EINVAL, Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP,
            Errno.ENOSPC, Errno.EAGAIN])]
    public abstract void ChangeFor(MountChange change, Reply<Nothing> reply);
}
