using K42.Contracts;
using K42.Personality.Linux.Calls;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // What the program's host does, and what works on its memory.
    private static SyscallRow[] MemoryRows =>
    [
        Refused(
            9, "mmap", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            10, "mprotect", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            11, "munmap", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            12, "brk", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            15, "rt_sigreturn", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            25, "mremap", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            26, "msync", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            27, "mincore", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            28, "madvise", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(29, "shmget", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(30, "shmat", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(31, "shmctl", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(
            40, "sendfile", Errno.ENOSYS,
            "The pieces travel through the library either way: programs fall back to read and write."),
        Refused(
            59, "execve", Errno.ENOSYS,
            "Programs are not loaded yet: a task's program is run by its client."),
        Refused(64, "semget", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(65, "semop", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(66, "semctl", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(67, "shmdt", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(68, "msgget", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(69, "msgsnd", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(70, "msgrcv", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(71, "msgctl", Errno.ENOSYS, "No System V or POSIX message objects."),
        Full(73, "flock", Locks.Flock, restarts: true),
        Refused(78, "getdents", Errno.ENOSYS, "The older form: use its successor."),
        Refused(101, "ptrace", Errno.ENOSYS, "No task can look into another."),
        Refused(
            131, "sigaltstack", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(132, "utime", Errno.ENOSYS, "The older form: use its successor."),
        Refused(
            135, "personality", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(136, "ustat", Errno.ENOSYS, "The older form: use its successor."),
        Refused(
            149, "mlock", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            150, "munlock", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            151, "mlockall", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            152, "munlockall", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            154, "modify_ldt", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            158, "arch_prctl", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            187, "readahead", Errno.ENOSYS,
            "Only advice or write-back control: there is no page cache here to steer."),
        Refused(188, "setxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(189, "lsetxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(190, "fsetxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(191, "getxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(192, "lgetxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(193, "fgetxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(194, "listxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(195, "llistxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(196, "flistxattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(197, "removexattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(198, "lremovexattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(199, "fremovexattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(
            202, "futex", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            205, "set_thread_area", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            211, "get_thread_area", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            216, "remap_file_pages", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            218, "set_tid_address", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            219, "restart_syscall", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(220, "semtimedop", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(
            221, "fadvise64", Errno.ENOSYS,
            "Only advice or write-back control: there is no page cache here to steer."),
        Refused(235, "utimes", Errno.ENOSYS, "The older form: use its successor."),
        Refused(
            237, "mbind", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            238, "set_mempolicy", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            239, "get_mempolicy", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(240, "mq_open", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(241, "mq_unlink", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(242, "mq_timedsend", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(243, "mq_timedreceive", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(244, "mq_notify", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(245, "mq_getsetattr", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(
            256, "migrate_pages", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(261, "futimesat", Errno.ENOSYS, "The older form: use its successor."),
        Refused(
            273, "set_robust_list", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            274, "get_robust_list", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            275, "splice", Errno.ENOSYS,
            "The pieces travel through the library either way: programs fall back to read and write."),
        Refused(
            276, "tee", Errno.ENOSYS,
            "The pieces travel through the library either way: programs fall back to read and write."),
        Refused(
            277, "sync_file_range", Errno.ENOSYS,
            "Only advice or write-back control: there is no page cache here to steer."),
        Refused(
            278, "vmsplice", Errno.ENOSYS,
            "The pieces travel through the library either way: programs fall back to read and write."),
        Refused(
            279, "move_pages", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(285, "fallocate", Errno.EOPNOTSUPP, "Volumes don't reserve space ahead."),
        Refused(
            303, "name_to_handle_at", Errno.ENOSYS,
            "Named flags say more than openat's only for resolution limits, which walks don't take yet."),
        Refused(
            304, "open_by_handle_at", Errno.ENOSYS,
            "Named flags say more than openat's only for resolution limits, which walks don't take yet."),
        Refused(
            306, "syncfs", Errno.ENOSYS,
            "Only advice or write-back control: there is no page cache here to steer."),
        Refused(
            309, "getcpu", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(310, "process_vm_readv", Errno.ENOSYS, "No task can look into another."),
        Refused(311, "process_vm_writev", Errno.ENOSYS, "No task can look into another."),
        Refused(319, "memfd_create", Errno.ENOSYS, "No System V or POSIX message objects."),
        Refused(
            322, "execveat", Errno.ENOSYS,
            "Programs are not loaded yet: a task's program is run by its client."),
        Refused(
            323, "userfaultfd", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            324, "membarrier", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            325, "mlock2", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            326, "copy_file_range", Errno.ENOSYS,
            "The pieces travel through the library either way: programs fall back to read and write."),
        Refused(
            327, "preadv2", Errno.ENOSYS,
            "The pieces travel through the library either way: programs fall back to read and write."),
        Refused(
            328, "pwritev2", Errno.ENOSYS,
            "The pieces travel through the library either way: programs fall back to read and write."),
        Refused(
            329, "pkey_mprotect", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            330, "pkey_alloc", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            331, "pkey_free", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            334, "rseq", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            335, "uretprobe", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            336, "uprobe", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            435, "clone3", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            437, "openat2", Errno.ENOSYS,
            "Named flags say more than openat's only for resolution limits, which walks don't take yet."),
        Refused(
            440, "process_madvise", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            447, "memfd_secret", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            448, "process_mrelease", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            449, "futex_waitv", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            450, "set_mempolicy_home_node", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            451, "cachestat", Errno.ENOSYS,
            "Only advice or write-back control: there is no page cache here to steer."),
        Refused(
            452, "fchmodat2", Errno.ENOSYS,
            "Named flags say more than openat's only for resolution limits, which walks don't take yet."),
        Refused(
            453, "map_shadow_stack", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            454, "futex_wake", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            455, "futex_wait", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            456, "futex_requeue", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(
            462, "mseal", Errno.ENOSYS,
            "Works on the program's own memory or threads: its host serves it, not this library."),
        Refused(463, "setxattrat", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(464, "getxattrat", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(465, "listxattrat", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(466, "removexattrat", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(468, "file_getattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
        Refused(469, "file_setattr", Errno.EOPNOTSUPP, "Volumes keep no extended attributes."),
    ];
}
