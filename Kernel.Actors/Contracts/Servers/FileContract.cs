using K42.Contracts.Kernel;

namespace K42.Contracts.Servers;

/// <summary>What stat(2) tells of an inode.</summary>
/// <param name="Device">st_dev: the volume's device number.</param>
/// <param name="Inode">st_ino.</param>
/// <param name="Mode">st_mode: type and permission bits.</param>
/// <param name="Links">st_nlink.</param>
/// <param name="RDevice">st_rdev of a device node.</param>
/// <param name="Size">st_size in bytes.</param>
/// <param name="Blocks">st_blocks: units of 512 bytes.</param>
/// <param name="AccessedNs">st_atim in nanoseconds since 1970.</param>
/// <param name="ModifiedNs">st_mtim.</param>
/// <param name="ChangedNs">st_ctim.</param>
[Wire]
public readonly partial record struct FileStatus(
    ulong Device, ulong Inode, uint Mode, uint Links, uint Uid, uint Gid, ulong RDevice, long Size,
        int BlockSize,
    long Blocks, long AccessedNs, long ModifiedNs, long ChangedNs);

/// <summary>What statfs(2) tells of a volume.</summary>
[Wire]
public readonly partial record struct VolumeStatus(
    long Type, long BlockSize, ulong Blocks, ulong BlocksFree, ulong Files, ulong FilesFree, ulong FsId,
    long NameMax, long Flags);

/// <summary>struct flock of fcntl_locking(2).</summary>
/// <param name="Type">F_RDLCK 0, F_WRLCK 1, F_UNLCK 2.</param>
/// <param name="Whence">SEEK_SET 0, SEEK_CUR 1, SEEK_END 2.</param>
/// <param name="Start">l_start, in bytes from there.</param>
/// <param name="Length">l_len in bytes: 0 for all that follow, negative for what lies before.</param>
/// <param name="Pid">l_pid: whose lock was found, -1 when it is an open file description's.</param>
[Wire]
public readonly partial record struct RecordLock(int Type, int Whence, long Start, long Length, int Pid);

/// <summary>What an open file description keeps for its users (fcntl(2), managing signals).</summary>
public enum FileNote : byte
{
    /// <summary>F_SETOWN: a process, minus a process group, or 0 for nobody.
    /// <see cref="FileContract.OwnerOfSignals"/> tells more.</summary>
    SignalOwner = 0,

    /// <summary>F_SETSIG: a signal, or 0 for SIGIO.</summary>
    Signal = 1,

    /// <summary>F_GETLEASE: what <see cref="FileContract.SetLease"/> set, or what it is to become while it is
    /// being broken: F_RDLCK 0, F_WRLCK 1, F_UNLCK 2. Not set by this.</summary>
    Lease = 2,

    /// <summary>F_GET_RW_HINT and F_SET_RW_HINT, of the file and not of the description:
    /// RWH_WRITE_LIFE_NOT_SET 0 to RWH_WRITE_LIFE_EXTREME 5. EPERM unless the file is the caller's, or the
    /// caller root.</summary>
    WriteHint = 3,

    /// <summary>F_CREATED_QUERY: 1 when the open(2) that this is from made the file. Not set.</summary>
    Created = 4,
}

/// <summary>How long written data are expected to live (fcntl(2)).</summary>
public static class WriteHints
{
    /// <summary>RWH_WRITE_LIFE_EXTREME.</summary>
    private const int Last = 5;

    /// <summary>Whether F_SET_RW_HINT takes a value.</summary>
    public static bool IsValid(int value) => value is >= 0 and <= Last;
}

/// <summary>Where a read(2) at the shared offset reads.</summary>
/// <param name="Offset">From here.</param>
/// <param name="Count">So many bytes; 0 at the end of the file.</param>
[Wire]
public readonly partial record struct FileExtent(long Offset, long Count);

/// <summary>Which locks a call is about.</summary>
public enum LockScope : byte
{
    /// <summary>Record locks of the calling process: F_SETLK and its relatives.</summary>
    Process = 0,

    /// <summary>Record locks of the open file description: F_OFD_SETLK and its relatives.</summary>
    Description = 1,

    /// <summary>The lock of the whole file: flock(2). Of the request only the type counts.</summary>
    Whole = 2,
}

/// <summary>Times to set: a value in nanoseconds, or one of the two special ones.</summary>
public static class SetTime
{
    /// <summary>Now, by the volume's clock (UTIME_NOW).</summary>
    public const long Now = long.MaxValue;

    /// <summary>Leave it as it is (UTIME_OMIT).</summary>
    public const long Omit = long.MaxValue - 1;
}

/// <summary>An open file description (open(2)): what descriptors lead to, in one process or
/// several.</summary>
/// <remarks>
/// Offset and transfer are one turn, so sharers never overlap. Handles are made with Read and Write rights as
/// the access mode allows; the object ends with its last handle. Objects that lack a call answer as written
/// here, which is what Linux answers for them.
/// </remarks>
[Contract(20)]
public abstract partial class FileContract : ServerObject
{
    /// <summary>The most that one call carries.</summary>
    public const int CallBytesMax = 65_536;

    /// <summary>The most that is written as one: by <see cref="WriteWhole"/>.</summary>
    public const int WholeBytesMax = 8 << 20;

    /// <summary>The offset that means "the shared one".</summary>
    public const long SharedOffset = -1;

    /// <summary>The capacity that leaves a pipe as it is.</summary>
    public const int SameCapacity = int.MinValue;

    /// <summary>read(2), pread(2). Empty at the end. Parks while there is nothing and somebody may still
    /// write; EAGAIN instead with O_NONBLOCK. Cancelled: EINTR, and nothing was taken. EISDIR, ESPIPE,
    /// EINVAL.</summary>
    [Call(1, Rights.Read, ParkedMax = 65_536, ReplyMax = CallBytesMax,
        Fails = [Errno.EAGAIN, Errno.EINTR, Errno.EISDIR, Errno.ESPIPE, Errno.EINVAL])]
    public abstract void Read(int countMax, long offset, Reply<ReadOnlyMemory<byte>> reply);

    /// <summary>write(2), pwrite(2): how many bytes were taken. A pipe takes up to PIPE_BUF bytes whole or
    /// not at all, parks while it must, and gives what was taken when cancelled after a part, or when as many
    /// of the user's bytes wait as may: the library goes on with the rest. Volumes honour O_APPEND.
    /// EPIPE, EAGAIN, ENOSPC, EFBIG, ESPIPE.</summary>
    [Call(2, Rights.Write, ParkedMax = 65_536,
        Fails = [Errno.EAGAIN, Errno.EINTR, Errno.EPIPE, Errno.ENOSPC, Errno.EFBIG, Errno.ESPIPE])]
    public abstract void Write([Max(CallBytesMax)] ReadOnlyMemory<byte> data, long offset, Reply<int> reply);

    /// <summary>lseek(2): SEEK_SET 0, SEEK_CUR 1, SEEK_END 2, SEEK_DATA 3, SEEK_HOLE 4. The new
    /// offset.</summary>
    [Call(3, Rights.None, Fails = [Errno.ESPIPE, Errno.EINVAL, Errno.ENXIO])]
    public virtual void Seek(long offset, int whence, Reply<long> reply) => reply.Fail(Errno.ESPIPE);

    /// <summary>fstat(2).</summary>
    [Call(4, Rights.None, Idempotent = true)]
    public abstract void Status(Reply<FileStatus> reply);

    /// <summary>ftruncate(2).</summary>
    [Call(5, Rights.Write, Idempotent = true, Fails = [Errno.EINVAL, Errno.EFBIG])]
    public virtual void Truncate(long size, Reply<Nothing> reply) => reply.Fail(Errno.EINVAL);

    /// <summary>fsync(2).</summary>
    [Call(6, Rights.None, Idempotent = true, ParkedMax = 1_024, Fails = [Errno.EINVAL, Errno.EIO])]
    public virtual void Sync(Reply<Nothing> reply) => reply.Fail(Errno.EINVAL);

    /// <summary>getdents64(2): whole records of struct linux_dirent64, at most countMax bytes; empty at the
    /// end. EINVAL when not even one fits, ENOTDIR.</summary>
    [Call(7, Rights.Read, ReplyMax = CallBytesMax, Fails = [Errno.ENOTDIR, Errno.EINVAL])]
    public virtual void ReadDirectory(int countMax, Reply<ReadOnlyMemory<byte>> reply) =>
        reply.Fail(Errno.ENOTDIR);

    /// <summary>fchmod(2): permission bits. EPERM unless owner or root.</summary>
    [Call(8, Rights.None, Idempotent = true, Fails = [Errno.EPERM])]
    public virtual void SetMode(uint mode, [Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Fail(Errno.EPERM);

    /// <summary>fchown(2): -1 leaves an id as it is.</summary>
    [Call(9, Rights.None, Idempotent = true, Fails = [Errno.EPERM])]
    public virtual void SetOwner(int uid, int gid, [Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Fail(Errno.EPERM);

    /// <summary>futimens(3): see <see cref="SetTime"/>.</summary>
    [Call(10, Rights.None, Idempotent = true, Fails = [Errno.EPERM, Errno.EACCES])]
    public virtual void SetTimes(
        long accessedNs, long modifiedNs, [Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Fail(Errno.EPERM);

    /// <summary>F_GETFL: access mode and status flags.</summary>
    [Call(11, Rights.None, Idempotent = true)]
    public abstract void Flags(Reply<int> reply);

    /// <summary>F_SETFL: O_APPEND and O_NONBLOCK (and O_DIRECT, O_NOATIME, kept but without effect), and
    /// O_ASYNC, which pipes act upon: with it each transfer, and the close of one end, signals the owner of
    /// the other.</summary>
    /// <param name="flags">All of them anew.</param>
    /// <param name="descriptor">What the caller calls the file: si_fd, when this turns O_ASYNC on.</param>
    /// <param name="reply">EPERM for O_NOATIME on another's file.</param>
    [Call(12, Rights.None, Idempotent = true, Fails = [Errno.EPERM])]
    public abstract void SetFlags(int flags, int descriptor, Reply<Nothing> reply);

    /// <summary>fstatfs(2).</summary>
    [Call(13, Rights.None, Idempotent = true, Fails = [Errno.ENOSYS])]
    public virtual void VolumeStatus(Reply<VolumeStatus> reply) => reply.Fail(Errno.ENOSYS);

    /// <summary>A directory handle for path calls from this open directory (fchdir(2), *at(2)).
    /// ENOTDIR.</summary>
    [Call(14, Rights.None, Fails = [Errno.ENOTDIR])]
    public virtual void AsDirectory([Caller] CallerIdentity caller, Reply<ObjectHandle> reply) =>
        reply.Fail(Errno.ENOTDIR);

    /// <summary>linkat(2) of this open file itself (AT_EMPTY_PATH), by a path of the same volume. The
    /// directory is a handle of the caller's. Root may, and whoever opened the file: ENOENT for others, as on
    /// Linux. EXDEV, EPERM for directories, ENOENT when no name is left, EMLINK.</summary>
    [Call(15, Rights.None, ReplyMax = 8_192,
        Fails = [Errno.EXDEV, Errno.EPERM, Errno.EEXIST, Errno.ENOENT, Errno.EMLINK])]
    public virtual void Link(
        ObjectHandle newDirectory, [Max(4_096)] ByteText newPath, ulong rootInode, ulong mountVersion,
        [Caller] CallerIdentity caller, Reply<TwoPathReply> reply) => reply.Fail(Errno.EXDEV);

    /// <summary>F_SETLK, F_SETLKW and their relatives for descriptions, and flock(2). A process's locks go
    /// with its first close of the file by whichever descriptor (<see cref="DropLocks"/>) and with any of its
    /// handles; a description's and flock(2)'s with the last handle. Waits park in order of arrival.
    /// EPERM by a handle of another process; EAGAIN when it may not wait; EBADF when the access mode does
    /// not fit; EDEADLK when the wait would close a circle of processes that wait for each other's locks on
    /// this object's volume; ENOLCK beyond the limits; EINTR when cancelled, and nothing changed.</summary>
    [Call(16, Rights.None, ParkedMax = 1_024,
        Fails = [Errno.EAGAIN, Errno.EBADF, Errno.EINVAL, Errno.EOVERFLOW, Errno.EDEADLK, Errno.ENOLCK,
            Errno.EINTR, Errno.EPERM])]
    public virtual void Lock(
        RecordLock wanted, LockScope scope, bool wait, [Caller] CallerIdentity caller,
        [Handle] HandleRow handle, Reply<Nothing> reply) => reply.Fail(Errno.ENOLCK);

    /// <summary>F_GETLK, F_OFD_GETLK: the first lock that stands in the way, or the request with F_UNLCK when
    /// there is none. For a description F_UNLCK asks for its own locks.</summary>
    [Call(17, Rights.None, Idempotent = true, Fails = [Errno.EINVAL, Errno.EOVERFLOW, Errno.ENOLCK])]
    public virtual void FindLock(
        RecordLock wanted, LockScope scope, [Caller] CallerIdentity caller, Reply<RecordLock> reply) =>
        reply.Fail(Errno.ENOLCK);

    /// <summary>Drops the caller's own record locks on the file, and what it asked <see cref="Notify"/> for,
    /// as every close(2) of it does.</summary>
    [Call(18, Rights.None, Idempotent = true)]
    public virtual void DropLocks([Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Ok(default);

    /// <summary>Gives the handle back, as a release does, but with an answer: what goes with it has gone when
    /// it comes. EPERM unless the handle is the caller's.</summary>
    [Call(19, Rights.None, Fails = [Errno.EPERM])]
    public virtual void Close(
        [Caller] CallerIdentity caller, [Handle] HandleRow handle, Reply<Nothing> reply)
    {
        if (caller.Pid != handle.Owner)
        {
            reply.Fail(Errno.EPERM);
            return;
        }
        Forget(handle);
        reply.Ok(default);
    }

    /// <summary>F_GETPIPE_SZ and F_SETPIPE_SZ: the capacity of a pipe in bytes, after a change unless
    /// <see cref="SameCapacity"/> is asked for. It is rounded up to a power of two pages. EBADF when it is no
    /// pipe, EBUSY when more is in use, EPERM beyond 1 MiB or the pages of its
    /// user (pipe(7)), EINVAL for other negative figures.</summary>
    [Call(20, Rights.None, Idempotent = true, Fails = [Errno.EBADF, Errno.EBUSY, Errno.EPERM, Errno.EINVAL])]
    public virtual void Capacity(int wanted, Reply<int> reply) => reply.Fail(Errno.EBADF);

    /// <summary>Something that an open file description keeps and shows: F_GETOWN, F_GETSIG.</summary>
    [Call(21, Rights.None, Idempotent = true, Fails = [Errno.EINVAL])]
    public virtual void Note(FileNote note, Reply<int> reply) => reply.Fail(Errno.EINVAL);

    /// <summary>Sets it: F_SETOWN, F_SETSIG. The library checks the value, as only the description shows
    /// it.</summary>
    [Call(22, Rights.None, Idempotent = true, Fails = [Errno.EINVAL])]
    public virtual void SetNote(FileNote note, int value, Reply<Nothing> reply) => reply.Fail(Errno.EINVAL);

    /// <summary>F_SETOWN, F_SETOWN_EX: whom the description signals from now on, by the rights that the
    /// caller has now. Whether it exists, the library looks: only signals come of it, to who may get them.
    /// EINVAL.</summary>
    [Call(23, Rights.None, Idempotent = true, Fails = [Errno.EINVAL])]
    public virtual void SetSignalOwner(
        OwnerKind kind, int number, [Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Fail(Errno.EINVAL);

    /// <summary>F_GETOWN_EX, F_GETOWNER_UIDS.</summary>
    [Call(24, Rights.None, Idempotent = true, Fails = [Errno.EINVAL])]
    public virtual void OwnerOfSignals(Reply<SignalOwner> reply) => reply.Fail(Errno.EINVAL);

    /// <summary>F_SETLEASE: F_RDLCK 0 as long as nobody has the file open for writing, F_WRLCK 1 as long as
    /// nobody else has it open, F_UNLCK 2 gives the lease up, and owner and signal with it. An open(2) or
    /// truncate(2) that it stands against waits, and the description's owner is signalled: without one the
    /// caller becomes it. The lease ends with the description, and when lease-break-time has passed.
    /// EACCES unless the file is the caller's, or the caller root; EINVAL for other types and for what is no
    /// regular file; EAGAIN when others have it open or nothing is there to give up; ENOLCK beyond the
    /// limit.</summary>
    /// <param name="type">What it is to be.</param>
    /// <param name="descriptor">What the caller calls the file: si_fd.</param>
    /// <param name="caller">Whose right counts.</param>
    /// <param name="reply">See above.</param>
    [Call(25, Rights.None, Fails = [Errno.EINVAL, Errno.EACCES, Errno.EAGAIN, Errno.ENOLCK])]
    public virtual void SetLease(
        int type, int descriptor, [Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Fail(Errno.EINVAL);

    /// <summary>readlinkat(2) of an open symlink (O_PATH), by an empty path: its target. ENOENT for what is
    /// none.</summary>
    [Call(26, Rights.None, Idempotent = true, ReplyMax = 4_096, Fails = [Errno.ENOENT])]
    public virtual void ReadLink(Reply<ByteText> reply) => reply.Fail(Errno.ENOENT);

    /// <summary>F_NOTIFY: tells the description's owner (without one the caller becomes it) what happens to a
    /// directory and the files in it, once, or until all is taken back with DN_MULTISHOT. Further calls of a
    /// process add to what it asked for before. It ends with the process's first close of the
    /// description.</summary>
    /// <param name="events">DN_ACCESS 1, DN_MODIFY 2, DN_CREATE 4, DN_DELETE 8, DN_RENAME 16, DN_ATTRIB 32,
    /// DN_MULTISHOT bit 31; none of the first takes all back.</param>
    /// <param name="descriptor">What the caller calls the file: si_fd.</param>
    /// <param name="caller">Whose it is.</param>
    /// <param name="reply">ENOTDIR.</param>
    [Call(27, Rights.None, Idempotent = true, Fails = [Errno.ENOTDIR])]
    public virtual void Notify(
        int events, int descriptor, [Caller] CallerIdentity caller, Reply<Nothing> reply)
    {
        if ((events & int.MaxValue) == 0) reply.Ok(default);
        else reply.Fail(Errno.ENOTDIR);
    }

    /// <summary>Brings a piece of a write(2) that is longer than a call carries. It is kept until
    /// <see cref="WriteWhole"/> or the end of the handle; pieces may come in any order, and again. EINVAL
    /// when its place or length is not as said here.</summary>
    /// <param name="transfer">The write, as its caller numbers those by this handle.</param>
    /// <param name="total">How long the write is: more than <see cref="CallBytesMax"/>, at most
    /// <see cref="WholeBytesMax"/>.</param>
    /// <param name="position">Where in the write the piece begins: a multiple of
    /// <see cref="CallBytesMax"/>.</param>
    /// <param name="data">Of that length, and the last piece what is left.</param>
    /// <param name="handle">By which it is written.</param>
    /// <param name="reply">See above.</param>
    [Call(28, Rights.Write, Idempotent = true, Fails = [Errno.EINVAL])]
    public virtual void WritePiece(
        ulong transfer, int total, int position, [Max(CallBytesMax)] ReadOnlyMemory<byte> data,
        [Handle] HandleRow handle, Reply<Nothing> reply) => reply.Fail(Errno.EINVAL);

    /// <summary>write(2), pwrite(2) of what <see cref="WritePiece"/> brought, in one turn: as
    /// <see cref="Write"/>. Nothing is kept of the write afterwards. ESTALE when a piece is missing, because
    /// it took too long and others needed the room: all are to be brought again.</summary>
    /// <param name="count">How much of it is to be written, from its beginning; 0 for nothing.</param>
    [Call(29, Rights.Write, Fails = [Errno.ESTALE, Errno.EINVAL, Errno.ENOSPC, Errno.EFBIG])]
    public virtual void WriteWhole(
        ulong transfer, int count, long offset, [Handle] HandleRow handle, Reply<int> reply) =>
        reply.Fail(Errno.EINVAL);

    /// <summary>Begins a read(2) at the shared offset that is longer than a call carries: moves the offset
    /// over what is there, which the caller then reads at offsets of its own. EISDIR, EINVAL.</summary>
    /// <param name="countMax">At most so many bytes.</param>
    /// <param name="reply">Where to read.</param>
    [Call(30, Rights.Read, Fails = [Errno.EISDIR, Errno.EINVAL])]
    public virtual void Advance(long countMax, Reply<FileExtent> reply) => reply.Fail(Errno.EINVAL);

    /// <summary>Ends such a read that found less, as the file was cut meanwhile: moves the shared offset
    /// back, unless it was moved since.</summary>
    /// <param name="from">The end of what <see cref="Advance"/> gave.</param>
    /// <param name="to">The end of what was read.</param>
    /// <param name="reply">EINVAL when that is not before.</param>
    [Call(31, Rights.Read, Fails = [Errno.EINVAL])]
    public virtual void Retreat(long from, long to, Reply<Nothing> reply) => reply.Fail(Errno.EINVAL);
}
