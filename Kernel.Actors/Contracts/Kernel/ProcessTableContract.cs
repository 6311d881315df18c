namespace K42.Contracts.Kernel;

/// <summary>What a child on another node starts from.</summary>
/// <param name="Parent">The parent's number.</param>
/// <param name="User">The principal's name.</param>
/// <param name="Groups">Supplementary groups.</param>
/// <param name="By">How the principal authenticated (<see cref="Authentication"/>).</param>
/// <param name="IgnoredSignals">Bit n-1 set: signal n is ignored.</param>
[Wire]
public readonly partial record struct ChildStart(
    int Parent, int Group, int Session, uint Uid, uint Gid, [property: Max(64)] string User,
    [property: Max(64)] uint[] Groups, byte By, ulong SignalMask, ulong IgnoredSignals,
    [property: Max(64)] string Name);

/// <summary>The processes of one node, and what other processes and kernels ask about them.</summary>
/// <remarks>A factory: one per node. Ask the node that is home to the number (a process, group or session number:
/// the block map tells); a node that is not the home answers ESRCH. Calls that require Kernel are between nodes.</remarks>
[Contract(10, Factory = true)]
public abstract partial class ProcessTableContract : ServerObject
{
    /// <summary>kill(2) to one process of this node. Signal 0 only checks. EPERM by the rules of kill(2).</summary>
    [Call(1, Rights.None, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public abstract void Kill(int pid, int signal, [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>kill(2) to a whole group, at the home of the group's number: every member on every node, none
    /// that is forked meanwhile escapes. EPERM only when no member could be signalled.</summary>
    [Call(2, Rights.None, ParkedMax = 1_024, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public abstract void KillGroup(int group, int signal, [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>kill(-1): every process of this node that the caller may signal, except process 1 and itself.
    /// Gives how many there were.</summary>
    [Call(3, Rights.None, Fails = [Errno.EINVAL])]
    public abstract void KillAll(int signal, [Caller] CallerIdentity caller, Reply<int> reply);

    /// <summary>What is known of a process of this node: getpgid(2) and getsid(2) read it. ESRCH.</summary>
    [Call(4, Rights.None, Idempotent = true, ReplyMax = 64, Fails = [Errno.ESRCH])]
    public abstract void Lookup(int pid, Reply<ProcessInfo> reply);

    /// <summary>The processes of this node with numbers above the given one, in order, at most 256: ps.</summary>
    [Call(5, Rights.None, Idempotent = true, ReplyMax = 256)]
    public abstract void List(int after, Reply<ProcessInfo[]> reply);

    /// <summary>Makes a child of a process of another node. EAGAIN when no number can be had.</summary>
    [Call(6, Rights.Kernel, ParkedMax = 1_024, ReplyMax = 16, Fails = [Errno.EAGAIN])]
    public abstract void CreateChild(ChildStart start, Reply<SpawnResult> reply);

    /// <summary>A child on another node ended or changed state; the parent lives here. ESRCH when it does not.</summary>
    [Call(7, Rights.Kernel, Fails = [Errno.ESRCH])]
    public abstract void ChildChanged(int parent, WaitResult change, bool mayReap, Reply<Nothing> reply);

    /// <summary>A parent on another node took a child's wait status, or ended: the zombie may go.</summary>
    [Call(8, Rights.Kernel, OneWay = true)]
    public abstract void ParentReleased(int child, bool orphaned);

    /// <summary>Makes a process a member of a group whose number's home is here; the epoch that its node has
    /// acted upon comes back. EPERM when the group is of another session, or unknown and create is false.</summary>
    [Call(9, Rights.Kernel, Fails = [Errno.EPERM])]
    public abstract void JoinGroup(int group, int session, int pid, bool create, Reply<ulong> reply);

    /// <summary>A process left a group whose home is here.</summary>
    [Call(10, Rights.Kernel, OneWay = true)]
    public abstract void LeaveGroup(int group, int pid);

    /// <summary>Delivers a group's signal to the members that live here.</summary>
    [Call(11, Rights.Kernel, Fails = [Errno.EPERM, Errno.ESRCH])]
    public abstract void SignalMembers(
        [Max(1_024)] int[] members, int signal, int sender, uint uid, uint effectiveUid, ulong epoch,
        Reply<int> reply);

    /// <summary>setpgid(2) of a child of another node's process.</summary>
    [Call(12, Rights.Kernel, ParkedMax = 64, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public abstract void SetChildGroup(int parent, int session, int child, int group, Reply<Nothing> reply);

    /// <summary>What a child that spawn made here starts with: its parent's library leaves it, and whoever claims
    /// the child gets it. The kernel doesn't look into it; access to what it names was given by GiveAccess. The last
    /// one before the claim counts. EPERM for others than the parent, ESRCH when there is no such child, or it was
    /// claimed.</summary>
    [Call(13, Rights.None, Idempotent = true, Fails = [Errno.EPERM, Errno.ESRCH])]
    public virtual void Bequeath(
        int child, [Max(65_536)] ReadOnlyMemory<byte> state, [Caller] CallerIdentity caller,
        Reply<Nothing> reply) => reply.Fail(Errno.ESRCH);
}
