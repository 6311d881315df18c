using static K42.Conformance.ParameterKind;
using static K42.Conformance.ReturnKind;

namespace K42.Conformance;

public static partial class CallTable
{
    /// <summary>The rows, by manual-page family. Numbers are checked against the kernel's header by a test.</summary>
    public static CallShape[] Rows =>
    [
        new("read", 0, Number, N("fd"), P(OutBytes, "count")),
        new("write", 1, Number, N("fd"), P(InBytes, "data")),
        new("pread64", 17, Number, N("fd"), P(OutBytes, "count"), N("offset")),
        new("pwrite64", 18, Number, N("fd"), P(InBytes, "data"), N("offset")),
        new("readv", 19, Number, N("fd"), P(OutVector, "iov")),
        new("writev", 20, Number, N("fd"), P(InVector, "iov")),
        new("lseek", 8, Number, N("fd"), N("offset"), N("whence")),
        new("open", 2, Number, P(Path, "path"), N("flags"), O("mode")),
        new("openat", 257, Number, N("dirfd"), P(Path, "path"), N("flags"), O("mode")),
        new("creat", 85, Number, P(Path, "path"), N("mode")),
        new("close", 3, Number, N("fd")),
        new("fsync", 74, Number, N("fd")),
        new("truncate", 76, Number, P(Path, "path"), N("length")),
        new("ftruncate", 77, Number, N("fd"), N("length")),

        new("dup", 32, Number, N("oldfd")),
        new("dup2", 33, Number, N("oldfd"), N("newfd")),
        new("dup3", 292, Number, N("oldfd"), N("newfd"), N("flags")),
        new("fcntl", 72, Number, N("fd"), N("cmd"), P(NumberOrLock, "arg")),
        new("pipe", 22, Number, S("pipefd", 'p', 8)),
        new("pipe2", 293, Number, S("pipefd", 'p', 8), N("flags")),

        new("stat", 4, Number, P(Path, "path"), S("statbuf", 's', 144)),
        new("fstat", 5, Number, N("fd"), S("statbuf", 's', 144)),
        new("lstat", 6, Number, P(Path, "path"), S("statbuf", 's', 144)),
        new("newfstatat", 262, Number, N("dirfd"), P(Path, "path"), S("statbuf", 's', 144), N("flags")),
        new("access", 21, Number, P(Path, "path"), N("mode")),
        new("faccessat", 269, Number, N("dirfd"), P(Path, "path"), N("mode")),
        new("statfs", 137, Number, P(Path, "path"), S("buf", 'f', 120)),
        new("utimensat", 280, Number, N("dirfd"), P(Path, "path"), P(Times, "times"), N("flags")),

        new("getdents64", 217, Number, N("fd"), P(OutEntries, "count")),
        new("getdents_all", GetdentsAllNumber, Number, N("fd"), N("count")) { Covers = "getdents64" },
        new("mkdir", 83, Number, P(Path, "path"), N("mode")),
        new("mkdirat", 258, Number, N("dirfd"), P(Path, "path"), N("mode")),
        new("rmdir", 84, Number, P(Path, "path")),
        new("unlink", 87, Number, P(Path, "path")),
        new("unlinkat", 263, Number, N("dirfd"), P(Path, "path"), N("flags")),
        new("rename", 82, Number, P(Path, "oldpath"), P(Path, "newpath")),
        new("renameat", 264, Number, N("olddirfd"), P(Path, "oldpath"), N("newdirfd"), P(Path, "newpath")),
        new("link", 86, Number, P(Path, "oldpath"), P(Path, "newpath")),
        new("linkat", 265, Number, N("olddirfd"), P(Path, "oldpath"), N("newdirfd"), P(Path, "newpath"), N("flags")),
        new("symlink", 88, Number, P(Path, "target"), P(Path, "linkpath")),
        new("symlinkat", 266, Number, P(Path, "target"), N("newdirfd"), P(Path, "linkpath")),
        new("readlink", 89, Number, P(Path, "path"), P(OutBytes, "bufsiz")),
        new("readlinkat", 267, Number, N("dirfd"), P(Path, "path"), P(OutBytes, "bufsiz")),

        new("chmod", 90, Number, P(Path, "path"), N("mode")),
        new("fchmod", 91, Number, N("fd"), N("mode")),
        new("chown", 92, Number, P(Path, "path"), N("owner"), N("group")),
        new("fchown", 93, Number, N("fd"), N("owner"), N("group")),
        new("umask", 95, Number, N("mask")),
        new("chdir", 80, Number, P(Path, "path")),
        new("fchdir", 81, Number, N("fd")),
        new("getcwd", 79, Number, P(OutPath, "size")),
        new("mount", 165, Number, P(Path, "source"), P(Path, "target"), P(Path, "type"), N("flags"), P(Path, "data")),
        new("umount2", 166, Number, P(Path, "target"), N("flags")),

        new("fork", 57, Process),
        new("exit", 60, Number, N("status")),
        new("exit_group", 231, Number, N("status")),
        new("wait4", 61, Process, N("pid"), S("wstatus", 'w', 4), N("options"), new Parameter(Fixed, "rusage")),
        new("waitid", 247, Number, N("idtype"), N("id"), S("infop", 'i', 128), N("options"),
            new Parameter(Fixed, "rusage")),
        new("kill", 62, Number, N("pid"), N("sig")),
        new("getpid", 39, Process),
        new("getppid", 110, Process),
        new("getpgid", 121, Process, N("pid")),
        new("setpgid", 109, Number, N("pid"), N("pgid")),
        new("getsid", 124, Process, N("pid")),
        new("setsid", 112, Process),
        new("getuid", 102, Number),
        new("geteuid", 107, Number),
        new("getgid", 104, Number),
        new("getegid", 108, Number),
        new("getgroups", 115, Number, P(OutGroups, "size")),

        new("uname", 63, Number, S("buf", 'u', 390)),
        new("nanosleep", 35, Number, P(Time, "req"), new Parameter(Fixed, "rem")),
        new("clock_gettime", 228, Number, N("clockid"), S("tp", 't', 16)),
        new("rt_sigaction", 13, Number, N("signum"), P(ParameterKind.Action, "act"), S("oldact", 'a', 32),
            new Parameter(Fixed, "sigsetsize", Value: 8)),
        new("rt_sigprocmask", 14, Number, N("how"), P(SignalSet, "set"), S("oldset", 'm', 8),
            new Parameter(Fixed, "sigsetsize", Value: 8)),
        new("pause", 34, Number),
        new("alarm", 37, Number, N("seconds")),

        new("signals", SignalsNumber, Number, N("count")) { Covers = null },
    ];

    private static Parameter N(string name) => new(ParameterKind.Number, name);

    private static Parameter O(string name) => new(OptionalNumber, name);

    private static Parameter P(ParameterKind kind, string name) => new(kind, name);

    private static Parameter S(string name, char code, int bytes) => new(OutStructure, name, code, bytes);
}
