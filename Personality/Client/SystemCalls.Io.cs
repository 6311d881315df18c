using K42.Linux.V1;
using static K42.Client.K42Text;

namespace K42.Client;

public static partial class SystemCalls
{
    /// <summary>read(2). Out: data, empty at the end of the file.</summary>
    public static Call Read(int fd, ulong count) =>
        new() { Read = new ReadRequest { Fd = fd, Count = count } };

    /// <summary>write(2). The result is how many bytes were taken.</summary>
    public static Call Write(int fd, ReadOnlyMemory<byte> data) =>
        new() { Write = new WriteRequest { Fd = fd, Data = Bytes(data) } };

    /// <summary>pread(2). Out: data.</summary>
    public static Call Pread64(int fd, ulong count, long offset) =>
        new() { Pread64 = new Pread64Request { Fd = fd, Count = count, Offset = offset } };

    /// <summary>pwrite(2).</summary>
    public static Call Pwrite64(int fd, ReadOnlyMemory<byte> data, long offset) =>
        new() { Pwrite64 = new Pwrite64Request { Fd = fd, Data = Bytes(data), Offset = offset } };

    /// <summary>readv(2). Out: data, all buffers joined.</summary>
    public static Call Readv(int fd, IEnumerable<ulong> counts) =>
        new() { Readv = new ReadvRequest { Fd = fd, Counts = { counts } } };

    /// <summary>writev(2).</summary>
    public static Call Writev(int fd, IEnumerable<ReadOnlyMemory<byte>> data) =>
        new() { Writev = new WritevRequest { Fd = fd, Data = { data.Select(part => Bytes(part)) } } };

    /// <summary>lseek(2). The result is the new offset.</summary>
    public static Call Lseek(int fd, long offset, int whence) =>
        new() { Lseek = new LseekRequest { Fd = fd, Offset = offset, Whence = whence } };

    /// <summary>fsync(2).</summary>
    public static Call Fsync(int fd) => new() { Fsync = new FsyncRequest { Fd = fd } };

    /// <summary>flock(2): LOCK_SH 1, LOCK_EX 2 or LOCK_UN 8, and LOCK_NB 4.</summary>
    public static Call Flock(int fd, int operation) =>
        new() { Flock = new FlockRequest { Fd = fd, Operation = operation } };

    /// <summary>fdatasync(2).</summary>
    public static Call Fdatasync(int fd) => new() { Fdatasync = new FdatasyncRequest { Fd = fd } };

    /// <summary>truncate(2).</summary>
    public static Call Truncate(string path, long length) =>
        new() { Truncate = new TruncateRequest { Path = Encode(path), Length = length } };

    /// <summary>ftruncate(2).</summary>
    public static Call Ftruncate(int fd, long length) =>
        new() { Ftruncate = new FtruncateRequest { Fd = fd, Length = length } };

    /// <summary>open(2). The result is the new descriptor. O_CLOEXEC and others are the x86-64
    /// numbers.</summary>
    public static Call Open(string path, int flags, uint mode = 0) =>
        new() { Open = new OpenRequest { Path = Encode(path), Flags = flags, Mode = mode } };

    /// <summary>openat(2).</summary>
    public static Call Openat(int dirfd, string path, int flags, uint mode = 0) =>
        new()
        {
            Openat = new OpenatRequest { Dirfd = dirfd, Path = Encode(path), Flags = flags, Mode = mode },
        };

    /// <summary>creat(2): open with O_CREAT|O_WRONLY|O_TRUNC.</summary>
    public static Call Creat(string path, uint mode) =>
        new() { Creat = new CreatRequest { Path = Encode(path), Mode = mode } };

    /// <summary>close(2).</summary>
    public static Call Close(int fd) => new() { Close = new CloseRequest { Fd = fd } };

    /// <summary>dup(2). The result is the new descriptor.</summary>
    public static Call Dup(int oldfd) => new() { Dup = new DupRequest { Oldfd = oldfd } };

    /// <summary>dup2(2).</summary>
    public static Call Dup2(int oldfd, int newfd) =>
        new() { Dup2 = new Dup2Request { Oldfd = oldfd, Newfd = newfd } };

    /// <summary>dup3(2).</summary>
    public static Call Dup3(int oldfd, int newfd, int flags) =>
        new() { Dup3 = new Dup3Request { Oldfd = oldfd, Newfd = newfd, Flags = flags } };

    /// <summary>fcntl(2). Out: lock for F_GETLK, owner for F_GETOWN_EX, owner ids for F_GETOWNER_UIDS, hint
    /// for F_GET_RW_HINT.</summary>
    /// <param name="fileLock">For commands that take a struct flock.</param>
    /// <param name="owner">For F_SETOWN_EX.</param>
    /// <param name="hint">For F_SET_RW_HINT.</param>
    public static Call Fcntl(
        int fd, int cmd, long arg = 0, FileLock? fileLock = null, FileOwner? owner = null,
        ulong? hint = null)
    {
        var request = new FcntlRequest { Fd = fd, Cmd = cmd, Arg = arg, Lock = fileLock, Owner = owner };
        if (hint is { } given) request.Hint = given;
        return new Call { Fcntl = request };
    }

    /// <summary>pipe(2). Out: descriptors.</summary>
    public static Call Pipe() => new() { Pipe = new PipeRequest() };

    /// <summary>pipe2(2). Out: descriptors.</summary>
    public static Call Pipe2(int flags) => new() { Pipe2 = new Pipe2Request { Flags = flags } };
}
