using K42.Contracts;

namespace K42.Kernel.Processes;

/// <summary>Process groups and sessions: setpgid(2), setsid(2), and the members of groups whose home is
/// here.</summary>
/// <remarks>A group lives where its number does. When that node is gone the group goes on without a register:
/// each node knows its own members.</remarks>
internal sealed partial class ProcessTable
{
    public override void JoinGroup(
        int group, int session, int pid, bool create, CallerIdentity caller, Reply<ulong> reply)
    {
        var joined = _groups.Find(group);
        // Everything before a group is made: one without members would keep its number from setsid(2).
        var mayJoin = IsMember(caller.Home)
            && (joined is null ? create && _numbers.Owns(group) : joined.Session == session);
        if (!mayJoin)
        {
            reply.Fail(Errno.EPERM);
            return;
        }
        joined ??= _groups.Create(group, session);
        joined.Add(pid, caller.Home);
        reply.WhenCancelled(static _ => { });
        joined.WhenActedUpon(caller.Home, () => reply.Ok(joined.Epoch));
    }

    public override void GroupSettled(int group, CallerIdentity caller, Reply<Nothing> reply)
    {
        reply.WhenCancelled(static _ => { });
        if (_groups.Find(group) is { } found) found.WhenActedUpon(caller.Home, () => reply.Ok());
        else reply.Ok();
    }

    public override void LeaveGroup(int group, int pid)
    {
        if (_groups.Leave(group, pid)) FreeIfUnnamed(group);
    }

    public override void SetChildGroup(int parent, int session, int child, int group, Reply<Nothing> reply)
    {
        reply.WhenCancelled(static _ => { });
        if (Find(child) is not { } process || process.ParentPid != parent) reply.Fail(Errno.ESRCH);
        else
        {
            Move(process, session, group, errno =>
            {
                if (errno == Errno.None) reply.Ok();
                else reply.Fail(errno);
            });
        }
    }

    /// <summary>setpgid(2), once it is known that the caller may: itself, or its child.</summary>
    /// <param name="callerSession">The session of who asks.</param>
    /// <param name="then">None, or EPERM.</param>
    public void Move(Process process, int callerSession, int group, Action<Errno> then)
    {
        if (process.Session != callerSession || process.LeadsSession)
        {
            then(Errno.EPERM);
            return;
        }
        var home = _needs.Homes.HomeOf(group);
        if (group == process.Group) then(Errno.None);
        else if (group == process.Pid || home == Node) then(MoveHere(process, group));
        else if (!home.IsNone && IsMember(home)) MoveAway(process, group, home, then);
        else if (_processes.Select(other => other.Group == group && other.Session == callerSession).Count > 0)
        {
            EnterGroup(process, group);
            then(Errno.None);
        }
        else then(Errno.EPERM);
    }

    /// <summary>setpgid(2) of a child that lives elsewhere.</summary>
    public void MoveRemote(Process parent, Child child, int group, Action<Outcome<Nothing>> then)
    {
        if (child.Node.IsNone)
        {
            then(Errno.ESRCH);
            return;
        }
        On(child.Node).SetChildGroupThen(parent.Pid, parent.Session, child.Pid, group, this, outcome =>
        {
            if (!outcome.Failed) child.Group = group;
            var isAnswer = outcome.Errno is Errno.None or Errno.EPERM or Errno.EINVAL;
            then(isAnswer ? outcome : Errno.ESRCH);
        });
    }

    /// <summary>setsid(2): false when a group has the process's number.</summary>
    public bool TryLeadSession(Process process)
    {
        var pid = process.Pid;
        if (_groups.Find(pid) is not null) return false;
        var (group, session) = (process.Group, process.Session);
        _groups.Create(pid, pid).Add(pid, Node);
        _sessions[pid] = _sessions.GetValueOrDefault(pid) + 1;
        process.EnterSession(pid);
        LeaveSession(session);
        Leave(group, pid);
        FreeIfUnnamed(group);
        if (session != group) FreeIfUnnamed(session);
        TellFamily(process);
        return true;
    }

    private Errno MoveHere(Process process, int group)
    {
        var entered = _groups.Find(group);
        if (entered is null && group == process.Pid) entered = _groups.Create(group, process.Session);
        if (entered is null || entered.Session != process.Session) return Errno.EPERM;
        entered.Add(process.Pid, Node);
        EnterGroup(process, group);
        return Errno.None;
    }

    private void MoveAway(Process process, int group, NodeRef home, Action<Errno> then)
    {
        var session = process.Session;
        process.Joining = group;
        On(home).JoinGroupThen(group, session, process.Pid, false, this, outcome =>
        {
            // While it was asked the process may have gone, and its number with it, or left the session.
            if (process.Joining == group) process.Joining = 0;
            var isGone = process.Life == ProcessLife.Gone;
            var mayMove = !isGone && !process.LeadsSession && process.Session == session;
            if (outcome.Errno is Errno.Overloaded or Errno.NotRun && mayMove && IsMember(home))
                Home.After(Settings.ReportAgain, () => Move(process, session, group, then));
            else if (!outcome.Failed && mayMove)
            {
                EnterGroup(process, group);
                then(Errno.None);
            }
            else
            {
                // Whatever came of it there, it is no member; unless it is by another call meanwhile.
                var isMember = !isGone && process.Group == group;
                if (outcome.Errno != Errno.EPERM && !isMember) On(home).LeaveGroup(group, process.Pid);
                then(isGone ? Errno.ESRCH : Errno.EPERM);
            }
        });
    }

    private void EnterGroup(Process process, int group)
    {
        var left = process.Group;
        if (left == group) return;
        process.Self.Group = group;
        Leave(left, process.Pid);
        FreeIfUnnamed(left);
        TellFamily(process);
    }

    private void TellFamily(Process process)
    {
        if (!process.ParentNode.IsNone) process.Report.GroupChanged();
        else process.Self.Parent?.WakeWaiters();
        TellChildren(process);
    }

    /// <summary>Registers a new process in its group.</summary>
    private void Enrol(Process child, Process? parent, Action<Errno> then)
    {
        var group = child.Group;
        var home = _needs.Homes.HomeOf(group);
        if (home == Node || group == child.Pid)
        {
            var joined = _groups.Find(group) ?? _groups.Create(group, child.Session);
            joined.Add(child.Pid, Node);
            then(Errno.None);
        }
        else if (home.IsNone || WasRemoved(home)) then(Errno.None);
        // It is not gone, but not there yet as this node sees it.
        else if (!IsMember(home)) then(Errno.EAGAIN);
        else
        {
            On(home).JoinGroupThen(group, child.Session, child.Pid, true, this, outcome =>
            {
                if (!outcome.Failed || !IsMember(home)) then(Errno.None);
                else then(Errno.EAGAIN);
            });
        }
    }

    /// <summary>Runs an action once this node has acted upon all signals that its members of a group were
    /// sent so far.</summary>
    private void OnceSettled(int group, Action then)
    {
        var home = _needs.Homes.HomeOf(group);
        if (home == Node || home.IsNone || !IsMember(home))
        {
            then();
            return;
        }
        On(home).GroupSettledThen(group, this, outcome =>
        {
            if (outcome.Errno is Errno.Overloaded or Errno.NotRun or Errno.MayHaveRun && IsMember(home))
                Home.After(Settings.ReportAgain, () => OnceSettled(group, then));
            else then();
        });
    }

    private bool WasRemoved(NodeRef node) =>
        _removed.TryGetValue(node.Id, out var last) && node.Incarnation <= last;

    private void Leave(int group, int pid)
    {
        var home = _needs.Homes.HomeOf(group);
        if (home == Node) _groups.Leave(group, pid);
        else if (!home.IsNone && IsMember(home)) On(home).LeaveGroup(group, pid);
    }
}
