namespace K42.Personality.Linux.Abi;

/// <summary>Signals, x86-64 (signal(7)).</summary>
internal static class Signal
{
    public const int SIGKILL = 9, SIGPIPE = 13, SIGCHLD = 17, SIGSTOP = 19;

    /// <summary>The highest number.</summary>
    public const int NumberMax = 64;

    /// <summary>The size of the kernel's sigset_t, which rt_sig* calls insist on.</summary>
    public const ulong SetBytes = 8;

    /// <summary>Dispositions as ProcessContract.SetDisposition knows them; SIG_DFL and SIG_IGN have these
    /// values too.</summary>
    public const int Default = 0, Ignore = 1, Handler = 2;

    /// <summary>Flags of sigaction(2).</summary>
    public const ulong SA_NODEFER = 0x4000_0000, SA_RESETHAND = 0x8000_0000, SA_RESTART = 0x1000_0000;

    /// <summary>The flags that are kept; others are cleared, as Linux does (sigaction(2)): SA_NOCLDSTOP,
    /// SA_NOCLDWAIT, SA_SIGINFO, SA_EXPOSE_TAGBITS, SA_RESTORER, SA_ONSTACK and those above.</summary>
    public const ulong KnownFlags = 0x0C00_0807 | SA_NODEFER | SA_RESETHAND | SA_RESTART;

    /// <summary>How of sigprocmask(2).</summary>
    public const int SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2;

    /// <summary>The signals that nothing blocks.</summary>
    public const ulong Unblockable = (1UL << (SIGKILL - 1)) | (1UL << (SIGSTOP - 1));

    /// <summary>A signal's bit in a mask.</summary>
    public static ulong Bit(int number) => 1UL << (number - 1);
}

/// <summary>The kernel's struct sigaction, x86-64: 32 bytes.</summary>
/// <param name="Handler">SIG_DFL 0, SIG_IGN 1, or the handler's address.</param>
/// <param name="Flags">SA_*.</param>
/// <param name="Restorer">sa_restorer.</param>
/// <param name="Mask">Blocked while the handler runs.</param>
public readonly record struct SignalAction(ulong Handler, ulong Flags, ulong Restorer, ulong Mask)
{
    /// <summary>Its size in memory.</summary>
    public const int Bytes = 32;
}
