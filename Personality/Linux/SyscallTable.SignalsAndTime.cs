using K42.Personality.Linux.Calls;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Signals, time, the system itself.
    private static SyscallRow[] SignalAndTimeRows =>
    [
        Partial(
            13, "rt_sigaction", Signals.RtSigaction,
            "Whoever runs the program runs the handler; its mask and SA_NODEFER are recorded, not applied."),
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
        Partial(228, "clock_gettime", Time.ClockGettime, "CPU-time clocks stand at zero."),
        Partial(229, "clock_getres", Time.ClockGetres, "Works; not yet compared with Linux case by case."),
        Partial(
            230, "clock_nanosleep", Time.ClockNanosleep,
            "Stepping the clock does not move an absolute sleep."),
        Partial(318, "getrandom", SystemCalls.Getrandom, "At most 64 KiB per call."),
    ];
}
