using K42.Contracts;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Readiness, timers, rings, and signals that are more than a number.
    private static SyscallRow[] WaitingRows =>
    [
        Refused(7, "poll", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(16, "ioctl", Errno.ENOTTY, "No device takes controls yet."),
        Refused(23, "select", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(36, "getitimer", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(38, "setitimer", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(100, "times", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(
            128, "rt_sigtimedwait", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(
            129, "rt_sigqueueinfo", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(
            200, "tkill", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(206, "io_setup", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(207, "io_destroy", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(208, "io_getevents", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(209, "io_submit", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(210, "io_cancel", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(213, "epoll_create", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(214, "epoll_ctl_old", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(215, "epoll_wait_old", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(222, "timer_create", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(223, "timer_settime", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(224, "timer_gettime", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(225, "timer_getoverrun", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(226, "timer_delete", Errno.ENOSYS, "Interval and POSIX timers are not served; alarm is."),
        Refused(232, "epoll_wait", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(233, "epoll_ctl", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(
            234, "tgkill", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(253, "inotify_init", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(254, "inotify_add_watch", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(255, "inotify_rm_watch", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(270, "pselect6", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(271, "ppoll", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(281, "epoll_pwait", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(282, "signalfd", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(283, "timerfd_create", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(284, "eventfd", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(286, "timerfd_settime", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(287, "timerfd_gettime", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(289, "signalfd4", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(290, "eventfd2", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(291, "epoll_create1", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(294, "inotify_init1", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(
            297, "rt_tgsigqueueinfo", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(300, "fanotify_init", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(301, "fanotify_mark", Errno.ENOSYS, "No readiness or event objects yet."),
        Refused(333, "io_pgetevents", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(
            424, "pidfd_send_signal", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(425, "io_uring_setup", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(426, "io_uring_enter", Errno.ENOSYS, "No asynchronous rings: a session pipelines instead."),
        Refused(
            427, "io_uring_register", Errno.ENOSYS,
            "No asynchronous rings: a session pipelines instead."),
        Refused(
            434, "pidfd_open", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(
            438, "pidfd_getfd", Errno.ENOSYS,
            "Signals go to processes, without values; waiting for one is not served."),
        Refused(441, "epoll_pwait2", Errno.ENOSYS, "No readiness or event objects yet."),
    ];
}
