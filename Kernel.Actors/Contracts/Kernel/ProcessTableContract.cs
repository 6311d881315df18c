namespace K42.Contracts.Kernel;

/// <summary>What a child on another node starts from.</summary>
/// <param name="Parent">The parent's number.</param>
/// <param name="User">The principal's name.</param>
/// <param name="Groups">Supplementary groups.</param>
/// <param name="By">How the principal authenticated (<see cref="Authentication"/>).</param>
/// <param name="Uid">The user id before files; so for Gid.</param>
/// <param name="IgnoredSignals">Bit n-1 set: signal n is ignored.</param>
/// <param name="LoginUid">The user who authenticated.</param>
/// <param name="UserIds">User ids.</param>
/// <param name="GroupIds">Group ids.</param>
/// <param name="ExpiresNs">Until when the parent's proof holds (CLOCK_REALTIME); 0 for ever.</param>
/// <param name="GroupHome">The home of the group's number; none when it is no more.</param>
[Wire]
public readonly partial record struct ChildStart(
    int Parent, int Group, int Session, uint Uid, uint Gid, [property: Max(64)] string User,
    [property: Max(64)] uint[] Groups, byte By, ulong SignalMask, ulong IgnoredSignals,
    [property: Max(64)] string Name, uint LoginUid, LinuxIds UserIds, LinuxIds GroupIds, long ExpiresNs,
    NodeRef GroupHome = default);

/// <summary>What the members of a group on one node mean to the whole group.</summary>
/// <param name="Links">One that has not ended has its parent, not process 1, in another group of its
/// session: the group is not orphaned.</param>
/// <param name="Stopped">One is stopped.</param>
[Wire]
public readonly partial record struct GroupView(bool Links, bool Stopped);

/// <summary>The processes of one node, and what other processes and kernels ask about them.</summary>
/// <remarks>A factory: one per node. Ask the node that is home to the number (a process, group or session
/// number: the block map tells); a node that is not the home answers ESRCH. A group outlives its number's
/// home: when that node was removed, any node takes <see cref="KillGroup"/>. Calls that require Kernel are
/// between nodes.</remarks>
[Contract(10, Factory = true)]
public abstract partial class ProcessTableContract : ServerObject
{
    /// <summary>kill(2) to one process of this node. Signal 0 only checks. EPERM by the rules of kill(2).
    /// Zombies can be signalled, to no effect. Parked only while the session of a SIGCONT's sender is asked
    /// for.</summary>
    [Call(1, Rights.None, ParkedMax = 1_024, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public abstract void Kill(int pid, int signal, [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>kill(2) to a whole group, at the home of the group's number: every member on every node, none
    /// that is forked or spawned meanwhile escapes. EPERM only when no member could be signalled. A group
    /// whose home was removed has no register: a child that is then being spawned on another node than its
    /// parent's may miss a signal.</summary>
    [Call(2, Rights.None, ParkedMax = 1_024, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public abstract void KillGroup(
        int group, int signal, [Caller] CallerIdentity caller, Reply<Nothing> reply);

    /// <summary>kill(-1): every process of this node that the caller may signal, except process 1 and itself.
    /// Gives how many other processes there were, permitted or not: kill(2) fails (ESRCH) only without
    /// any.</summary>
    [Call(3, Rights.None, ParkedMax = 1_024, Fails = [Errno.EINVAL])]
    public abstract void KillAll(int signal, [Caller] CallerIdentity caller, Reply<int> reply);

    /// <summary>What is known of a process of this node: getpgid(2) and getsid(2) read it. ESRCH.</summary>
    [Call(4, Rights.None, Idempotent = true, ReplyMax = 64, Fails = [Errno.ESRCH])]
    public abstract void Lookup(int pid, Reply<ProcessInfo> reply);

    /// <summary>The processes of this node with numbers above the given one, in order, at most 256:
    /// ps.</summary>
    [Call(5, Rights.None, Idempotent = true, ReplyMax = 256)]
    public abstract void List(int after, Reply<ProcessInfo[]> reply);

    /// <summary>Makes a child of a process of another node. EAGAIN when no number can be had.</summary>
    [Call(6, Rights.Kernel, ParkedMax = 1_024, ReplyMax = 16, Fails = [Errno.EAGAIN])]
    public abstract void CreateChild(
        ChildStart start, [Caller] CallerIdentity caller, Reply<SpawnResult> reply);

    /// <summary>A child on another node ended or changed state; the parent lives here. ESRCH when it does
    /// not, or has no such child. Repeats are answered as the first.</summary>
    /// <param name="change">What wait(2) is to give; code 0 when only the group changed.</param>
    /// <param name="mayReap">True when the child ended, which the code says too: nobody reads it.</param>
    /// <param name="sequence">Numbers this child's changes from 1; a number seen before changes
    /// nothing.</param>
    /// <param name="group">The child's process group now.</param>
    /// <param name="session">The child's session now.</param>
    /// <param name="reply">Once it is known.</param>
    [Call(7, Rights.Kernel, Fails = [Errno.ESRCH])]
    public abstract void ChildChanged(
        int parent, WaitResult change, bool mayReap, ulong sequence, int group, int session,
        Reply<Nothing> reply);

    /// <summary>A parent on another node took a child's wait status, or ended: the zombie may go.</summary>
    [Call(8, Rights.Kernel, OneWay = true)]
    public abstract void ParentReleased(int child, bool orphaned, [Caller] CallerIdentity caller);

    /// <summary>Makes a process of the caller's node a member of a group whose number's home is here.
    /// Answered only when that node has acted upon every signal that was sent to its members before, so that
    /// a child that is being forked can't escape one. Gives how many signals the group has had. EPERM when
    /// the group is of another session, or unknown and create is false.</summary>
    [Call(9, Rights.Kernel, ParkedMax = 4_096, Fails = [Errno.EPERM])]
    public abstract void JoinGroup(
        int group, int session, int pid, bool create, [Caller] CallerIdentity caller, Reply<ulong> reply);

    /// <summary>A process left a group whose home is here.</summary>
    [Call(10, Rights.Kernel, OneWay = true)]
    public abstract void LeaveGroup(int group, int pid);

    /// <summary>Delivers a group's signal to the members that live here, and to children that they are
    /// forking. Gives how many were signalled; EPERM when there were members and none could be, ESRCH without
    /// any.</summary>
    /// <param name="members">The members; empty for all that live here, when the group's home is
    /// gone.</param>
    /// <param name="epoch">How many signals the group has had, this one included.</param>
    /// <param name="group">The group.</param>
    /// <param name="senderSession">The sender's session, whose processes it may send SIGCONT; else 0.</param>
    /// <param name="cause">Why, when no process sends it.</param>
    [Call(11, Rights.Kernel, Fails = [Errno.EPERM, Errno.ESRCH])]
    public abstract void SignalMembers(
        [Max(1_024)] int[] members, int signal, int sender, uint uid, uint effectiveUid, ulong epoch,
            int group,
        int senderSession, SignalCause cause, Reply<int> reply);

    /// <summary>setpgid(2) of a child of another node's process.</summary>
    [Call(12, Rights.Kernel, ParkedMax = 64, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public abstract void SetChildGroup(int parent, int session, int child, int group, Reply<Nothing> reply);

    /// <summary>What a child that spawn made here starts with: its parent's library leaves it, and whoever
    /// claims the child gets it. The kernel doesn't look into it; access to what it names was given by
    /// GiveAccess. The last one before the claim counts. EPERM for others than the parent, ESRCH when there
    /// is no such child, or it was claimed.</summary>
    [Call(13, Rights.None, Idempotent = true, Fails = [Errno.EPERM, Errno.ESRCH])]
    public virtual void Bequeath(
        int child, [Max(65_536)] ReadOnlyMemory<byte> state, [Caller] CallerIdentity caller,
        Reply<Nothing> reply) => reply.Fail(Errno.ESRCH);

    /// <summary>Signals the owner of an open file: SIGIO, or what F_SETSIG says. A server asks its own node,
    /// which passes it to the home of the owner's number. EPERM when who set the owner may not signal it:
    /// that takes the effective user id 0, or one of its two ids among the real and saved ones of the target.
    /// A real-time signal that finds its queue full becomes SIGIO. ESRCH when the owner is gone.</summary>
    /// <param name="owner">Whom, and by whose rights.</param>
    /// <param name="signal">1 to 64.</param>
    /// <param name="cause">What siginfo_t tells.</param>
    /// <param name="forwarded">True when it comes from the node that was asked first.</param>
    /// <param name="reply">Nobody need wait for it.</param>
    [Call(14, Rights.Kernel, ParkedMax = 65_536, Fails = [Errno.EINVAL, Errno.EPERM, Errno.ESRCH])]
    public virtual void NotifyOwner(
        SignalOwner owner, int signal, SignalCause cause, bool forwarded, Reply<Nothing> reply) =>
        reply.Fail(Errno.ESRCH);

    /// <summary>The parent of a child that lives here, on the caller's node, is in another group or session
    /// from here on. ESRCH when no such child is here.</summary>
    [Call(15, Rights.Kernel, Idempotent = true, Fails = [Errno.ESRCH])]
    public virtual void ParentMoved(
        int child, int group, int session, [Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Fail(Errno.ESRCH);

    /// <summary>What members of a group that live here mean to the whole group.</summary>
    /// <param name="members">The members; empty for all that live here, when the group's home is
    /// gone.</param>
    /// <param name="group">The group.</param>
    /// <param name="reply">Nothing of those that are not of the group.</param>
    [Call(16, Rights.Kernel, Idempotent = true)]
    public virtual void ViewMembers([Max(1_024)] int[] members, int group, Reply<GroupView> reply) =>
        reply.Ok(default);

    /// <summary>Whether a group is orphaned: asked of the home of its number, or, when that was removed, of
    /// the first member of the cluster, which asks all the others.</summary>
    /// <param name="group">The group.</param>
    /// <param name="hangUp">The group has just lost a link: if it is orphaned and has a stopped member, its
    /// members get SIGHUP and then SIGCONT before this is answered. Several such calls for one group, one
    /// after the other, send them once.</param>
    /// <param name="reply">Parked while other nodes are asked, for as long as they are members.</param>
    [Call(17, Rights.Kernel, ParkedMax = 4_096)]
    public virtual void Orphaned(int group, bool hangUp, Reply<bool> reply) => reply.Ok(false);

    /// <summary>Answered, by the home of the group's number, once the caller's node has acted upon every
    /// signal that its members of the group were sent: a spawn waits for that after its child was made a
    /// member, so that the signals which the child missed come to its parent before the spawn's
    /// answer.</summary>
    [Call(18, Rights.Kernel, ParkedMax = 4_096, Idempotent = true)]
    public virtual void GroupSettled(int group, [Caller] CallerIdentity caller, Reply<Nothing> reply) =>
        reply.Ok();
}
