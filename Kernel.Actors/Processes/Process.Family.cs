using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>fork, spawn, setpgid, setsid.</summary>
/// <remarks>As on Linux a signal interrupts none of them: a cancel changes nothing.</remarks>
internal sealed partial class Process
{
    private Dictionary<int, EarlyChange>? _early;
    private List<Action>? _onceContinued;
    private int _spawning;

    public override void Fork(Reply<ForkResult> reply)
    {
        reply.WhenCancelled(static _ => { });
        OnceContinued(() => _table.Create(
            Principal,
            pid => new Process(_table, pid, Inherited()),
            this,
            outcome => reply.Give(
                outcome.Failed ? outcome.Errno : new ForkResult(outcome.Value.Pid, outcome.Value.Handle))));
    }

    public override void Spawn(int nodeId, Reply<SpawnResult> reply)
    {
        reply.WhenCancelled(static _ => { });
        OnceContinued(() =>
        {
            var start = new ChildStart(
                Pid, Group, Session, Principal.Uid, Principal.Gid, Principal.User, [.. Principal.Groups],
                (byte)Principal.By, _mask, _ignored, _name, Principal.LoginUid, Principal.UserIds,
                Principal.GroupIds, Principal.ExpiresNs, _table.HomeOf(Group));
            _spawning++;
            _table.Spawn(this, nodeId, start, outcome =>
            {
                _spawning--;
                if (_spawning == 0) _early = null;
                reply.Give(outcome);
            });
        });
    }

    public override void SetGroup(int pid, int group, Reply<Nothing> reply)
    {
        var target = pid == 0 ? Pid : pid;
        var number = group == 0 ? target : group;
        if (number < 0)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        reply.WhenCancelled(static _ => { });
        if (target == Pid)
        {
            _table.Move(this, Session, number, errno => Answer(reply, errno));
            return;
        }
        var child = Children.First;
        while (child is not null && child.Pid != target) child = child.Next;
        if (child is null) reply.Fail(Errno.ESRCH);
        else if (child.Local is { } local)
            _table.Move(local, Session, number, errno => Answer(reply, errno));
        else _table.MoveRemote(this, child, number, outcome => reply.Give(outcome));
    }

    public override void SetSession(Reply<int> reply)
    {
        if (LeadsSession || !_table.TryLeadSession(this))
        {
            reply.Fail(Errno.EPERM);
            return;
        }
        LeadsSession = true;
        reply.Ok(Session);
    }

    /// <summary>The process is of another session and group from here on.</summary>
    public void EnterSession(int session) => (Session, Self.Group) = (session, session);

    /// <summary>The leader of a session of its own from the start.</summary>
    public void BornLeader() => LeadsSession = true;

    /// <summary>A change of a child that this process is still spawning; false when it spawns none.</summary>
    public bool RememberEarly(int child, EarlyChange change)
    {
        if (_spawning == 0) return false;
        _early ??= [];
        if (!_early.TryGetValue(child, out var known) || known.Sequence < change.Sequence)
            _early[child] = change;
        return true;
    }

    /// <summary>What was heard of a child before its spawn was answered.</summary>
    public EarlyChange? TakeEarly(int child) =>
        _early is not null && _early.Remove(child, out var change) ? change : null;

    // The call may have been on its way when the process was stopped: a stopped process makes no children, or
    // they would escape what stopped its group.
    private void OnceContinued(Action action)
    {
        if (Life == ProcessLife.Stopped) (_onceContinued ??= []).Add(action);
        else action();
    }

    private void DoWhatWaitedForContinue()
    {
        var actions = _onceContinued;
        _onceContinued = null;
        if (actions is null) return;
        foreach (var action in actions) OnceContinued(action);
    }

    private ProcessStart Inherited() => new(Principal, _name, Pid, Group, Session)
    {
        SignalMask = _mask,
        IgnoredSignals = _ignored,
        HandledSignals = _handled,
        NoChildStop = _noChildStop,
        NoChildWait = _noChildWait,
    };

    private static void Answer(Reply<Nothing> reply, Errno errno)
    {
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(errno);
    }
}

/// <summary>News of a child that came before the answer of its spawn.</summary>
internal sealed record EarlyChange(WaitResult Change, ulong Sequence, int Group);
