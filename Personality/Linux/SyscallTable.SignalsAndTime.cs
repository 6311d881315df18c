using K42.Personality.Linux.Calls;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Signals, time, the system itself.
    private static SyscallRow[] SignalAndTimeRows =>
    [
        Full(
            13, "rt_sigaction", Signals.RtSigaction, note:
            "Whoever runs the program runs the handler: sa_mask, SA_NODEFER, stack and restorer are its."),
        Full(14, "rt_sigprocmask", Signals.RtSigprocmask),
        Partial(24, "sched_yield", SystemCalls.Nothing, "Does nothing."),
        Full(34, "pause", Signals.Pause),
        Full(35, "nanosleep", Time.Nanosleep),
        Full(37, "alarm", Signals.Alarm),
        Full(62, "kill", Signals.Kill),
        Full(63, "uname", SystemCalls.Uname),
        Partial(96, "gettimeofday", Time.Gettimeofday, "Works; not yet compared with Linux case by case."),
        Partial(
            127, "rt_sigpending", Signals.RtSigpending,
            "Works; not yet compared with Linux case by case."),
        Partial(
            130, "rt_sigsuspend", Signals.RtSigsuspend,
            "Works; not yet compared with Linux case by case."),
        Partial(162, "sync", SystemCalls.Nothing, "Volumes in memory have nothing to write back."),
        Partial(201, "time", Time.Seconds, "Works; not yet compared with Linux case by case."),
        Full(
            228, "clock_gettime", Time.ClockGettime, note:
            "CPU-time clocks count what K42's nodes do for a process; the program is run by its host."),
        Partial(229, "clock_getres", Time.ClockGetres, "Works; not yet compared with Linux case by case."),
        Partial(
            230, "clock_nanosleep", Time.ClockNanosleep,
            "Stepping the clock does not move an absolute sleep."),
        Partial(318, "getrandom", SystemCalls.Getrandom, "At most 64 KiB per call."),
    ];
}
