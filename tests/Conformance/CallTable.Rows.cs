using static K42.Conformance.ParameterKind;
using static K42.Conformance.ReturnKind;

namespace K42.Conformance;

public static partial class CallTable
{
    /// <summary>
    /// The rows, by manual-page family. Numbers are checked against the kernel's header by a test.
    /// </summary>
    public static CallShape[] Rows =>
    [
        new("read", 0, Plain, N("fd"), P(OutBytes, "count")),
        new("write", 1, Plain, N("fd"), P(InBytes, "data")),
        new("pread64", 17, Plain, N("fd"), P(OutBytes, "count"), N("offset")),
        new("pwrite64", 18, Plain, N("fd"), P(InBytes, "data"), N("offset")),
        new("readv", 19, Plain, N("fd"), P(OutVector, "iov")),
        new("writev", 20, Plain, N("fd"), P(InVector, "iov")),
        new("lseek", 8, Plain, N("fd"), N("offset"), N("whence")),
        new("open", 2, Plain, P(PathName, "path"), N("flags"), O("mode")),
        new("openat", 257, Plain, N("dirfd"), P(PathName, "path"), N("flags"), O("mode")),
        new("creat", 85, Plain, P(PathName, "path"), N("mode")),
        new("close", 3, Plain, N("fd")),
        new("fsync", 74, Plain, N("fd")),
        new("flock", 73, Plain, N("fd"), N("operation")),
        new("truncate", 76, Plain, P(PathName, "path"), N("length")),
        new("ftruncate", 77, Plain, N("fd"), N("length")),

        new("dup", 32, Plain, N("oldfd")),
        new("dup2", 33, Plain, N("oldfd"), N("newfd")),
        new("dup3", 292, Plain, N("oldfd"), N("newfd"), N("flags")),
        new("fcntl", 72, Plain, N("fd"), N("cmd"), P(NumberOrLock, "arg")),
        new("pipe", 22, Plain, S("pipefd", 'p', 8)),
        new("pipe2", 293, Plain, S("pipefd", 'p', 8), N("flags")),

        new("stat", 4, Plain, P(PathName, "path"), S("statbuf", 's', 144)),
        new("fstat", 5, Plain, N("fd"), S("statbuf", 's', 144)),
        new("lstat", 6, Plain, P(PathName, "path"), S("statbuf", 's', 144)),
        new("newfstatat", 262, Plain, N("dirfd"), P(PathName, "path"), S("statbuf", 's', 144), N("flags")),
        new("access", 21, Plain, P(PathName, "path"), N("mode")),
        new("faccessat", 269, Plain, N("dirfd"), P(PathName, "path"), N("mode")),
        new("statfs", 137, Plain, P(PathName, "path"), S("buf", 'f', 120)),
        new("utimensat", 280, Plain, N("dirfd"), P(PathName, "path"), P(Times, "times"), N("flags")),

        new("getdents64", 217, Plain, N("fd"), P(OutEntries, "count")),
        new("getdents_all", GetdentsAllNumber, Plain, N("fd"), N("count")) { Covers = "getdents64" },
        new("mknod", 133, Plain, P(PathName, "path"), N("mode"), N("dev")),
        new("mkdir", 83, Plain, P(PathName, "path"), N("mode")),
        new("mkdirat", 258, Plain, N("dirfd"), P(PathName, "path"), N("mode")),
        new("rmdir", 84, Plain, P(PathName, "path")),
        new("unlink", 87, Plain, P(PathName, "path")),
        new("unlinkat", 263, Plain, N("dirfd"), P(PathName, "path"), N("flags")),
        new("rename", 82, Plain, P(PathName, "oldpath"), P(PathName, "newpath")),
        new("renameat", 264, Plain, N("olddirfd"), P(PathName, "oldpath"),
            N("newdirfd"), P(PathName, "newpath")),
        new("renameat2", 316, Plain, N("olddirfd"), P(PathName, "oldpath"),
            N("newdirfd"), P(PathName, "newpath"), N("flags")),
        new("link", 86, Plain, P(PathName, "oldpath"), P(PathName, "newpath")),
        new("linkat", 265, Plain, N("olddirfd"), P(PathName, "oldpath"),
            N("newdirfd"), P(PathName, "newpath"), N("flags")),
        new("symlink", 88, Plain, P(PathName, "target"), P(PathName, "linkpath")),
        new("symlinkat", 266, Plain, P(PathName, "target"), N("newdirfd"), P(PathName, "linkpath")),
        new("readlink", 89, Plain, P(PathName, "path"), P(OutBytes, "bufsiz")),
        new("readlinkat", 267, Plain, N("dirfd"), P(PathName, "path"), P(OutBytes, "bufsiz")),

        new("chmod", 90, Plain, P(PathName, "path"), N("mode")),
        new("fchmod", 91, Plain, N("fd"), N("mode")),
        new("chown", 92, Plain, P(PathName, "path"), N("owner"), N("group")),
        new("fchown", 93, Plain, N("fd"), N("owner"), N("group")),
        new("umask", 95, Plain, N("mask")),
        new("chdir", 80, Plain, P(PathName, "path")),
        new("fchdir", 81, Plain, N("fd")),
        new("getcwd", 79, Plain, P(OutPath, "size")),
        new("mount", 165, Plain, P(PathName, "source"), P(PathName, "target"), P(PathName, "type"),
            N("flags"), P(PathName, "data")),
        new("umount2", 166, Plain, P(PathName, "target"), N("flags")),

        new("fork", 57, Process),
        new("exit", 60, Plain, N("status")),
        new("exit_group", 231, Plain, N("status")),
        new("wait4", 61, Process, N("pid"), S("wstatus", 'w', 4), N("options"),
            new Parameter(Fixed, "rusage")),
        new("waitid", 247, Plain, N("idtype"), N("id"), S("infop", 'i', 128), N("options"),
            new Parameter(Fixed, "rusage")),
        new("kill", 62, Plain, N("pid"), N("sig")),
        new("getpid", 39, Process),
        new("getppid", 110, Process),
        new("getpgid", 121, Process, N("pid")),
        new("setpgid", 109, Plain, N("pid"), N("pgid")),
        new("getsid", 124, Process, N("pid")),
        new("setsid", 112, Process),
        new("getuid", 102, Plain),
        new("geteuid", 107, Plain),
        new("getgid", 104, Plain),
        new("getegid", 108, Plain),
        new("getgroups", 115, Plain, P(OutGroups, "size")),
        new("setgroups", 116, Plain, P(InGroups, "list")),
        new("setuid", 105, Plain, N("uid")),
        new("setgid", 106, Plain, N("gid")),
        new("setreuid", 113, Plain, N("ruid"), N("euid")),
        new("setregid", 114, Plain, N("rgid"), N("egid")),
        new("setresuid", 117, Plain, N("ruid"), N("euid"), N("suid")),
        new("getresuid", 118, Plain, S("ruid", '1', 4), S("euid", '2', 4), S("suid", '3', 4)),
        new("setresgid", 119, Plain, N("rgid"), N("egid"), N("sgid")),
        new("getresgid", 120, Plain, S("rgid", '1', 4), S("egid", '2', 4), S("sgid", '3', 4)),
        new("setfsuid", 122, Plain, N("fsuid")),
        new("setfsgid", 123, Plain, N("fsgid")),

        new("uname", 63, Plain, S("buf", 'u', 390)),
        new("nanosleep", 35, Plain, P(Time, "req"), new Parameter(Fixed, "rem")),
        new("clock_gettime", 228, Plain, N("clockid"), S("tp", 't', 16)),
        new("rt_sigaction", 13, Plain, N("signum"), P(ParameterKind.Action, "act"), S("oldact", 'a', 32),
            new Parameter(Fixed, "sigsetsize", Value: 8)),
        new("rt_sigprocmask", 14, Plain, N("how"), P(SignalSet, "set"), S("oldset", 'm', 8),
            new Parameter(Fixed, "sigsetsize", Value: 8)),
        new("pause", 34, Plain),
        new("alarm", 37, Plain, N("seconds")),

        new("signals", SignalsNumber, Plain, N("count")) { Covers = null },
        new("siginfos", SiginfosNumber, Plain, N("count")) { Covers = null },
    ];

    private static Parameter N(string name) => new(ParameterKind.Number, name);

    private static Parameter O(string name) => new(OptionalNumber, name);

    private static Parameter P(ParameterKind kind, string name) => new(kind, name);

    private static Parameter S(string name, char code, int bytes) => new(OutStructure, name, code, bytes);
}
