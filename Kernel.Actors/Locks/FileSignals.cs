using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Locks;

/// <summary>si_code of a signal from an open file (sigaction(2)).</summary>
public enum PollReason
{
    /// <summary>POLL_IN: there is something to read, or the end.</summary>
    In = 1,

    /// <summary>POLL_OUT: there is room to write, or nobody reads any more.</summary>
    Out = 2,

    /// <summary>POLL_MSG: a lease is broken, or a directory changed.</summary>
    Message = 3,
}

/// <summary>Whom an open file description tells of what happens to it, and by which signal
/// (fcntl(2)).</summary>
/// <remarks>
/// Calls: the process table of its node, which finds the owner and checks the rights of who set it. Nobody
/// waits for that. While many of one description's signals are under way, further ones become one that
/// follows them, as pending signals do; of real-time signals as many may be under way as a queue holds.
/// Only turns of the actor may touch it.
/// </remarks>
public sealed class FileSignals(ServerObject file)
{
    private const int SignalMax = 64, RealTimeFirst = 32, Io = 29, FromKernel = 0x80, FromFile = -5;
    private const int PlainUnderWayMax = 16, QueuedUnderWayMax = 1_024;
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(10);

    // Signals whose si_code has meanings of its own: SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGCHLD,
    // SIGSYS.
    private static readonly ulong SpecificCodes =
        Bit(4) | Bit(5) | Bit(7) | Bit(8) | Bit(11) | Bit(17) | Bit(31);

    private int _underWay;
    private (PollReason Reason, int Descriptor)? _next;

    /// <summary>F_GETOWN_EX, F_GETOWNER_UIDS.</summary>
    public SignalOwner Owner { get; private set; }

    /// <summary>F_GETSIG: 0 for SIGIO without more.</summary>
    public int Signal { get; private set; }

    /// <summary>F_SETSIG. EINVAL.</summary>
    public Errno SetSignal(int signal)
    {
        if (signal is < 0 or > SignalMax) return Errno.EINVAL;
        Signal = signal;
        return Errno.None;
    }

    /// <summary>F_SETOWN: the credentials of who sets it are kept with it. EINVAL.</summary>
    /// <param name="number">0 for nobody.</param>
    public Errno SetOwner(OwnerKind kind, int number, Principal who)
    {
        if (kind > OwnerKind.Group || number < 0) return Errno.EINVAL;
        Owner = number == 0
            ? Owner with { Kind = kind, Number = 0 }
            : new SignalOwner(kind, number, who.UserIds.Real, who.UserIds.Effective);
        return Errno.None;
    }

    /// <summary>Makes a process the owner unless there is one, as F_SETLEASE and F_NOTIFY do.</summary>
    public void SetDefaultOwner(CallerIdentity caller)
    {
        if (Owner.Number == 0) _ = SetOwner(OwnerKind.Process, caller.Pid, caller.Principal);
    }

    /// <summary>Neither owner nor signal any more, as after the end of a lease.</summary>
    public void Clear() =>
        (Owner, Signal) = (Owner with { Kind = OwnerKind.Process, Number = 0 }, 0);

    /// <summary>Tells the owner, if there is one.</summary>
    /// <param name="descriptor">What the owner calls the file.</param>
    public void Send(PollReason reason, int descriptor)
    {
        if (Owner.Number == 0) return;
        var most = Signal >= RealTimeFirst ? QueuedUnderWayMax : PlainUnderWayMax;
        if (_underWay >= most)
        {
            _next = (reason, descriptor);
            return;
        }
        _underWay++;
        var signal = Signal == 0 ? Io : Signal;
        Attempt(Owner, signal, Cause(Signal, reason, descriptor));
    }

    private static ulong Bit(int signal) => 1UL << (signal - 1);

    private static SignalCause Cause(int signal, PollReason reason, int descriptor)
    {
        if (signal == 0) return new SignalCause(FromKernel, 0, 0);
        var code = (SpecificCodes & Bit(signal)) != 0 ? FromFile : (int)reason;
        return new SignalCause(code, descriptor, Band(reason));
    }

    // EPOLL* of the kernel's band_table.
    private static long Band(PollReason reason) => reason switch
    {
        PollReason.In => 0x41,
        PollReason.Out => 0x304,
        _ => 0x441,
    };

    private void Attempt(SignalOwner owner, int signal, SignalCause cause)
    {
        var home = file.Home;
        ProcessTableClient.On(home.Context, home.Ipc.Node).NotifyOwnerThen(
            owner, signal, cause, false, file, outcome =>
            {
                // It certainly did not run, and is not to be lost.
                if (outcome.Errno is Errno.Overloaded) home.After(Again, () => Attempt(owner, signal, cause));
                else Came();
            });
    }

    private void Came()
    {
        _underWay--;
        if (_next is not { } next) return;
        _next = null;
        Send(next.Reason, next.Descriptor);
    }
}
