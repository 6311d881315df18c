using System.Security.Cryptography;

using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>Parents and children, here and on other nodes.</summary>
internal sealed partial class ProcessTable
{
    private const int TokenBytes = 16;

    private readonly SortedDictionary<int, Child> _remoteChildren = [];

    public override void CreateChild(ChildStart start, CallerIdentity caller, Reply<SpawnResult> reply)
    {
        reply.WhenCancelled(static _ => { });
        if (IsMember(caller.Home)) CreateFrom(start, caller.Home, null, outcome => reply.Give(outcome));
        else reply.Fail(Errno.EAGAIN);
    }

    public override void Bequeath(
        int child, ReadOnlyMemory<byte> state, CallerIdentity caller, Reply<Nothing> reply)
    {
        if (Find(child) is not { HasEnded: false, Token: not null } process) reply.Fail(Errno.ESRCH);
        else if (process.ParentPid != caller.Pid) reply.Fail(Errno.EPERM);
        else
        {
            process.Bequest = state.ToArray();
            reply.Ok();
        }
    }

    public override void ChildChanged(
        int parent, WaitResult change, bool mayReap, ulong sequence, int group, int session,
        Reply<Nothing> reply)
    {
        var news = new EarlyChange(change, sequence, group, session);
        if (Find(parent) is not { HasEnded: false } process) reply.Fail(Errno.ESRCH);
        else if (_remoteChildren.TryGetValue(change.Pid, out var child) && child.Parent == process)
        {
            reply.Ok();
            Apply(process, child, news);
        }
        else if (process.RememberEarly(change.Pid, news)) reply.Ok();
        else reply.Fail(Errno.ESRCH);
    }

    public override void ParentReleased(int child, bool orphaned, CallerIdentity caller)
    {
        if (Find(child) is not { } process || process.ParentNode != caller.Home) return;
        if (orphaned) TakenByInit(process);
        else if (process.HasEnded) Release(process);
    }

    /// <summary>K42's create: a child on that node, which waits for its program.</summary>
    public void Spawn(int nodeId, SpawnAttempt attempt)
    {
        var (parent, start, then, _) = attempt;
        var target = default(NodeRef);
        foreach (var member in _needs.Membership.Members)
        {
            if (member.Node.Id == nodeId) target = member.Node;
        }
        if (target.IsNone) then(Errno.ENODEV);
        else if (target == Node) CreateFrom(start, default, parent, then);
        else if (!_needs.Membership.MayServe) then(Errno.EAGAIN);
        else
        {
            if (_numbers.Owns(parent.Session)) _spreadSessions.Add(parent.Session);
            On(target).CreateChildThen(start, this, outcome =>
            {
                if (outcome.Failed) Spawned(target, attempt, outcome);
                // What the child missed because it was no member yet comes to its parent before the answer.
                else OnceSettled(start.Group, () => Spawned(target, attempt, outcome));
            });
        }
    }

    /// <summary>A process ended, stopped or was continued: its parent hears of it, wherever it
    /// lives.</summary>
    public void TellParent(Process process, int status, int code)
    {
        if (!process.ParentNode.IsNone) process.Report.Changed(status, code);
        else if (process.Self.Parent is { } parent) Tell(parent, process.Self, status, code);
        else if (process.HasEnded) Release(process);
    }

    /// <summary>The parent ended: process 1 takes the child, and reaps it if it is a zombie.</summary>
    public void Orphan(Child child)
    {
        if (child.Local is not null) LosesParent(child.Local);
        child.Parent!.Children.Remove(child);
        if (child.Local is { } process) TakenByInit(process);
        else ReleaseRemote(child, orphaned: true);
    }

    /// <summary>Process 1 is the parent from here on.</summary>
    public void TakenByInit(Process process)
    {
        HoldHangUps();
        LosesParent(process);
        process.Orphaned();
        if (process.HasEnded) Release(process);
        // Nobody was told the token, or whoever was is gone: no program will ever claim it.
        else if (process.Token is not null) process.End(Signals.Kill);
        ReleaseHangUps();
    }

    /// <summary>The parent took a zombie's status, or never will.</summary>
    public void Reap(Child child)
    {
        child.Parent!.Children.Remove(child);
        if (child.Local is { } process) Release(process);
        else ReleaseRemote(child, orphaned: false);
    }

    /// <summary>Gives a spawned child to the program that shows its token; null when it may not have
    /// it.</summary>
    public Process? Claim(Principal principal, int pid, ReadOnlySpan<byte> token)
    {
        if (Find(pid) is not { HasEnded: false, Token: { } expected } process) return null;
        var isShown = CryptographicOperations.FixedTimeEquals(expected, token);
        if (!isShown || process.Principal.LoginUid != principal.LoginUid) return null;
        process.Token = null;
        // From here on it acts by what its program has shown.
        if (process.Principal.ExpiresNs != principal.ExpiresNs)
            process.Become(process.Principal with { ExpiresNs = principal.ExpiresNs });
        return process;
    }

    private void CreateFrom(
        ChildStart start, NodeRef parentNode, Process? parent, Action<Outcome<SpawnResult>> then)
    {
        var principal = PrincipalOf(start);
        // The parent's node knows it, this one perhaps not yet.
        if (!start.GroupHome.IsNone && HomeOf(start.Group).IsNone && !WasRemoved(start.GroupHome))
            _needs.Homes.Learn(start.Group, start.GroupHome);
        var from = new ProcessStart(
            principal, Process.ShortName(start.Name), start.Parent, start.Group, start.Session)
        {
            ParentNode = parentNode,
            SignalMask = start.SignalMask & ~Signals.Unblockable,
            IgnoredSignals = start.IgnoredSignals & ~Signals.Unblockable,
        };
        Create(principal, pid => new Process(this, pid, from), parent, outcome =>
        {
            if (outcome.Failed)
            {
                then(outcome.Errno);
                return;
            }
            var child = outcome.Value;
            child.Taken();
            var token = new byte[TokenBytes];
            _needs.Ipc.Randomness.Fill(token);
            child.Token = token;
            Home.After(Settings.ClaimWithin, () =>
            {
                if (child.Token is not null) child.End(Signals.Kill);
            });
            then(new SpawnResult(child.Pid, token));
        });
    }

    private static Principal PrincipalOf(in ChildStart start)
    {
        var authenticated = new Principal(
            start.User, start.Uid, start.Gid, start.Groups ?? [], (Authentication)start.By);
        // A node of an earlier version sends one id of each kind; what it leaves out reads as root's.
        if (start.UserIds.File != start.Uid || start.GroupIds.File != start.Gid) return authenticated;
        return authenticated with
        {
            LoginUid = start.LoginUid,
            UserIds = start.UserIds,
            GroupIds = start.GroupIds,
            ExpiresNs = start.ExpiresNs,
        };
    }

    private void Spawned(NodeRef target, SpawnAttempt attempt, Outcome<SpawnResult> outcome)
    {
        var (parent, start, then, again) = attempt;
        // Whatever may exist there unknown to anybody ends when its token expires.
        if (!IsMember(target)) then(Errno.ENODEV);
        else if (outcome.Failed) then(Errno.EAGAIN);
        else if (parent.HasEnded || parent.IsStopped)
        {
            // Nobody has its token: it ends.
            On(target).ParentReleased(outcome.Value.Pid, true);
            parent.TakeEarly(outcome.Value.Pid);
            if (parent.HasEnded) then(Errno.ESRCH);
            else again();
        }
        else
        {
            var pid = outcome.Value.Pid;
            _needs.Homes.Learn(pid, target);
            var child = new Child(pid, start.UserIds.Real, start.Group, start.Session) { Node = target };
            _remoteChildren[pid] = child;
            parent.Children.Add(child, parent);
            if (parent.Group != start.Group || parent.Session != start.Session) TellChild(parent, child);
            var early = parent.TakeEarly(pid);
            then(outcome);
            if (early is not null) Apply(parent, child, early);
        }
    }

    private static void Apply(Process parent, Child child, EarlyChange news)
    {
        if (child.IsZombie || news.Sequence <= child.Sequence) return;
        child.Sequence = news.Sequence;
        var moved = child.Group != news.Group;
        (child.Group, child.Session, child.Uid) = (news.Group, news.Session, news.Change.Uid);
        child.ProcessorNs = news.Change.ProcessorNs;
        if (news.Change.Code == 0)
        {
            if (moved) parent.WakeWaiters();
        }
        else Tell(parent, child, news.Change.Status, news.Change.Code);
    }

    private static void Tell(Process parent, Child child, int status, int code)
    {
        if (code == WaitOptions.CodeStopped) parent.ChildStopped(child, (status >> 8) & 0xff);
        else if (code == WaitOptions.CodeContinued) parent.ChildContinued(child);
        else parent.ChildEnded(child, status);
    }

    private void ReleaseRemote(Child child, bool orphaned)
    {
        _remoteChildren.Remove(child.Pid);
        if (!child.Node.IsNone) On(child.Node).ParentReleased(child.Pid, orphaned);
    }

    private List<Child> RemoteChildrenOn(NodeRef node) =>
        [.. _remoteChildren.Values.Where(child => child.Node == node)];
}
