using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>kill(2): to one, to a group, to all.</summary>
internal sealed partial class ProcessTable
{
    private const int MembersPerCallMax = 1_024;

    public override void Kill(int pid, int signal, CallerIdentity caller, Reply<Nothing> reply)
    {
        var sender = new Sender(caller, signal);
        if (pid == 1) KillInit(sender, reply);
        else if (Find(pid) is null) reply.Fail(Errno.ESRCH);
        else if (!sender.IsValid) reply.Fail(Errno.EINVAL);
        else
        {
            WithSession(sender, caller, known =>
            {
                if (Find(pid) is not { } process) reply.Fail(Errno.ESRCH);
                else if (!known.May(process)) reply.Fail(Errno.EPERM);
                else
                {
                    // First the answer: the signal may be the caller's end.
                    reply.Ok();
                    known.Signal(process);
                }
            });
        }
    }

    public override void KillGroup(int group, int signal, CallerIdentity caller, Reply<Nothing> reply)
    {
        var home = _needs.Homes.HomeOf(group);
        var sender = new Sender(caller, signal);
        var isHomeless = home.IsNone || !IsMember(home);
        if (group <= 1 || (!isHomeless && _groups.Find(group) is null)) reply.Fail(Errno.ESRCH);
        else if (!sender.IsValid) reply.Fail(Errno.EINVAL);
        else
        {
            WithSession(sender, caller, known =>
            {
                if (isHomeless) SignalHomeless(group, known, reply);
                else if (_groups.Find(group) is { } found) SignalGroup(found, known, reply);
                else reply.Fail(Errno.ESRCH);
            });
        }
    }

    public override void KillAll(int signal, CallerIdentity caller, Reply<int> reply)
    {
        var sender = new Sender(caller, signal);
        if (!sender.IsValid)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        WithSession(sender, caller, known =>
        {
            var all = _processes.Select(process => process.Pid != caller.Pid);
            reply.Ok(all.Count);
            SignalAll(all, known);
        });
    }

    public override void SignalMembers(
        int[] members, int signal, int sender, uint uid, uint effectiveUid, ulong epoch, int group,
        int senderSession, SignalCause cause, Reply<int> reply)
    {
        var from = new Sender(sender, uid, effectiveUid, signal, senderSession) { Cause = cause };
        var selected = members.Length == 0
            ? _processes.Select(process => process.Group == group)
            : MembersAndEmbryos(members, group);
        var tally = SignalAll(selected, from);
        if (tally.Signalled > 0) reply.Ok(tally.Signalled);
        else reply.Fail(tally.Refused > 0 ? Errno.EPERM : Errno.ESRCH);
    }

    // Children that members are forking, and that are not registered with the group's home yet, are signalled
    // with their parents; the home answers their registration only after this.
    private List<Process> MembersAndEmbryos(int[] members, int group)
    {
        var selected = new List<Process>(members.Length);
        foreach (var pid in members)
        {
            // One that has left may still be listed where the news are on their way.
            if (_processes[pid] is { } process && (process.Group == group || process.Joining == group))
                selected.Add(process);
        }
        foreach (var embryo in _embryos)
        {
            var isMember = Array.IndexOf(members, embryo.Pid) >= 0;
            if (!isMember && Array.IndexOf(members, embryo.ParentPid) >= 0) selected.Add(embryo);
        }
        return selected;
    }

    // What the ends among them do to other groups comes after all of them.
    private Tally SignalAll(List<Process> processes, Sender sender)
    {
        var (signalled, refused) = (0, 0);
        HoldHangUps();
        foreach (var process in processes)
        {
            if (sender.May(process))
            {
                signalled++;
                sender.Signal(process);
            }
            else refused++;
        }
        ReleaseHangUps();
        return new Tally(signalled, refused);
    }

    private void SignalGroup(Group group, Sender sender, Reply<Nothing>? reply)
    {
        var epoch = group.NextEpoch();
        var sum = new TallyOfNodes(reply);
        foreach (var (node, part) in PartsElsewhere(group))
        {
            group.SignalSent(node);
            SignalOn(node, part, group.Number, epoch, sender, sum, () => group.SignalActedUpon(node));
        }
        var here = group.Members.Where(member => member.Node == Node).Select(member => member.Pid).ToArray();
        sum.Add(SignalAll(MembersAndEmbryos(here, group.Number), sender));
        sum.Begun();
    }

    // The members on other nodes, in parts that fit a call.
    private List<(NodeRef Node, int[] Members)> PartsElsewhere(Group group)
    {
        var byNode = group.Members.Where(member => member.Node != Node).GroupBy(member => member.Node);
        return [..
            from members in byNode.OrderBy(members => members.Key)
            from part in members.Select(member => member.Pid).Chunk(MembersPerCallMax)
            select (members.Key, part)];
    }

    private void SignalHomeless(int group, Sender sender, Reply<Nothing>? reply)
    {
        var sum = new TallyOfNodes(reply);
        foreach (var member in _needs.Membership.Members)
        {
            if (member.Node != Node) SignalOn(member.Node, [], group, 0, sender, sum, static () => { });
        }
        sum.Add(SignalAll(_processes.Select(process => process.Group == group), sender));
        sum.Begun();
    }

    private void SignalOn(
        NodeRef node, int[] members, int group, ulong epoch, Sender sender, TallyOfNodes sum,
        Action actedUpon)
    {
        sum.Expect();
        Attempt();

        void Attempt() => On(node).SignalMembersThen(
            members, sender.Number, sender.Pid, sender.Uid, sender.EffectiveUid, epoch, group, sender.Session,
            sender.Cause, this, Answered);

        void Answered(Outcome<int> outcome)
        {
            // It certainly did not run: no member may be left out for that.
            if (outcome.Errno is Errno.Overloaded or Errno.NotRun && IsMember(node))
            {
                Home.After(Settings.ReportAgain, Attempt);
                return;
            }
            actedUpon();
            sum.Add(new Tally(outcome.Failed ? 0 : outcome.Value, outcome.Errno == Errno.EPERM ? 1 : 0));
            sum.Came();
        }
    }

    private static void KillInit(Sender sender, Reply<Nothing> reply)
    {
        // Process 1 ignores every signal that it has no handler for, SIGKILL too.
        if (!sender.IsValid) reply.Fail(Errno.EINVAL);
        else if (!sender.IsRoot) reply.Fail(Errno.EPERM);
        else reply.Ok();
    }

    /// <summary>SIGCONT may go to any process of the sender's session: asks the sender's node for
    /// it.</summary>
    private void WithSession(Sender sender, CallerIdentity caller, Action<Sender> then)
    {
        if (sender.Number != Signals.Continue || sender.IsRoot) then(sender);
        else if (Find(caller.Pid) is { } process) then(sender with { Session = process.Session });
        else if (caller.Home == Node) then(sender);
        else
        {
            On(caller.Home).LookupThen(caller.Pid, this, outcome =>
                then(outcome.Failed ? sender : sender with { Session = outcome.Value.Session }));
        }
    }

    /// <summary>Who sends which signal.</summary>
    private readonly record struct Sender(int Pid, uint Uid, uint EffectiveUid, int Number, int Session)
    {
        public Sender(CallerIdentity caller, int signal)
            : this(
                caller.Pid, caller.Principal.UserIds.Real, caller.Principal.UserIds.Effective, signal, 0)
        {
        }

        /// <summary>Why, when it is the kernel that sends.</summary>
        public SignalCause Cause { get; init; }

        public bool IsRoot => EffectiveUid == 0;

        public bool IsValid => Number == 0 || Signals.IsSignal(Number);

        /// <summary>The rule of kill(2).</summary>
        public bool May(Process target)
        {
            var ids = target.Principal.UserIds;
            return IsRoot || Uid == ids.Real || Uid == ids.Saved
                || EffectiveUid == ids.Real || EffectiveUid == ids.Saved
                || (Number == Signals.Continue && Session != 0 && Session == target.Session);
        }

        public void Signal(Process target)
        {
            if (Number == 0) return;
            if (Cause.Code == Signals.FromUser)
            {
                target.Post(new SignalInfo(Number, Pid, Uid, Signals.FromUser, 0, false));
                return;
            }
            var info = new SignalInfo(
                Number, 0, 0, Cause.Code, 0, false, Cause.Descriptor, Cause.Band);
            // As on Linux: a signal without room in its queue falls back to the plain one.
            if (!target.Post(info))
                target.Post(new SignalInfo(Signals.Io, 0, 0, Signals.FromKernel, 0, false));
        }
    }

    private readonly record struct Tally(int Signalled, int Refused);

    /// <summary>Adds up what the nodes say, and answers once all have spoken.</summary>
    private sealed class TallyOfNodes
    {
        private readonly Reply<Nothing>? _reply;
        private int _expected = 1;
        private int _signalled;
        private int _refused;

        /// <param name="reply">None when the kernel sends.</param>
        public TallyOfNodes(Reply<Nothing>? reply)
        {
            _reply = reply;
            // The signal can't be taken back: cancelling the call changes nothing.
            reply?.WhenCancelled(static _ => { });
        }

        public void Expect() => _expected++;

        public void Add(Tally tally)
        {
            _signalled += tally.Signalled;
            _refused += tally.Refused;
        }

        public void Begun() => Came();

        public void Came()
        {
            if (--_expected > 0) return;
            if (_signalled > 0) _reply?.Ok();
            else _reply?.Fail(_refused > 0 ? Errno.EPERM : Errno.ESRCH);
        }
    }
}
