namespace K42.Contracts.Servers;

/// <summary>What a walk is to do with what it finds.</summary>
public enum WalkIntent : byte
{
    /// <summary>Status only: stat(2). The answer's Status.</summary>
    Status = 1,

    /// <summary>open(2) with Flags and Mode. The answer's Handle is an open file; when Stop is Device, it
    /// stands for the device's inode only.</summary>
    Open = 2,

    /// <summary>A directory handle: chdir(2), which needs search permission on it.</summary>
    Directory = 3,

    /// <summary>access(2) with the real ids, or with Flags AT_EACCESS (0x200) as other calls: Mode is R_OK 4,
    /// W_OK 2, X_OK 1, F_OK 0.</summary>
    Access = 4,

    /// <summary>readlink(2). The answer's Text.</summary>
    ReadLink = 5,

    /// <summary>mkdir(2) with Mode (umask applied by the library).</summary>
    MakeDirectory = 6,

    /// <summary>mknod(2) with Mode and the device number in First; devices need root.</summary>
    MakeNode = 7,

    /// <summary>symlink(2): Text is the target.</summary>
    MakeLink = 8,

    /// <summary>unlink(2).</summary>
    Unlink = 9,

    /// <summary>rmdir(2).</summary>
    RemoveDirectory = 10,

    /// <summary>chmod(2) with Mode.</summary>
    SetMode = 11,

    /// <summary>chown(2) with First uid and Second gid; -1 leaves one as it is.</summary>
    SetOwner = 12,

    /// <summary>truncate(2) to First bytes.</summary>
    Truncate = 13,

    /// <summary>utimensat(2) with First and Second as in <see cref="SetTime"/>.</summary>
    SetTimes = 14,

    /// <summary>statfs(2). The answer's Volume.</summary>
    VolumeStatus = 15,

    /// <summary>The directory that holds the last component: Handle, and the last name in Rest. For rename
    /// and link across mounts, and for mount(2).</summary>
    Parent = 16,

    /// <summary>As Status, and the answer's MountInode is the number by which mounts know what was found:
    /// what a bind of it shows, and what can be mounted on. 0 unless the caller is root. A directory's is
    /// its inode's. A name of a file has one of its own, with the top bit set, as long as the name is there,
    /// wherever it is moved: its other names have others.</summary>
    Place = 17,
}

/// <summary>Why a walk came back.</summary>
public enum WalkStop : byte
{
    /// <summary>It is done.</summary>
    Done = 0,

    /// <summary>It reached a mount point: MountInode names it, Rest is what remains (may be empty).</summary>
    Mount = 1,

    /// <summary>It met a symlink with an absolute target: go on at the caller's root with Rest.</summary>
    AbsoluteLink = 2,

    /// <summary>It met ".." at what the mount shows: go on at the parent of the mount point with
    /// Rest.</summary>
    AboveRoot = 3,

    /// <summary>It opened a device node: Status tells which; the library opens the device with it. Handle
    /// leads to the node itself, neither to be read nor written: for status, attributes and links.</summary>
    Device = 4,

    /// <summary>It has gone through as many directories as one turn may: go on at Handle with Rest. So
    /// nobody's walk keeps others waiting, however long it is.</summary>
    Far = 5,
}

/// <summary>What to walk, and what for.</summary>
/// <param name="Path">Relative to the directory; no leading slash is looked at. Up to 4,095 bytes.</param>
/// <param name="Intent">What to do at the end.</param>
/// <param name="Flags">Of open(2), for Open.</param>
/// <param name="Mode">Permission bits, umask applied; or the wanted access.</param>
/// <param name="FollowLast">Whether a symlink as last component is followed.</param>
/// <param name="LinksFollowed">Symlinks followed so far; the 41st is ELOOP.</param>
/// <param name="First">See the intents.</param>
/// <param name="Second">See the intents.</param>
/// <param name="Text">See the intents.</param>
/// <param name="RootInode">The caller's root when it is in this mount, else 0: ".." stays there.</param>
/// <param name="MountVersion">The caller's mount table; Refresh when the volume knows of a newer one.</param>
[Wire]
public readonly partial record struct WalkRequest(
    [property: Max(4_096)] ByteText Path, WalkIntent Intent, int Flags, uint Mode, bool FollowLast,
        int LinksFollowed,
    long First, long Second, [property: Max(4_096)] ByteText Text, ulong RootInode, ulong MountVersion);

/// <summary>Where a walk ended.</summary>
/// <param name="Volume">The volume that stopped it, with Mount.</param>
/// <param name="MountInode">The number of what is covered, with Mount, or of what was found, for
/// Place.</param>
/// <param name="Ticket">What <see cref="VolumeContract.Enter"/> wants to see, with Mount and
/// AboveRoot.</param>
[Wire]
public readonly partial record struct WalkReply(
    WalkStop Stop, [property: Max(8_192)] ByteText Rest, int LinksFollowed, ObjectHandle Handle,
        FileStatus Status,
    [property: Max(4_096)] ByteText Text, ulong Volume, ulong MountInode, VolumeStatus VolumeStatus,
        ulong Ticket);

/// <summary>Where a call with two paths came back.</summary>
/// <param name="Side">0 when done; 1 or 2: which path left the volume, and how it goes on in Walk.</param>
[Wire]
public readonly partial record struct TwoPathReply(int Side, WalkReply Walk);

/// <summary>The way to a directory.</summary>
/// <param name="UpTicket">What <see cref="VolumeContract.Enter"/> wants to see of who goes on above the
/// mount.</param>
[Wire]
public readonly partial record struct DirectoryPath([property: Max(4_096)] ByteText Path, ulong UpTicket);

/// <summary>A directory of a volume as a mount shows it, as the start of walks: a root, a working directory,
/// an open directory; or a file that is mounted on another.</summary>
/// <remarks>
/// The volume walks the whole path in one turn: it checks search permission in every directory by the
/// caller's identity, follows symlinks, and does what is asked at the end, so that look-up and action are
/// atomic. It comes back early only at a mount point, an absolute symlink, ".." above what the mount shows
/// by which the handle was got (where walks from a handle lead, the mount decides), or after 512
/// components. Errors are
/// those of the system call that the intent names, with Linux's precedence; EIO when the volume's node is
/// down. </remarks>
[Contract(21)]
public abstract partial class DirectoryContract : ServerObject
{
    /// <summary>How many symlinks one path may lead through, in however many calls: MAXSYMLINKS. ELOOP
    /// beyond.</summary>
    public const int SymlinksMax = 40;

    /// <summary>Walks a path and does what it is for. Open and Truncate park while somebody's lease on the
    /// file forbids them: EAGAIN instead for Open with O_NONBLOCK; EINTR when cancelled, and nothing was
    /// opened or cut.</summary>
    [Call(1, Rights.Lookup, ParkedMax = 65_536, ReplyMax = 8_192,
        Fails = [Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES, Errno.ELOOP, Errno.ENAMETOOLONG, Errno.EAGAIN,
            Errno.EINTR, Errno.Refresh])]
    public abstract void Walk(WalkRequest walk, [Caller] CallerIdentity caller, Reply<WalkReply> reply);

    /// <summary>renameat2(2) within the mount. Flags: RENAME_NOREPLACE 1, RENAME_EXCHANGE 2. EXDEV when the
    /// new directory is of another mount.</summary>
    [Call(2, Rights.Lookup, ReplyMax = 8_192,
        Fails = [Errno.EXDEV, Errno.ENOTEMPTY, Errno.EINVAL, Errno.EISDIR])]
    public abstract void Rename(
        [Max(4_096)] ByteText path, ObjectHandle newDirectory, [Max(4_096)] ByteText newPath, int flags,
        ulong rootInode, ulong mountVersion, [Caller] CallerIdentity caller, Reply<TwoPathReply> reply);

    /// <summary>linkat(2) within the mount. EXDEV, EPERM for directories, EMLINK.</summary>
    [Call(3, Rights.Lookup, ReplyMax = 8_192, Fails = [Errno.EXDEV, Errno.EPERM, Errno.EEXIST, Errno.EMLINK])]
    public abstract void Link(
        [Max(4_096)] ByteText path, ObjectHandle newDirectory, [Max(4_096)] ByteText newPath, bool followLast,
        ulong rootInode, ulong mountVersion, [Caller] CallerIdentity caller, Reply<TwoPathReply> reply);

    /// <summary>The path from what the mount shows: "" for that itself, "a/b". ENOENT when it was removed,
    /// ESTALE when it was moved out of what the mount shows, ENOTDIR for a file that is mounted.</summary>
    [Call(4, Rights.Lookup, Idempotent = true, ReplyMax = 4_096,
        Fails = [Errno.ENOENT, Errno.ESTALE, Errno.ENOTDIR, Errno.ENAMETOOLONG])]
    public abstract void PathOf(Reply<DirectoryPath> reply);

    /// <summary>The directory's own status; it works for removed ones too.</summary>
    [Call(5, Rights.Lookup, Idempotent = true)]
    public abstract void Status(Reply<FileStatus> reply);
}
