using System.Runtime.InteropServices;

namespace K42.Cluster.Membership;

/// <summary>The clock of the right to serve: monotonic, and it goes on while the machine sleeps.</summary>
/// <remarks>.NET's own clock stands still in suspend (CLOCK_MONOTONIC): a node would wake up with its right,
/// long after the others published its death. A virtual machine that its hypervisor pauses has no clock that
/// tells of it. Any thread may use it.</remarks>
public sealed class BootClock : TimeProvider
{
    private const int ClockBootTime = 7; // CLOCK_BOOTTIME, clock_gettime(2)
    private const long SecondNs = 1_000_000_000;

    /// <summary>The only one.</summary>
    public static readonly BootClock Instance = new();

    private BootClock()
    {
    }

    /// <summary>Nanoseconds.</summary>
    public override long TimestampFrequency => SecondNs;

    /// <summary>Time since the machine started, sleep included.</summary>
    public override long GetTimestamp()
    {
        _ = GetTime(ClockBootTime, out var time);
        return (time.Seconds * SecondNs) + time.Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static extern int GetTime(int clock, out TimeSpec time);
}
