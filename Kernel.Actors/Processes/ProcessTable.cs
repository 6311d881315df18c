using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;

namespace K42.Kernel.Processes;

/// <summary>What the process table needs from its node.</summary>
internal sealed record ProcessTableNeeds(
    IpcPort Ipc, IIdentities Identities, IMembership Membership, INumberGrantor Grantor, NumberHomes Homes,
    ProcessSettings Settings);

/// <summary>The processes of this node, in one actor.</summary>
/// <remarks>Parent: ProcessRoot. Calls: the process tables of other nodes. On failure: the table stops with
/// all its processes; the node can't go on without it and leaves the cluster.</remarks>
internal sealed partial class ProcessTable : ProcessTableContract
{
    private const int ListMax = 256;

    private readonly ProcessTableNeeds _needs;
    private readonly NumberPool _numbers;
    private readonly ProcessMap _processes = new();
    private readonly GroupTable _groups = new();
    private readonly Dictionary<uint, int> _perUser = [];
    private readonly Dictionary<int, int> _sessions = [];
    private readonly HashSet<int> _spreadSessions = [];
    private readonly List<Process> _embryos = [];

    // Of each node the last incarnation that was removed: none before it comes back.
    private readonly Dictionary<int, ulong> _removed = [];

    public ProcessTable(ProcessTableNeeds needs)
    {
        _needs = needs;
        _numbers = new NumberPool(needs.Grantor, needs.Settings, action => Home.Later(action));
    }

    public NodeRef Node => _needs.Ipc.Node;

    /// <summary>The home of a number; none when there is no such node, or no more.</summary>
    public NodeRef HomeOf(int number) => _needs.Homes.HomeOf(number);

    public IClock Clock => _needs.Ipc.Clock;

    public IIdentities Identities => _needs.Identities;

    public ProcessSettings Settings => _needs.Settings;

    /// <summary>Processes and zombies of this node.</summary>
    public int Count => _processes.Count;

    /// <summary>Leases the first block, before anybody asks for a number.</summary>
    public void Started() => _numbers.LeaseAhead();

    /// <summary>The process table of another node.</summary>
    public ProcessTableClient On(NodeRef node) => ProcessTableClient.On(Home.Context, node);

    public override void Lookup(int pid, Reply<ProcessInfo> reply)
    {
        if (pid == 1) reply.Ok(Init());
        else if (Find(pid) is { } process) reply.Ok(process.Describe());
        else reply.Fail(Errno.ESRCH);
    }

    public override void List(int after, Reply<ProcessInfo[]> reply)
    {
        var listed = _processes.Select(static process => process.Life != ProcessLife.Embryo, after, ListMax);
        reply.Ok([.. listed.Select(static process => process.Describe())]);
    }

    /// <summary>A process or zombie of this node, not one that is being forked.</summary>
    public Process? Find(int pid) =>
        _processes[pid] is { Life: not ProcessLife.Embryo } process ? process : null;

    /// <summary>Makes a process: takes a number, registers it in its group, then lets it live.</summary>
    /// <param name="make">Makes it from its number.</param>
    /// <param name="parent">Its parent, when that lives here.</param>
    /// <param name="then">Gets it once it lives, or EAGAIN, EKEYEXPIRED, or ESRCH when the
    /// parent ended meanwhile.</param>
    public void Create(
        Principal principal, Func<int, Process> make, Process? parent, Action<Outcome<Process>> then)
    {
        if (!_needs.Membership.MayServe || _processes.Count >= Settings.PerNodeMax
            || !Home.Ipc.HasRoomForHandle(process: 0, principal)
            || (principal.UserIds.Real != 0 && !principal.IsAdministrator
                && _perUser.GetValueOrDefault(principal.UserIds.Real) >= Settings.PerUserMax))
        {
            then(Errno.EAGAIN);
            return;
        }
        if (!IsValid(principal))
        {
            then(Errno.EKEYEXPIRED);
            return;
        }
        _numbers.Take(number =>
        {
            if (number.Failed) then(Errno.EAGAIN);
            else if (parent is { HasEnded: true })
            {
                _numbers.Free(number.Value);
                then(Errno.ESRCH);
            }
            else if (parent is { IsStopped: true })
            {
                // It was stopped while a number was waited for.
                _numbers.Free(number.Value);
                parent.OnceContinued(() => Create(principal, make, parent, then));
            }
            else
            {
                _needs.Homes.Learn(number.Value, Node);
                var child = make(number.Value);
                Add(child);
                _embryos.Add(child);
                Enrol(child, parent, errno => Enrolled(child, parent, errno, then));
            }
        });
    }

    /// <summary>Forgets a process that was reaped; its number rests once nothing names it.</summary>
    public void Release(Process process)
    {
        _processes.Remove(process.Pid);
        var (pid, group, session) = (process.Pid, process.Group, process.Session);
        ForgetUser(process.Principal);
        process.Forgotten();
        LeaveSession(session);
        Leave(group, pid);
        if (session != pid && session != group) FreeIfUnnamed(session);
        if (group != pid) FreeIfUnnamed(group);
        FreeIfUnnamed(pid);
    }

    /// <summary>An incarnation was removed: its processes are dead, and nothing of it will ever
    /// come.</summary>
    public void NodeRemoved(NodeRef node)
    {
        _needs.Homes.Forget(node);
        _removed[node.Id] = Math.Max(_removed.GetValueOrDefault(node.Id), node.Incarnation);
        HoldHangUps();
        foreach (var child in RemoteChildrenOn(node))
        {
            child.Node = default;
            if (!child.IsZombie && child.HasParentOutside) _linksLost.Add(child.Group);
            // Hearing of one child may have been the parent's end, and made orphans of the others.
            if (!child.IsZombie) child.Parent?.ChildEnded(child, Signals.Kill);
        }
        foreach (var orphan in _processes.Select(process => process.ParentNode == node)) TakenByInit(orphan);
        foreach (var group in _groups.RemoveNode(node)) FreeIfUnnamed(group);
        ReleaseHangUps();
    }

    /// <summary>Ends every process of this node, as SIGKILL does: the node may not serve any more.</summary>
    public void EndAll()
    {
        HoldHangUps();
        foreach (var process in _processes.Select(static process => process.Life != ProcessLife.Embryo))
            process.End(Signals.Kill);
        ReleaseHangUps();
    }

    private void Add(Process process)
    {
        _processes.Add(process);
        CountUser(process.Principal);
        _sessions[process.Session] = _sessions.GetValueOrDefault(process.Session) + 1;
    }

    /// <summary>A process has other credentials.</summary>
    public void PrincipalChanged(Process process, Principal before)
    {
        ForgetUser(before);
        CountUser(process.Principal);
        WatchExpiry(process.Principal);
    }

    private void CountUser(Principal principal)
    {
        var user = principal.UserIds.Real;
        _perUser[user] = _perUser.GetValueOrDefault(user) + 1;
    }

    private void ForgetUser(Principal principal)
    {
        var user = principal.UserIds.Real;
        if (--_perUser[user] == 0) _perUser.Remove(user);
    }

    private void Enrolled(Process child, Process? parent, Errno errno, Action<Outcome<Process>> then)
    {
        if (errno == Errno.None && parent is { HasEnded: false } && parent.Group != child.Group)
        {
            // The parent moved to another group meanwhile: the fork comes after that.
            Leave(child.Group, child.Pid);
            child.Self.Group = parent.Group;
            Enrol(child, parent, again => Enrolled(child, parent, again, then));
            return;
        }
        _embryos.Remove(child);
        if (errno != Errno.None || parent is { HasEnded: true })
        {
            Release(child);
            then(errno != Errno.None ? errno : Errno.ESRCH);
            return;
        }
        child.Born();
        WatchExpiry(child.Principal);
        parent?.Children.Add(child.Self, parent);
        then(child);
        child.ActUponEarlySignals();
    }

    private void LeaveSession(int session)
    {
        if (--_sessions[session] == 0) _sessions.Remove(session);
    }

    /// <summary>Lets a number of this node rest when no process, zombie, group or session names it. A session
    /// that was spread over nodes is not counted anywhere as a whole, so its number is not used
    /// again.</summary>
    private void FreeIfUnnamed(int number)
    {
        if (_processes[number] is null && _groups.Find(number) is null && !_sessions.ContainsKey(number)
            && !_spreadSessions.Contains(number))
            _numbers.Free(number);
    }

    /// <summary>Whether a node is in the cluster as this node sees it.</summary>
    public bool IsMember(NodeRef node)
    {
        foreach (var member in _needs.Membership.Members)
        {
            if (member.Node == node) return true;
        }
        return false;
    }

    private ProcessInfo Init() => new(1, 0, 1, 1, 0, 0, "root", (byte)'S', "init", 0, Node);
}
