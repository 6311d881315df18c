using K42.Personality.Linux.Calls;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Processes and who they act for.
    private static SyscallRow[] ProcessRows =>
    [
        Full(39, "getpid", Processes.Getpid),
        Partial(
            56, "clone", Processes.Clone,
            "As fork or vfork only: no threads, no namespaces, no sharing (EINVAL)."),
        Full(57, "fork", Processes.Fork),
        Partial(58, "vfork", Processes.Fork, "As fork: the parent does not wait."),
        Full(60, "exit", Processes.Exit),
        Full(
            61, "wait4", Waits.Wait4, restarts: true,
            "rusage has what K42's nodes did for the process (ru_stime); the program is run by its host."),
        Full(102, "getuid", Identity.Getuid),
        Full(104, "getgid", Identity.Getgid),
        Full(105, "setuid", Identity.Setuid),
        Full(106, "setgid", Identity.Setgid),
        Full(107, "geteuid", Identity.Geteuid),
        Full(108, "getegid", Identity.Getegid),
        Full(109, "setpgid", Processes.Setpgid),
        Full(110, "getppid", Processes.Getppid),
        Partial(111, "getpgrp", Processes.Getpgrp, "Works; not yet compared with Linux case by case."),
        Full(112, "setsid", Processes.Setsid),
        Full(113, "setreuid", Identity.Setreuid),
        Full(114, "setregid", Identity.Setregid),
        Full(115, "getgroups", Identity.Getgroups),
        Partial(116, "setgroups", Identity.Setgroups, "At most 64 groups (EINVAL)."),
        Full(117, "setresuid", Identity.Setresuid),
        Full(118, "getresuid", Identity.Getresuid),
        Full(119, "setresgid", Identity.Setresgid),
        Full(120, "getresgid", Identity.Getresgid),
        Full(121, "getpgid", Processes.Getpgid),
        Full(122, "setfsuid", Identity.Setfsuid),
        Full(123, "setfsgid", Identity.Setfsgid),
        Full(124, "getsid", Processes.Getsid),
        Partial(186, "gettid", Processes.Getpid, "A task has one thread."),
        Full(231, "exit_group", Processes.Exit),
        Full(
            247, "waitid", Waits.Waitid, restarts: true,
            "rusage as wait4's. There are no pidfds, so P_PIDFD finds none (EBADF)."),
    ];
}
