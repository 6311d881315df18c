using K42.Personality.Linux.Calls;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Names, attributes, directories, mounts.
    private static SyscallRow[] PathRows =>
    [
        Full(4, "stat", Attributes.Stat),
        Full(5, "fstat", Attributes.Fstat),
        Full(6, "lstat", Attributes.Lstat),
        Full(21, "access", Attributes.Access),
        Full(74, "fsync", Mounting.Fsync),
        Partial(75, "fdatasync", Mounting.Fsync, "Works; not yet compared with Linux case by case."),
        Full(76, "truncate", Changes.Truncate, restarts: true),
        Full(77, "ftruncate", Changes.Ftruncate),
        Full(79, "getcwd", Directories.Getcwd),
        Full(80, "chdir", Directories.Chdir),
        Full(81, "fchdir", Directories.Fchdir),
        Full(82, "rename", Links.Rename),
        Full(83, "mkdir", Directories.Mkdir),
        Full(84, "rmdir", Directories.Rmdir),
        Full(86, "link", Links.Link),
        Full(87, "unlink", Links.Unlink),
        Full(88, "symlink", Links.Symlink),
        Full(89, "readlink", Links.Readlink),
        Full(90, "chmod", Changes.Chmod),
        Full(91, "fchmod", Changes.Fchmod),
        Full(92, "chown", Changes.Chown),
        Full(93, "fchown", Changes.Fchown),
        Partial(94, "lchown", Changes.Lchown, "Works; not yet compared with Linux case by case."),
        Full(95, "umask", Changes.Umask),
        Partial(
            133, "mknod", Directories.Mknod,
            "EPERM for FIFOs and sockets: named ones are not served yet."),
        Full(137, "statfs", Mounting.Statfs),
        Partial(138, "fstatfs", Mounting.Fstatfs, "Works; not yet compared with Linux case by case."),
        Full(
            165, "mount", Mounting.Mount,
            note: "The file systems are tmpfs and ramfs, others ENODEV."),
        Full(166, "umount2", Mounting.Umount2),
        Full(217, "getdents64", Directories.Getdents64),
        Full(258, "mkdirat", Directories.Mkdirat),
        Partial(
            259, "mknodat", Directories.Mknodat,
            "EPERM for FIFOs and sockets: named ones are not served yet."),
        Partial(260, "fchownat", Changes.Fchownat, "Works; not yet compared with Linux case by case."),
        Full(262, "newfstatat", Attributes.Newfstatat),
        Full(263, "unlinkat", Links.Unlinkat),
        Full(264, "renameat", Links.Renameat),
        Full(265, "linkat", Links.Linkat),
        Full(266, "symlinkat", Links.Symlinkat),
        Full(267, "readlinkat", Links.Readlinkat),
        Partial(268, "fchmodat", Changes.Fchmodat, "Works; not yet compared with Linux case by case."),
        Full(269, "faccessat", Attributes.Faccessat),
        Full(280, "utimensat", Changes.Utimensat),
        Partial(316, "renameat2", Links.Renameat2, "No whiteouts (EINVAL)."),
        Partial(332, "statx", Attributes.Statx, "The basic fields, always; no birth time, no mount number."),
        Partial(439, "faccessat2", Attributes.Faccessat2, "Works; not yet compared with Linux case by case."),
    ];
}
