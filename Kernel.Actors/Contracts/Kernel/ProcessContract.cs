namespace K42.Contracts.Kernel;

/// <summary>Which children wait4(2) and waitid(2) ask for.</summary>
public enum WaitFor : byte
{
    /// <summary>Any child.</summary>
    Any = 0,

    /// <summary>The child with this number.</summary>
    Process = 1,

    /// <summary>Any child in this process group; 0 is the caller's own.</summary>
    Group = 2,
}

/// <summary>The answer of fork.</summary>
/// <param name="Pid">The child's number.</param>
/// <param name="Handle">The child's process object, for the child.</param>
[Wire]
public readonly partial record struct ForkResult(int Pid, ObjectHandle Handle);

/// <summary>The answer of spawn.</summary>
/// <param name="Pid">The child's number.</param>
/// <param name="Token">16 unguessable bytes by which the child's program claims it, once, on its
/// node.</param>
[Wire]
public readonly partial record struct SpawnResult(int Pid, [property: Max(16)] ReadOnlyMemory<byte> Token);

/// <summary>The answer of wait.</summary>
/// <param name="Pid">The child; 0 when WNOHANG found none that changed.</param>
/// <param name="Status">The status word of wait4(2).</param>
/// <param name="Uid">The child's real user id (si_uid).</param>
/// <param name="Code">CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3, CLD_STOPPED 5, CLD_CONTINUED 6
/// (si_code).</param>
/// <param name="ProcessorNs">ru_stime in nanoseconds: what the child and the children that it waited for have
/// used of their nodes' processors.</param>
[Wire]
public readonly partial record struct WaitResult(
    int Pid, int Status, uint Uid, int Code, long ProcessorNs = 0);

/// <summary>A signal that is to be acted upon by the library.</summary>
/// <param name="Number">1 to 64.</param>
/// <param name="Sender">The sending process; 0 for the kernel.</param>
/// <param name="Uid">The sender's real user id.</param>
/// <param name="Code">si_code.</param>
/// <param name="Status">si_status of SIGCHLD.</param>
/// <param name="Dropped">Always false: what is dropped interrupts nothing.</param>
/// <param name="Descriptor">si_fd of a signal from an open file.</param>
/// <param name="Band">si_band of a signal from an open file.</param>
[Wire]
public readonly partial record struct SignalInfo(
    int Number, int Sender, uint Uid, int Code, int Status, bool Dropped, int Descriptor = 0,
    long Band = 0);

/// <summary>What is pending for a process, as state: coalesced, never dropped.</summary>
/// <param name="Stamp">Grows with every change; give it back to wait for the next.</param>
/// <param name="Ended">True when the process was terminated: the library ends the task.</param>
/// <param name="ExitStatus">The status word of wait4(2), once ended.</param>
/// <param name="Signals">Deliverable signals with handlers, lowest number first; taken by being
/// given.</param>
/// <param name="Stopped">True between a stop signal and SIGCONT: the library runs nothing of the
/// task.</param>
[Wire]
public readonly partial record struct SignalState(
    ulong Stamp, bool Ended, int ExitStatus, [property: Max(64)] SignalInfo[] Signals, bool Stopped);

/// <summary>What a change of ids names.</summary>
public enum IdRule : byte
{
    /// <summary>setuid(2), setgid(2).</summary>
    Id = 1,

    /// <summary>setreuid(2), setregid(2).</summary>
    RealAndEffective = 2,

    /// <summary>setresuid(2), setresgid(2).</summary>
    RealEffectiveAndSaved = 3,

    /// <summary>setfsuid(2), setfsgid(2).</summary>
    File = 4,
}

/// <summary>A change of user or group ids.</summary>
/// <param name="Rule">Which ids are given.</param>
/// <param name="OfGroup">Group ids, else user ids.</param>
/// <param name="First">The first id in the order of the manual page; 0xffffffff leaves one as it is.</param>
/// <param name="Second">The second, where there is one.</param>
/// <param name="Third">The third, where there is one.</param>
[Wire]
public readonly partial record struct IdChange(
    IdRule Rule, bool OfGroup, uint First, uint Second, uint Third);

/// <summary>What is known of a process.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Parent">Its parent's number; 1 for an orphan.</param>
/// <param name="Group">Its process group.</param>
/// <param name="Session">Its session.</param>
/// <param name="Uid">Real user id.</param>
/// <param name="Gid">Real group id.</param>
/// <param name="User">The name of the user who authenticated.</param>
/// <param name="State">'S', 'T', 'Z' as in proc(5).</param>
/// <param name="Name">What the client calls itself (comm), at most 15 bytes.</param>
/// <param name="StartedNs">CLOCK_REALTIME at its start.</param>
/// <param name="ProcessorNs">What it has used of its node's processors, in nanoseconds.</param>
[Wire]
public readonly partial record struct ProcessInfo(
    int Pid, int Parent, int Group, int Session, uint Uid, uint Gid, [property: Max(64)] string User,
    byte State, [property: Max(64)] string Name, long StartedNs, NodeRef Node, long ProcessorNs = 0);

/// <summary>One process: what its own program asks of the kernel about itself.</summary>
/// <remarks>
/// The handle is made for the process itself; nobody else holds rights on it. Every wait parks; cancelling it
/// answers EINTR; Fork, Spawn and SetGroup can't be cancelled. When the process ends, parked calls are
/// answered ESRCH or EIO (NextSignals: Ended), and later ones are refused: EPERM or EIO, as its identity and
/// its handle are gone. Errors of every call: EPERM for other callers.
/// </remarks>
[Contract(11)]
public abstract partial class ProcessContract : ServerObject
{
    /// <summary>fork(2): a child on this node with the same credentials, group, session, dispositions and
    /// mask. EAGAIN when no number can be had or RLIMIT_NPROC is reached.</summary>
    [Call(1, Rights.ProcessOnly, ParkedMax = 64, Fails = [Errno.EAGAIN, Errno.ESRCH])]
    public abstract void Fork(Reply<ForkResult> reply);

    /// <summary>K42's create on another node: a child there, with a token for its program. ENODEV when the
    /// node is not in the cluster, EAGAIN as fork, ESRCH when the caller ended meanwhile.</summary>
    [Call(2, Rights.ProcessOnly, ParkedMax = 64, ReplyMax = 16,
        Fails = [Errno.EAGAIN, Errno.ENODEV, Errno.ESRCH])]
    public abstract void Spawn(int nodeId, Reply<SpawnResult> reply);

    /// <summary>exit_group(2): ends the process with a status of 0 to 255. Its handles are dropped, its
    /// children go to process 1, its parent gets SIGCHLD and a wait status.</summary>
    [Call(3, Rights.ProcessOnly)]
    public abstract void Exit(int status, Reply<Nothing> reply);

    /// <summary>wait4(2), waitid(2). Options are Linux's: WNOHANG 1, WUNTRACED (WSTOPPED) 2, WEXITED 4,
    /// WCONTINUED 8, WNOWAIT 0x01000000, __WNOTHREAD, __WALL and __WCLONE; wait4 passes WEXITED. ECHILD when
    /// there is no such child.</summary>
    [Call(4, Rights.ProcessOnly, ParkedMax = 64, Fails = [Errno.ECHILD, Errno.EINTR, Errno.EINVAL])]
    public abstract void Wait(WaitFor which, int id, int options, Reply<WaitResult> reply);

    /// <summary>The upcall by which the library hears of signals: answers when the state is newer than the
    /// stamp. Signals that are blocked by the mask stay pending.</summary>
    [Call(5, Rights.ProcessOnly, ParkedMax = 4, ReplyMax = 64)]
    public abstract void NextSignals(ulong seenStamp, Reply<SignalState> reply);

    /// <summary>Sets the mask of blocked signals (bit n-1 for signal n); SIGKILL and SIGSTOP stay
    /// deliverable. Gives the signals that are pending and blocked (sigpending(2)).</summary>
    [Call(6, Rights.ProcessOnly, Idempotent = true)]
    public abstract void SetSignalMask(ulong mask, Reply<ulong> reply);

    /// <summary>Sets a disposition: 0 default, 1 ignore, 2 handler. EINVAL for SIGKILL, SIGSTOP and numbers
    /// outside 1 to 64. Of SIGCHLD's flags SA_NOCLDWAIT (2) and SA_NOCLDSTOP (1) count.</summary>
    [Call(7, Rights.ProcessOnly, Idempotent = true, Fails = [Errno.EINVAL])]
    public abstract void SetDisposition(int signal, int disposition, uint flags, Reply<Nothing> reply);

    /// <summary>setpgid(2) on itself or a child: ESRCH, EPERM, EINVAL as there. Zero means "itself", or "its
    /// own number", as there.</summary>
    [Call(8, Rights.ProcessOnly, ParkedMax = 64, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public abstract void SetGroup(int pid, int group, Reply<Nothing> reply);

    /// <summary>setsid(2): the new session's number. EPERM when already a group leader.</summary>
    [Call(9, Rights.ProcessOnly, ParkedMax = 64, Fails = [Errno.EPERM])]
    public abstract void SetSession(Reply<int> reply);

    /// <summary>alarm(2): SIGALRM after that many seconds, 0 for never. Gives the seconds that were
    /// left.</summary>
    [Call(10, Rights.ProcessOnly)]
    public abstract void Alarm(uint seconds, Reply<uint> reply);

    /// <summary>What is known of the process itself.</summary>
    [Call(11, Rights.ProcessOnly, Idempotent = true, ReplyMax = 64)]
    public abstract void Info(Reply<ProcessInfo> reply);

    /// <summary>Sets what the process is called (PR_SET_NAME): at most 15 bytes count.</summary>
    [Call(12, Rights.ProcessOnly, Idempotent = true)]
    public abstract void SetName([Max(64)] string name, Reply<Nothing> reply);

    /// <summary>setuid(2), setgid(2), setreuid(2), setregid(2), setresuid(2), setresgid(2), setfsuid(2),
    /// setfsgid(2), with CAP_SETUID and CAP_SETGID where the effective user id is 0. When it answers, calls
    /// that carry the credentials before are refused. Gives the file system's id before (which setfsuid(2)
    /// returns). EPERM, EINVAL.</summary>
    [Call(13, Rights.ProcessOnly, Fails = [Errno.EPERM, Errno.EINVAL])]
    public abstract void ChangeIds(IdChange change, Reply<uint> reply);

    /// <summary>setgroups(2), of at most 64. EPERM without the effective user id 0, EINVAL for the group
    /// -1.</summary>
    [Call(14, Rights.ProcessOnly, Fails = [Errno.EPERM, Errno.EINVAL])]
    public abstract void SetGroups([Max(64)] uint[] groups, Reply<Nothing> reply);
}
