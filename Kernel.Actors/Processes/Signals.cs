namespace K42.Kernel.Processes;

/// <summary>Signal numbers and default actions, signal(7), x86-64.</summary>
internal static class Signals
{
    public const int Hangup = 1;
    public const int Kill = 9;
    public const int Alarm = 14;
    public const int Child = 17;
    public const int Continue = 18;
    public const int Stop = 19;
    public const int Io = 29;
    public const int Last = 64;

    /// <summary>The first real-time signal; those below coalesce.</summary>
    public const int RealTimeFirst = 32;

    /// <summary>si_code of signals that the kernel sends.</summary>
    public const int FromKernel = 0x80;

    /// <summary>si_code of kill(2).</summary>
    public const int FromUser = 0;

    /// <summary>SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU.</summary>
    public static readonly ulong StopSet = Bit(19) | Bit(20) | Bit(21) | Bit(22);

    /// <summary>SIGKILL and SIGSTOP: neither blocked, ignored nor handled.</summary>
    public static readonly ulong Unblockable = Bit(Kill) | Bit(Stop);

    /// <summary>SIGCHLD, SIGCONT, SIGURG, SIGWINCH: nothing happens by default.</summary>
    public static readonly ulong IgnoredByDefault = Bit(Child) | Bit(Continue) | Bit(23) | Bit(28);

    /// <summary>The bit of a signal in a set.</summary>
    public static ulong Bit(int signal) => 1UL << (signal - 1);

    /// <summary>True for 1 to 64.</summary>
    public static bool IsSignal(int signal) => signal is >= 1 and <= Last;

    /// <summary>The lowest signal of a set that is not empty.</summary>
    public static int Lowest(ulong set) => System.Numerics.BitOperations.TrailingZeroCount(set) + 1;
}

/// <summary>Numbers of wait4(2) and waitid(2).</summary>
internal static class WaitOptions
{
    public const int NoHang = 1;
    public const int Stopped = 2;
    public const int Exited = 4;
    public const int Continued = 8;
    public const int NoWait = 0x0100_0000;
    public const int NoThread = 0x2000_0000;
    public const int All = 0x4000_0000;
    public const int Clone = unchecked((int)0x8000_0000);
    public const int States = Stopped | Exited | Continued;
    public const int Known = NoHang | States | NoWait | NoThread | All | Clone;

    public const int CodeExited = 1;
    public const int CodeKilled = 2;
    public const int CodeStopped = 5;
    public const int CodeContinued = 6;

    /// <summary>The status word of a child that SIGCONT continued.</summary>
    public const int ContinuedStatus = 0xffff;

    /// <summary>The status word of a child that a signal stopped.</summary>
    public static int StoppedStatus(int signal) => (signal << 8) | 0x7f;

    /// <summary>si_code of a status word of a child that ended.</summary>
    public static int CodeOf(int status) => (status & 0x7f) == 0 ? CodeExited : CodeKilled;

    /// <summary>si_status of a status word of a child that ended.</summary>
    public static int ValueOf(int status) => (status & 0x7f) == 0 ? (status >> 8) & 0xff : status & 0x7f;
}
