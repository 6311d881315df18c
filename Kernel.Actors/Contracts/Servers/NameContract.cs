namespace K42.Contracts.Servers;

/// <summary>One mount: a volume seen at a directory of another.</summary>
/// <param name="Volume">What is mounted.</param>
/// <param name="OnVolume">On which volume; 0 for the root mount.</param>
/// <param name="OnInode">On which directory of it.</param>
/// <param name="Node">Which node owns the mounted volume.</param>
/// <param name="Path">Where it was mounted, for listings.</param>
/// <param name="Type">The file system's type.</param>
/// <param name="Source">What was given as source.</param>
/// <param name="Flags">MS_RDONLY 1, MS_NOSUID 2, MS_NODEV 4, MS_NOEXEC 8 ...</param>
[Wire]
public readonly partial record struct MountEntry(
    ulong Volume, ulong OnVolume, ulong OnInode, NodeRef Node, [property: Max(4_096)] ByteText Path,
    [property: Max(64)] string Type, [property: Max(4_096)] ByteText Source, ulong Flags);

/// <summary>The mount table as of one version.</summary>
[Wire]
public readonly partial record struct MountTable(ulong Version, [property: Max(1_024)] MountEntry[] Mounts);

/// <summary>The mount table. One writer orders it: the node that owns the root volume; every node reads a
/// copy.</summary>
/// <remarks>A factory: ask the own node; it passes changes on to the writer. A change returns after every
/// node of the cluster has acknowledged its version or was removed. The first entry is the root
/// volume.</remarks>
[Contract(30, Factory = true)]
public abstract partial class NameContract : ServerObject
{
    /// <summary>The table as this node knows it; parks while its version is not above the one given (0: never
    /// parks). EAGAIN when no root volume is known yet.</summary>
    [Call(1, Rights.None, Idempotent = true, ParkedMax = 65_536, ReplyMax = 1_024, Fails = [Errno.EAGAIN])]
    public abstract void Table(ulong seenVersion, Reply<MountTable> reply);

    /// <summary>mount(2) of a new volume on a directory. Over a mount it stacks. EPERM unless root,
    /// ENODEV, EINVAL, ENOSPC. The library walked the path: volume and inode name the directory.</summary>
    /// <param name="nodeId">Which node is to own the new volume; 0: the caller's.</param>
    [Call(2, Rights.None, ParkedMax = 1_024, Fails = [Errno.EPERM, Errno.EBUSY, Errno.ENODEV, Errno.EINVAL])]
    public abstract void Mount(
        [Max(4_096)] ByteText source, ulong onVolume, ulong onInode, [Max(4_096)] ByteText path,
        [Max(64)] string type, ulong flags, [Max(4_096)] string options, int nodeId,
        [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>umount2(2). Flags: MNT_FORCE 1 (which no volume has a use for: as none), MNT_DETACH 2,
    /// MNT_EXPIRE 4 (EAGAIN: marked now). EPERM, EINVAL when nothing is mounted there, EBUSY. The root
    /// itself becomes read-only, and is EBUSY with MNT_DETACH.</summary>
    [Call(3, Rights.None, ParkedMax = 1_024,
        Fails = [Errno.EPERM, Errno.EBUSY, Errno.EINVAL, Errno.EAGAIN])]
    public abstract void Unmount(
        ulong volume, int flags, [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>The writer tells a node of a newer table; answered when the node uses it.</summary>
    [Call(4, Rights.Kernel, Idempotent = true)]
    public abstract void Publish(MountTable table, Reply<Nothing> reply);

    /// <summary>A node passes a mount on to the writer, in the name of the caller whose ids it vouches
    /// for.</summary>
    [Call(5, Rights.Kernel, ParkedMax = 1_024,
        Fails = [Errno.EPERM, Errno.EBUSY, Errno.ENODEV, Errno.EINVAL])]
    public abstract void MountFor(MountEntry entry, [Max(4_096)] string options, Reply<Nothing> reply);

    /// <summary>A node passes an unmount on to the writer.</summary>
    [Call(6, Rights.Kernel, ParkedMax = 1_024, Fails = [Errno.EBUSY, Errno.EINVAL, Errno.EAGAIN])]
    public abstract void UnmountFor(ulong volume, int flags, Reply<Nothing> reply);

    /// <summary>MS_REMOUNT of mount(2): other flags and options for a mounted volume. EPERM, EINVAL, and
    /// EBUSY for read-only while files are open for writing, or open without a name.</summary>
    [Call(7, Rights.None, ParkedMax = 1_024, Fails = [Errno.EPERM, Errno.EBUSY, Errno.EINVAL])]
    public abstract void Remount(
        ulong volume, ulong flags, [Max(4_096)] string options, [Caller] CallerIdentity caller,
        Reply<Nothing> reply);

    /// <summary>A node passes a remount on to the writer.</summary>
    [Call(8, Rights.Kernel, ParkedMax = 1_024, Fails = [Errno.EBUSY, Errno.EINVAL])]
    public abstract void RemountFor(
        ulong volume, ulong flags, [Max(4_096)] string options, Reply<Nothing> reply);

    /// <summary>MS_MOVE of mount(2): a mounted volume, with all that is mounted below it, is seen at
    /// another directory from now on. EPERM, EINVAL, ELOOP when the directory is in what is moved, as it
    /// always is in the root volume, ENOTDIR, ENOSPC.</summary>
    [Call(9, Rights.None, ParkedMax = 1_024,
        Fails = [Errno.EPERM, Errno.EINVAL, Errno.ELOOP, Errno.ENOTDIR, Errno.ENOSPC])]
    public abstract void Move(
        ulong volume, ulong onVolume, ulong onInode, [Max(4_096)] ByteText path,
        [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>A node passes a move on to the writer.</summary>
    [Call(10, Rights.Kernel, ParkedMax = 1_024,
        Fails = [Errno.EINVAL, Errno.ELOOP, Errno.ENOTDIR, Errno.ENOSPC])]
    public abstract void MoveFor(
        ulong volume, ulong onVolume, ulong onInode, [Max(4_096)] ByteText path, Reply<Nothing> reply);
}
