namespace K42.Servers.Volumes;

/// <summary>Flags of open(2), x86-64 values.</summary>
#pragma warning disable CS1591 // Each name is open(2)'s own.
public static class OpenFlags
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_ACCMODE = 3;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_DSYNC = 0x1000;
    public const int O_ASYNC = 0x2000;
    public const int O_DIRECT = 0x4000;
    public const int O_LARGEFILE = 0x8000;
    public const int O_DIRECTORY = 0x1_0000;
    public const int O_NOFOLLOW = 0x2_0000;
    public const int O_NOATIME = 0x4_0000;
    public const int O_CLOEXEC = 0x8_0000;
    public const int O_SYNC = 0x10_1000;
    public const int O_PATH = 0x20_0000;

    /// <summary>The bit that O_TMPFILE adds to O_DIRECTORY.</summary>
    public const int TemporaryFile = 0x40_0000;

    /// <summary>What F_SETFL may change (fcntl(2)).</summary>
    public const int Settable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;

    /// <summary>What F_GETFL shows of the flags that a file was opened with.</summary>
    public static int Kept(int flags) =>
        (flags & O_PATH) != 0
            ? flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW)
            : (flags & Shown) | O_LARGEFILE;

    private const int Shown =
        O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_DIRECTORY | O_NOFOLLOW
        | O_NOATIME;
}
