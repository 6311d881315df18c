using K42.Linux.V1;

namespace K42.Client;

public static partial class SystemCalls
{
    /// <summary>fork(2). The result is the child's number. Out: forked, by which the session makes
    /// the child's calls.</summary>
    public static Call Fork() => new() { Fork = new ForkRequest() };

    /// <summary>exit(2). The completion may be missing: TaskEnded tells the end.</summary>
    public static Call Exit(int status) => new() { Exit = new ExitRequest { Status = status } };

    /// <summary>exit_group(2). As exit: a task of a session is a process.</summary>
    public static Call ExitGroup(int status) =>
        new() { ExitGroup = new ExitGroupRequest { Status = status } };

    /// <summary>wait4(2). The result is the child's number, 0 when WNOHANG found none. Out:
    /// wait_status.</summary>
    public static Call Wait4(int pid, int options) =>
        new() { Wait4 = new Wait4Request { Pid = pid, Options = options } };

    /// <summary>waitid(2). Out: child.</summary>
    public static Call Waitid(int idtype, int id, int options) =>
        new() { Waitid = new WaitidRequest { Idtype = idtype, Id = id, Options = options } };

    /// <summary>kill(2). Works across nodes.</summary>
    public static Call Kill(int pid, int sig) => new() { Kill = new KillRequest { Pid = pid, Sig = sig } };

    /// <summary>getpid(2).</summary>
    public static Call Getpid() => new() { Getpid = new GetpidRequest() };

    /// <summary>getppid(2).</summary>
    public static Call Getppid() => new() { Getppid = new GetppidRequest() };

    /// <summary>getpgrp(2).</summary>
    public static Call Getpgrp() => new() { Getpgrp = new GetpgrpRequest() };

    /// <summary>getpgid(2).</summary>
    public static Call Getpgid(int pid) => new() { Getpgid = new GetpgidRequest { Pid = pid } };

    /// <summary>setpgid(2).</summary>
    public static Call Setpgid(int pid, int pgid) =>
        new() { Setpgid = new SetpgidRequest { Pid = pid, Pgid = pgid } };

    /// <summary>getsid(2).</summary>
    public static Call Getsid(int pid) => new() { Getsid = new GetsidRequest { Pid = pid } };

    /// <summary>setsid(2).</summary>
    public static Call Setsid() => new() { Setsid = new SetsidRequest() };

    /// <summary>getuid(2).</summary>
    public static Call Getuid() => new() { Getuid = new GetuidRequest() };

    /// <summary>geteuid(2).</summary>
    public static Call Geteuid() => new() { Geteuid = new GeteuidRequest() };

    /// <summary>getgid(2).</summary>
    public static Call Getgid() => new() { Getgid = new GetgidRequest() };

    /// <summary>getegid(2).</summary>
    public static Call Getegid() => new() { Getegid = new GetegidRequest() };

    /// <summary>getgroups(2). Out: groups, unless size is 0; the result is their number.</summary>
    public static Call Getgroups(int size) => new() { Getgroups = new GetgroupsRequest { Size = size } };

    /// <summary>A new child process on a node of the caller's choice (K42's own call). The result
    /// is its number. Out: spawned, with which a program claims it there. Errors: ENODEV no such
    /// node, EAGAIN no number can be had.</summary>
    public static Call Spawn(string node) => new() { Spawn = new SpawnRequest { Node = node } };

    /// <summary>rt_sigaction(2). Out: action, the one before.</summary>
    public static Call RtSigaction(int signum, SignalAction? act = null) =>
        new() { RtSigaction = new RtSigactionRequest { Signum = signum, Act = act } };

    /// <summary>rt_sigprocmask(2). Out: signals, the mask before.</summary>
    public static Call RtSigprocmask(int how, SignalSet? set = null) =>
        new() { RtSigprocmask = new RtSigprocmaskRequest { How = how, Set = set } };

    /// <summary>pause(2): completes with EINTR when a signal with a handler was delivered, or when
    /// it is cancelled.</summary>
    public static Call Pause() => new() { Pause = new PauseRequest() };

    /// <summary>alarm(2). The result is the seconds that were left of the alarm before.</summary>
    public static Call Alarm(uint seconds) => new() { Alarm = new AlarmRequest { Seconds = seconds } };

    /// <summary>nanosleep(2).</summary>
    public static Call Nanosleep(Timespec req) => new() { Nanosleep = new NanosleepRequest { Req = req } };

    /// <summary>clock_gettime(2). Out: time.</summary>
    public static Call ClockGettime(int clockid) =>
        new() { ClockGettime = new ClockGettimeRequest { Clockid = clockid } };

    /// <summary>uname(2). Out: utsname.</summary>
    public static Call Uname() => new() { Uname = new UnameRequest() };

    /// <summary>Any row of the system call table, by its number. Pointers can't be given: EFAULT
    /// when the call reads one.</summary>
    public static Call Numeric(uint number, IEnumerable<long> args) =>
        new() { Numeric = new NumericRequest { Number = number, Args = { args } } };
}
