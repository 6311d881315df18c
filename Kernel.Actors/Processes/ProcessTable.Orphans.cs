using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>Orphaned process groups: those in which no member that lives has its parent in another group of
/// its session.</summary>
/// <remarks>
/// Of a parent or child on another node each node knows group and session, so whether a member is such a link
/// is a question to its own node. Of the group as a whole the home of its number asks all nodes that have
/// members. When the home was removed the first member of the cluster does it, and asks everybody.
/// As on Linux only ends bring SIGHUP and SIGCONT, and the end of a node is that of its processes. Of a link
/// that died with a node, member and parent, nobody is left who knew: for it they are not sent.
/// </remarks>
internal sealed partial class ProcessTable
{
    private readonly SortedSet<int> _linksLost = [];
    private readonly Dictionary<int, NextLook> _looks = [];
    private int _hangUpHolds;

    public override void ParentMoved(
        int child, int group, int session, CallerIdentity caller, Reply<Nothing> reply)
    {
        if (Find(child) is not { } process || process.ParentNode != caller.Home) reply.Fail(Errno.ESRCH);
        else
        {
            process.ParentMoved(group, session);
            reply.Ok();
        }
    }

    public override void ViewMembers(int[] members, int group, Reply<GroupView> reply) =>
        reply.Ok(View(members.Length == 0 ? MembersHere(group) : MembersAmong(members, group)));

    public override void Orphaned(int group, bool hangUp, Reply<bool> reply)
    {
        // A cancel changes nothing: what is under way can't be taken back.
        reply.WhenCancelled(static _ => { });
        AskOrphaned(group, hangUp, isOrphaned => reply.Ok(isOrphaned));
    }

    /// <summary>Whether a group is orphaned: told in this turn when a link is here, or all members
    /// are.</summary>
    /// <remarks>One look at a time per group; what is asked meanwhile makes one more. So a group that lost
    /// several links is hung up once, and a stop by an answer that tells of a link comes before the look
    /// because that link was lost.</remarks>
    /// <param name="hangUp">An orphaned group with a stopped member gets SIGHUP, then SIGCONT, first.</param>
    public void AskOrphaned(int group, bool hangUp, Action<bool> then)
    {
        if (MembersHere(group).Any(static process => process.LinksOut)) then(false);
        else if (_looks.TryGetValue(group, out var next))
        {
            next.HangUp |= hangUp;
            next.Then += then;
        }
        else
        {
            _looks[group] = next = new NextLook();
            Look(group, hangUp, isOrphaned =>
            {
                _looks.Remove(group);
                then(isOrphaned);
                if (next.Then is not null) AskOrphaned(group, next.HangUp, next.Then);
            });
        }
    }

    /// <summary>Until released, groups that may have lost a link are only remembered: signals to them may end
    /// processes that this turn is not done with. May be nested.</summary>
    public void HoldHangUps() => _hangUpHolds++;

    /// <summary>Undoes a hold; with the last one the groups are looked at that may have lost a
    /// link.</summary>
    public void ReleaseHangUps()
    {
        // Held while it looks: an end in there comes back here, and its groups are the next.
        while (_hangUpHolds == 1 && _linksLost.Count > 0)
        {
            var group = _linksLost.Min;
            _linksLost.Remove(group);
            AskOrphaned(group, hangUp: true, static _ => { });
        }
        _hangUpHolds--;
    }

    /// <summary>A process is about to have no parent but process 1, or to end: its group may lose a
    /// link.</summary>
    public void LosesParent(Process process)
    {
        if (process.HasParentOutside) _linksLost.Add(process.Group);
    }

    private void Look(int group, bool hangUp, Action<bool> then)
    {
        var home = RegisterOf(group);
        if (home == Node)
        {
            Survey(group, view =>
            {
                if (hangUp && view is { Links: false, Stopped: true }) SignalHangUp(group);
                then(!view.Links);
            });
            return;
        }
        On(home).OrphanedThen(group, hangUp, this, outcome =>
        {
            // Asked twice is no harm: who got SIGHUP is not stopped any more.
            if (IsUnheard(outcome.Errno) || (outcome.Failed && !IsMember(home)))
                Home.After(Settings.ReportAgain, () => Look(group, hangUp, then));
            else then(!outcome.Failed && outcome.Value);
        });
    }

    private void SignalHangUp(int number)
    {
        HoldHangUps();
        foreach (var signal in (ReadOnlySpan<int>)[Signals.Hangup, Signals.Continue])
        {
            var sender = new Sender(0, 0, 0, signal, 0)
            {
                Cause = new SignalCause(Signals.FromKernel, 0, 0),
            };
            if (_groups.Find(number) is { } group) SignalGroup(group, sender, null);
            else if (HomeOf(number) != Node) SignalHomeless(number, sender, null);
        }
        ReleaseHangUps();
    }

    /// <summary>Who knows all members of a group, or asks everybody.</summary>
    private NodeRef RegisterOf(int group)
    {
        var home = HomeOf(group);
        if (!home.IsNone && IsMember(home)) return home;
        var first = Node;
        foreach (var member in _needs.Membership.Members)
        {
            if (member.Node < first) first = member.Node;
        }
        return first;
    }

    private void Survey(int number, Action<GroupView> then)
    {
        var survey = new GroupSurvey(then);
        survey.Add(View(MembersHere(number)));
        if (_groups.Find(number) is { } group)
        {
            foreach (var (node, part) in PartsElsewhere(group)) ViewOn(node, part, number, survey);
        }
        else if (HomeOf(number) != Node)
        {
            foreach (var member in _needs.Membership.Members)
            {
                if (member.Node != Node) ViewOn(member.Node, [], number, survey);
            }
        }
        survey.Begun();
    }

    private void ViewOn(NodeRef node, int[] members, int group, GroupSurvey survey)
    {
        survey.Expect();
        Attempt();

        void Attempt() => On(node).ViewMembersThen(members, group, this, Answered);

        void Answered(Outcome<GroupView> outcome)
        {
            var isMember = IsMember(node);
            if (IsUnheard(outcome.Errno) && isMember)
            {
                Home.After(Settings.ReportAgain, Attempt);
                return;
            }
            if (!outcome.Failed) survey.Add(outcome.Value);
            // It can't say: an earlier version.
            else if (isMember) survey.Add(new GroupView(Links: true, Stopped: false));
            survey.Came();
        }
    }

    private IEnumerable<Process> MembersHere(int number)
    {
        if (_groups.Find(number) is not { } group)
            return _processes.Select(process => process.Group == number);
        var here = group.Members.Where(member => member.Node == Node);
        return MembersAmong(here.Select(static member => member.Pid), number);
    }

    private IEnumerable<Process> MembersAmong(IEnumerable<int> pids, int group)
    {
        foreach (var pid in pids)
        {
            if (_processes[pid] is { } process && process.Group == group) yield return process;
        }
    }

    private static GroupView View(IEnumerable<Process> members)
    {
        var view = default(GroupView);
        foreach (var process in members)
        {
            view = new GroupView(
                view.Links || process.LinksOut, view.Stopped || process.Life == ProcessLife.Stopped);
        }
        return view;
    }

    // The children on other nodes: their nodes must know whether they link their groups.
    private void TellChildren(Process parent)
    {
        for (var child = parent.Children.First; child is not null; child = child.Next)
            TellChild(parent, child);
    }

    private void TellChild(Process parent, Child child)
    {
        var node = child.Node;
        if (node.IsNone || child.Parent != parent) return;
        On(node).ParentMovedThen(child.Pid, parent.Group, parent.Session, this, outcome =>
        {
            if (IsUnheard(outcome.Errno) && IsMember(node))
                Home.After(Settings.ReportAgain, () => TellChild(parent, child));
        });
    }

    /// <summary>Whether a call may not have been heard; one that may be made twice is made
    /// again.</summary>
    private static bool IsUnheard(Errno errno) =>
        errno is Errno.Overloaded or Errno.NotRun or Errno.MayHaveRun or Errno.ETIMEDOUT;

    /// <summary>The look at a group that follows the present one.</summary>
    private sealed class NextLook
    {
        public bool HangUp { get; set; }

        public Action<bool>? Then { get; set; }
    }

    /// <summary>Adds up what the nodes see of a group, and tells it once all have spoken.</summary>
    private sealed class GroupSurvey(Action<GroupView> then)
    {
        private int _expected = 1;
        private GroupView _view;

        public void Expect() => _expected++;

        public void Add(GroupView view) =>
            _view = new GroupView(_view.Links || view.Links, _view.Stopped || view.Stopped);

        public void Begun() => Came();

        public void Came()
        {
            if (--_expected == 0) then(_view);
        }
    }
}
