using System.Buffers.Binary;

using K42.Contracts;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>nanosleep(2), clock_gettime(2), by the node's clock.</summary>
internal static class Time
{
    private const int Realtime = 0, Monotonic = 1, ProcessCpu = 2, ThreadCpu = 3, MonotonicRaw = 4;
    private const int RealtimeCoarse = 5, MonotonicCoarse = 6, Boottime = 7;
    private const int Tai = 11, AbsoluteTime = 1, ScheduledTime = 2, TimeMask = 3;
    private const long CoarseNs = 4_000_000;

    /// <summary>nanosleep(2).</summary>
    public static async ValueTask<SysResult> Nanosleep(LinuxTask task, SyscallArgs args)
    {
        var asked = Read(args, 0);
        if (asked.Failed) return asked.Errno;
        return await Sleep(task, args, asked.Value, args.Address(1));
    }

    /// <summary>clock_nanosleep(2).</summary>
    public static async ValueTask<SysResult> ClockNanosleep(LinuxTask task, SyscallArgs args)
    {
        var clock = args.Int(0);
        if (clock is ThreadCpu) return Errno.EINVAL;
        var now = Now(task, clock);
        if (now is null) return Errno.EINVAL;
        if (clock is MonotonicRaw or RealtimeCoarse or MonotonicCoarse or ProcessCpu) return Errno.EOPNOTSUPP;
        var asked = Read(args, 2);
        if (asked.Failed) return asked.Errno;
        var absolute = (args.Int(1) & AbsoluteTime) != 0;
        var ns = absolute ? Math.Max(asked.Value - now.Value, 0) : asked.Value;
        return await Sleep(task, args, ns, absolute ? 0 : args.Address(3));
    }

    /// <summary>clock_gettime(2).</summary>
    public static ValueTask<SysResult> ClockGettime(LinuxTask task, SyscallArgs args)
    {
        if (args.Int(0) < 0) return ProcessClock(task, args);
        return Now(task, args.Int(0)) is { } ns ? new(Give(args, 1, ns)) : new(Errno.EINVAL);
    }

    /// <summary>clock_getres(2).</summary>
    public static ValueTask<SysResult> ClockGetres(LinuxTask task, SyscallArgs args)
    {
        var clock = args.Int(0);
        if (clock < 0) return ProcessResolution(task, args);
        if (Now(task, clock) is null) return new(Errno.EINVAL);
        if (args.Address(1) == 0) return new(0);
        return new(Give(args, 1, clock is RealtimeCoarse or MonotonicCoarse ? CoarseNs : 1));
    }

    /// <summary>gettimeofday(2); the time zone is UTC.</summary>
    public static ValueTask<SysResult> Gettimeofday(LinuxTask task, SyscallArgs args)
    {
        const int nsPerUs = 1_000;
        var (value, zone) = (args.Address(0), args.Address(1));
        if (value != 0)
        {
            var bytes = new byte[Layout.TimespecBytes];
            Layout.Timespec(bytes, task.Context.Ipc.Clock.RealtimeNs);
            var fraction = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), fraction / nsPerUs);
            if (!args.Memory.TryWrite(value, bytes.AsMemory())) return new(Errno.EFAULT);
        }
        return new(zone == 0 || args.Memory.TryWriteInt64(zone, 0) ? 0 : Errno.EFAULT);
    }

    /// <summary>time(2).</summary>
    public static ValueTask<SysResult> Seconds(LinuxTask task, SyscallArgs args)
    {
        var seconds = task.Context.Ipc.Clock.RealtimeNs / Layout.NsPerSecond;
        var address = args.Address(0);
        return new(address == 0 || args.Memory.TryWriteInt64(address, seconds) ? seconds : Errno.EFAULT);
    }

    private static long? Now(LinuxTask task, int clock)
    {
        var time = task.Context.Ipc.Clock;
        return clock switch
        {
            Realtime or RealtimeCoarse or Tai => time.RealtimeNs,
            Monotonic or MonotonicRaw or MonotonicCoarse or Boottime => time.MonotonicNs,
            // What the node did for the process; the program itself is run, and counted, by its host.
            ProcessCpu or ThreadCpu => task.Context.ProcessorNs,
            // Nodes have no clock that wakes them: CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM are EINVAL.
            _ => null,
        };
    }

    /// <summary>What a clock that clock_getcpuclockid(3) names shows: bits 0 and 1 say which time, bit 2 a
    /// thread's, the rest is the complement of the number. EINVAL.</summary>
    private static async ValueTask<Outcome<long>> ProcessTime(LinuxTask task, int clock)
    {
        const int thread = 4, shift = 3, userTime = 1;
        var (which, pid) = (clock & TimeMask, ~(clock >> shift));
        if (which > ScheduledTime) return Errno.EINVAL;
        var ns = task.Context.ProcessorNs;
        if (pid != 0 && pid != task.Pid)
        {
            // Another's threads are nobody's business.
            if ((clock & thread) != 0) return Errno.EINVAL;
            var other = await task.Patient(
                (Table: task.ProcessesOf(pid), pid), static ask => ask.Table.Lookup(ask.pid));
            if (other.Failed) return other.Errno == Errno.ESRCH ? Errno.EINVAL : other.Errno;
            ns = other.Value.ProcessorNs;
        }
        return which == userTime ? 0 : ns;
    }

    private static async ValueTask<SysResult> ProcessClock(LinuxTask task, SyscallArgs args)
    {
        var time = await ProcessTime(task, args.Int(0));
        return time.Failed ? time.Errno : Give(args, 1, time.Value);
    }

    private static async ValueTask<SysResult> ProcessResolution(LinuxTask task, SyscallArgs args)
    {
        var time = await ProcessTime(task, args.Int(0));
        if (time.Failed) return time.Errno;
        if (args.Address(1) == 0) return 0;
        return Give(args, 1, (args.Int(0) & TimeMask) == ScheduledTime ? 1 : CoarseNs);
    }

    private static async ValueTask<SysResult> Sleep(
        LinuxTask task, SyscallArgs args, long ns, ulong remaining)
    {
        var clock = task.Context.Ipc.Clock;
        var until = clock.MonotonicNs + ns;
        while (true)
        {
            var left = until - clock.MonotonicNs;
            if (ns == 0 || left <= 0) return 0;
            // Timers count days, sleeps may last centuries.
            var part = Math.Min(left, 24 * 3_600 * Layout.NsPerSecond);
            if (await Waiting.Sleep(task.Context.Ipc, part, args.Interrupted)) continue;
            left = Math.Max(until - clock.MonotonicNs, 0);
            if (left == 0) return 0;
            return remaining == 0 || !Give(args, remaining, left).Failed ? Errno.EINTR : Errno.EFAULT;
        }
    }

    // A duration or time in nanoseconds, no more than half the clock's range. EFAULT, EINVAL.
    private static Outcome<long> Read(SyscallArgs args, int index)
    {
        var read = args.Memory.TryRead(args.Address(index), Layout.TimespecBytes, out var bytes);
        if (!read) return Errno.EFAULT;
        var seconds = BinaryPrimitives.ReadInt64LittleEndian(bytes.Span);
        var fraction = BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[8..]);
        if (seconds < 0 || fraction is < 0 or >= Layout.NsPerSecond) return Errno.EINVAL;
        const long max = long.MaxValue / 2;
        return seconds > max / Layout.NsPerSecond - 1 ? max : (seconds * Layout.NsPerSecond) + fraction;
    }

    private static SysResult Give(SyscallArgs args, int index, long ns) =>
        Give(args, args.Address(index), ns);

    private static SysResult Give(SyscallArgs args, ulong address, long ns)
    {
        var bytes = new byte[Layout.TimespecBytes];
        Layout.Timespec(bytes, ns);
        return args.Memory.TryWrite(address, bytes.AsMemory()) ? 0 : Errno.EFAULT;
    }
}
