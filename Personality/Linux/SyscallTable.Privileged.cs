using K42.Contracts;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Limits, privileges, and what belongs to whoever runs the cluster.
    private static SyscallRow[] PrivilegedRows =>
    [
        Refused(97, "getrlimit", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(98, "getrusage", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(99, "sysinfo", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(103, "syslog", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(125, "capget", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(126, "capset", Errno.EPERM, "A principal's ids are fixed by how it authenticated."),
        Refused(134, "uselib", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(139, "sysfs", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(140, "getpriority", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(141, "setpriority", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(142, "sched_setparam", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(143, "sched_getparam", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(
            144, "sched_setscheduler", Errno.ENOSYS,
            "Limits, usage and priorities are not kept for a task."),
        Refused(
            145, "sched_getscheduler", Errno.ENOSYS,
            "Limits, usage and priorities are not kept for a task."),
        Refused(
            146, "sched_get_priority_max", Errno.ENOSYS,
            "Limits, usage and priorities are not kept for a task."),
        Refused(
            147, "sched_get_priority_min", Errno.ENOSYS,
            "Limits, usage and priorities are not kept for a task."),
        Refused(
            148, "sched_rr_get_interval", Errno.ENOSYS,
            "Limits, usage and priorities are not kept for a task."),
        Refused(153, "vhangup", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(155, "pivot_root", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(156, "_sysctl", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(157, "prctl", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(159, "adjtimex", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(160, "setrlimit", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(161, "chroot", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(163, "acct", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(164, "settimeofday", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(167, "swapon", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(168, "swapoff", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(169, "reboot", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(170, "sethostname", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(171, "setdomainname", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(172, "iopl", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(173, "ioperm", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(174, "create_module", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(175, "init_module", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(176, "delete_module", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(177, "get_kernel_syms", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(178, "query_module", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(179, "quotactl", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(180, "nfsservctl", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(181, "getpmsg", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(182, "putpmsg", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(183, "afs_syscall", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(184, "tuxcall", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(185, "security", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(
            203, "sched_setaffinity", Errno.ENOSYS,
            "Limits, usage and priorities are not kept for a task."),
        Refused(
            204, "sched_getaffinity", Errno.ENOSYS,
            "Limits, usage and priorities are not kept for a task."),
        Refused(212, "lookup_dcookie", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(227, "clock_settime", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(236, "vserver", Errno.ENOSYS, "Linux itself answers so: never built, or gone."),
        Refused(246, "kexec_load", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(
            248, "add_key", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(
            249, "request_key", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(
            250, "keyctl", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(251, "ioprio_set", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(252, "ioprio_get", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(272, "unshare", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(298, "perf_event_open", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(302, "prlimit64", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(305, "clock_adjtime", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(308, "setns", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(312, "kcmp", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(313, "finit_module", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(314, "sched_setattr", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(315, "sched_getattr", Errno.ENOSYS, "Limits, usage and priorities are not kept for a task."),
        Refused(
            317, "seccomp", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(320, "kexec_file_load", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(321, "bpf", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(428, "open_tree", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(429, "move_mount", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(430, "fsopen", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(431, "fsconfig", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(432, "fsmount", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(433, "fspick", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(442, "mount_setattr", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(443, "quotactl_fd", Errno.EPERM, "Belongs to the cluster's operator, not to a program."),
        Refused(
            444, "landlock_create_ruleset", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(
            445, "landlock_add_rule", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(
            446, "landlock_restrict_self", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(457, "statmount", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(458, "listmount", Errno.ENOSYS, "Mounts are made by mount and umount2."),
        Refused(
            459, "lsm_get_self_attr", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(
            460, "lsm_set_self_attr", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(
            461, "lsm_list_modules", Errno.ENOSYS,
            "What confines a principal is its identity and root, not filters."),
        Refused(467, "open_tree_attr", Errno.ENOSYS, "Mounts are made by mount and umount2."),
    ];
}
