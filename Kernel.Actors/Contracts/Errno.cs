namespace K42.Contracts;

/// <summary>Linux error numbers, x86-64 (errno(3)). Zero is success.</summary>
#pragma warning disable CS1591 // Each name is errno(3)'s own.
public enum Errno : short
{
    None = 0,
    EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8, EBADF = 9,
        ECHILD = 10,
    EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, ENOTBLK = 15, EBUSY = 16, EEXIST = 17, EXDEV = 18,
    ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25, ETXTBSY = 26,
    EFBIG = 27, ENOSPC = 28, ESPIPE = 29, EROFS = 30, EMLINK = 31, EPIPE = 32, EDOM = 33, ERANGE = 34,
        EDEADLK = 35,
    ENAMETOOLONG =
        36, ENOLCK = 37, ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, ENODATA = 61, ETIME = 62,
    ENOPKG = 65, EPROTO = 71,
    EOVERFLOW = 75, EUSERS = 87, ENOTSOCK = 88, EMSGSIZE = 90, EOPNOTSUPP = 95, ENOBUFS = 105, EISCONN = 106,
    ENOTCONN = 107, ETIMEDOUT = 110, ECONNREFUSED = 111, EHOSTDOWN = 112, EHOSTUNREACH = 113, EALREADY = 114,
    EINPROGRESS = 115, ESTALE = 116, EDQUOT = 122, ECANCELED = 125, EKEYEXPIRED = 127, ECONNRESET = 104,

    /// <summary>Internal: a queue was full and nothing ran; the library backs off and retries. No program
    /// sees it.</summary>
    Overloaded = 600,

    /// <summary>Internal: the link ended before the call can have run. A program sees EIO.</summary>
    NotRun = 601,

    /// <summary>Internal: the link ended and the call may have run. A program sees EIO.</summary>
    MayHaveRun = 602,

    /// <summary>Internal: the mount table is newer than the caller's; it reads it again and
    /// retries.</summary>
    Refresh = 603,
}
#pragma warning restore CS1591
