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
        SpawnOnceContinued(nodeId, outcome => reply.Give(outcome));
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
    public void EnterSession(int session) => (Self.Session, Self.Group) = (session, session);

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

    /// <summary>Runs an action that makes a child, now or once the process is continued: a stopped process
    /// makes none, or they would escape what stopped its group. The call may have been on its way when it was
    /// stopped.</summary>
    public void OnceContinued(Action action)
    {
        if (IsStopped) (_onceContinued ??= []).Add(action);
        else action();
    }

    private void SpawnOnceContinued(int nodeId, Action<Outcome<SpawnResult>> then) => OnceContinued(() =>
    {
        var start = new ChildStart(
            Pid, Group, Session, Principal.Uid, Principal.Gid, Principal.User, [.. Principal.Groups],
            (byte)Principal.By, _mask, _ignored, _name, Principal.LoginUid, Principal.UserIds,
            Principal.GroupIds, Principal.ExpiresNs, _table.HomeOf(Group));
        _spawning++;
        _table.Spawn(nodeId, new SpawnAttempt(
            this,
            start,
            outcome =>
            {
                SpawnEnded();
                then(outcome);
            },
            () =>
            {
                SpawnEnded();
                SpawnOnceContinued(nodeId, then);
            }));
    });

    private void SpawnEnded()
    {
        _spawning--;
        if (_spawning == 0) _early = null;
    }

    private void DoWhatWaitedForContinue()
    {
        var actions = _onceContinued;
        _onceContinued = null;
        if (actions is null || HasEnded) return;
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
internal sealed record EarlyChange(WaitResult Change, ulong Sequence, int Group, int Session);

/// <summary>A child that is being made for a parent here, perhaps on another node.</summary>
/// <param name="Then">Gets the child, or why there is none.</param>
/// <param name="Again">The parent was stopped before the child was: there is none, and it is to be made anew
/// once the parent is continued, as Linux restarts a fork that finds a signal.</param>
internal sealed record SpawnAttempt(
    Process Parent, ChildStart Start, Action<Outcome<SpawnResult>> Then, Action Again);
