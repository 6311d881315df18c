using K42.Personality.Linux.Calls;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Descriptors and what is read and written through them.
    private static SyscallRow[] FileRows =>
    [
        Full(0, "read", ReadWrite.Read, restarts: true),
        Full(1, "write", ReadWrite.Write, restarts: true),
        Full(2, "open", OpenClose.Open, restarts: true),
        Full(3, "close", OpenClose.Close),
        Full(8, "lseek", ReadWrite.Lseek),
        Full(17, "pread64", ReadWrite.Pread, restarts: true),
        Full(18, "pwrite64", ReadWrite.Pwrite, restarts: true),
        Full(19, "readv", ReadWrite.Readv, restarts: true),
        Full(20, "writev", ReadWrite.Writev, restarts: true),
        Full(22, "pipe", Pipes.Pipe),
        Full(32, "dup", Descriptors.Dup),
        Full(33, "dup2", Descriptors.Dup2),
        Full(
            72, "fcntl", Descriptors.Fcntl,
            note: "Deadlocks are found within a volume; fcntl_locking(2) promises no more.",
            restarts: true),
        Full(85, "creat", OpenClose.Creat, restarts: true),
        Full(257, "openat", OpenClose.Openat, restarts: true),
        Full(292, "dup3", Descriptors.Dup3),
        Full(
            293, "pipe2", Pipes.Pipe2, note: "No notification pipes: ENOPKG, as a Linux built without."),
        Partial(
            295, "preadv", ReadWrite.Preadv,
            "Works; not yet compared with Linux case by case.", restarts: true),
        Partial(
            296, "pwritev", ReadWrite.Pwritev,
            "Works; not yet compared with Linux case by case.", restarts: true),
        Partial(436, "close_range", OpenClose.CloseRange, "Works; not yet compared with Linux case by case."),
    ];
}
