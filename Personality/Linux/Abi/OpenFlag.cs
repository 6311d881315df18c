namespace K42.Personality.Linux.Abi;

#pragma warning disable CS1591 // Each name is Linux's own.

/// <summary>Flags of open(2), x86-64 (asm-generic/fcntl.h).</summary>
internal static class OpenFlag
{
    public const int O_ACCMODE = 3, O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2;
    public const int O_CREAT = 0x40, O_EXCL = 0x80, O_NOCTTY = 0x100, O_TRUNC = 0x200, O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800, O_DSYNC = 0x1000, O_ASYNC = 0x2000, O_DIRECT = 0x4000;
    public const int O_LARGEFILE = 0x8000, O_DIRECTORY = 0x1_0000;
    public const int O_NOFOLLOW = 0x2_0000, O_NOATIME = 0x4_0000;
    public const int O_CLOEXEC = 0x8_0000, O_PATH = 0x20_0000, O_TMPFILE = 0x40_0000 | O_DIRECTORY;

    /// <summary>Those that F_SETFL changes.</summary>
    public const int Settable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;

    /// <summary>All that open(2) looks at; the rest is ignored, as Linux does.</summary>
    public const int Valid = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK
        | 0x10_1000 | O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC
        | O_PATH | O_TMPFILE;
}

/// <summary>Flags of the *at calls (linux/fcntl.h).</summary>
internal static class AtFlag
{
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200;
    public const int AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000;
    public const int AT_STATX_SYNC_TYPE = 0x6000;
}

/// <summary>Types and bits of st_mode (linux/stat.h).</summary>
internal static class FileMode
{
    public const uint S_IFMT = 0xF000, S_IFREG = 0x8000, S_IFDIR = 0x4000, S_IFCHR = 0x2000, S_IFBLK = 0x6000;
    public const uint S_IFIFO = 0x1000, S_IFSOCK = 0xC000, S_IFLNK = 0xA000;
    public const uint S_IALLUGO = 0xFFF, S_IRWXUGO = 0x1FF;
}

/// <summary>Commands of fcntl(2).</summary>
internal static class FcntlCommand
{
    public const int F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4;
    public const int F_GETLK = 5, F_SETLK = 6, F_SETLKW = 7;
    public const int F_SETOWN = 8, F_GETOWN = 9, F_SETSIG = 10, F_GETSIG = 11;
    public const int F_SETOWN_EX = 15, F_GETOWN_EX = 16, F_GETOWNER_UIDS = 17;
    public const int F_SETLEASE = 1024, F_GETLEASE = 1025, F_NOTIFY = 1026, F_CREATED_QUERY = 1028;
    public const int F_ADD_SEALS = 1033, F_GET_SEALS = 1034, F_GET_RW_HINT = 1035, F_SET_RW_HINT = 1036;
    public const int F_OFD_GETLK = 36, F_OFD_SETLK = 37, F_OFD_SETLKW = 38;
    public const int F_DUPFD_QUERY = 1027, F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031, F_GETPIPE_SZ = 1032;
    public const int FD_CLOEXEC = 1;
}

#pragma warning restore CS1591
