using CsCheck;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.TestKit.Simulation;
using K42.Tests;

using Xunit;

namespace K42.Kernel.Tests.Processes;

/// <summary>Random forks, spawns, exits, waits, kills, stops and setpgids on three nodes, against a model
/// that knows Linux's rules in a few lines.</summary>
public sealed class ProcessModelSpec
{
    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Enum<StepKind>(), Gen.Int[0, 999], Gen.Int[0, 999],
        static (kind, who, whom) => new Step(kind, who, whom));

    // What makes groups that links, stops and ends tell apart.
    private static readonly Gen<Step> JobSteps = Gen.Select(
        Gen.OneOfConst(
            StepKind.Fork, StepKind.Spawn, StepKind.Spawn, StepKind.SetOwnGroup, StepKind.SetOwnGroup,
            StepKind.Move, StepKind.Stop, StepKind.Exit),
        Gen.Int[0, 999], Gen.Int[0, 999],
        static (kind, who, whom) => new Step(kind, who, whom));

    private enum StepKind
    {
        Fork, ForkAgain, Spawn, Exit, Wait, WaitGroup, Kill, KillGroup, SetGroup, SetOwnGroup, Move,
        IgnoreChildren, Stop, TerminalStop, Continue,
    }

    [Fact]
    public void Random_sequences_agree_with_the_model() =>
        Gen.Select(Steps.Array[1, 60], Gen.ULong[1, 1_000_000]).Check(
            static drawn => Play(drawn.Item1, drawn.Item2), 120);

    [Fact]
    public void Random_jobs_agree_with_the_model() =>
        Gen.Select(JobSteps.Array[20, 80], Gen.ULong[1, 1_000_000]).Sample(
            static (steps, seed) => Play(steps, seed), iter: 100, threads: 1);

    private static void Play(Step[] steps, ulong seed)
    {
        using var nodes = new ProcessNodes(seed, 3);
        nodes.Run(async () =>
        {
            var model = new Model(nodes);
            await model.Begin();
            foreach (var step in steps)
            {
                await model.Do(step);
                // News between nodes arrive; then all of the cluster must agree with the model.
                await nodes.Elapse(0.2);
                await model.Check();
            }
        });
    }

    private readonly record struct Step(StepKind Kind, int Who, int Whom);

    /// <summary>What is known of a process without looking at the tables.</summary>
    private sealed class Known(Program program, Known? parent, int group)
    {
        public Program Program { get; } = program;

        public Known? Parent { get; set; } = parent;

        public int Group { get; set; } = group;

        public int Session { get; set; }

        public int? Status { get; set; }

        public bool Stopped { get; set; }

        public bool IgnoresChildren { get; set; } = parent?.IgnoresChildren ?? false;

        public int Pid => Program.Pid;

        public bool HasParentOutside =>
            Parent is not null && Parent.Group != Group && Parent.Session == Session;
    }

    private sealed class Model(ProcessNodes nodes)
    {
        // Zombies included, in the order of their making.
        private readonly List<Known> _all = [];
        private readonly HashSet<int> _numbers = [];
        private readonly Queue<int> _linksLost = new();
        private Program? _observer;

        // A stopped program calls nobody.
        private List<Known> Running => [.. _all.Where(known => known is { Status: null, Stopped: false })];

        public async Task Begin()
        {
            _observer = await nodes.Begin(ProcessNodes.Root);
            var first = await nodes.Begin();
            Add(new Known(first, null, first.Pid));
        }

        public async Task Do(Step step)
        {
            var running = Running;
            if (running.Count == 0)
            {
                await Begin();
                return;
            }
            var who = running[step.Who % running.Count];
            var whom = _all[step.Whom % _all.Count];
            switch (step.Kind)
            {
                case StepKind.Fork or StepKind.ForkAgain:
                    Add(new Known(await who.Program.Fork(), who, who.Group));
                    break;
                case StepKind.Spawn:
                    var target = nodes.Cluster.Nodes[step.Whom % 3];
                    var spawned = new Known(await who.Program.Spawn(target), who, who.Group);
                    // A spawned program keeps ignored signals ignored, as exec does.
                    Add(spawned);
                    break;
                case StepKind.Exit:
                    await who.Program.Exit(step.Whom % 256);
                    Ended(who, (step.Whom % 256) << 8);
                    break;
                case StepKind.Wait:
                    await Wait(who, WaitFor.Any, 0, static _ => true);
                    break;
                case StepKind.WaitGroup:
                    await Wait(who, WaitFor.Group, whom.Group, child => child.Group == whom.Group);
                    break;
                case StepKind.Kill:
                    await Signal(whom, 9);
                    if (whom.Status is null) Ended(whom, 9);
                    break;
                case StepKind.Stop:
                    await Signal(whom, 19);
                    whom.Stopped |= whom.Status is null;
                    break;
                case StepKind.TerminalStop:
                    await Signal(whom, 20);
                    whom.Stopped |= whom.Status is null && !IsOrphaned(whom.Group);
                    break;
                case StepKind.Continue:
                    await Signal(whom, 18);
                    whom.Stopped = false;
                    break;
                case StepKind.KillGroup:
                    await KillGroup(who, whom.Group);
                    break;
                case StepKind.SetGroup:
                    await SetGroup(who, whom, whom.Pid);
                    break;
                case StepKind.SetOwnGroup:
                    await SetGroup(who, who, who.Pid);
                    break;
                case StepKind.Move:
                    await SetGroup(who, who, whom.Group);
                    break;
                case StepKind.IgnoreChildren:
                    await who.Program.Disposition(17, 1);
                    who.IgnoresChildren = true;
                    break;
                default:
                    throw new InvalidOperationException($"{step.Kind}");
            }
            HangUp();
        }

        /// <summary>The tables of all nodes show exactly what the model knows.</summary>
        public async Task Check()
        {
            var seen = new List<ProcessInfo>();
            foreach (var node in nodes.Cluster.Nodes)
            {
                var table = ProcessTableClient.On(_observer!.Hosted.Context, node.Member.Node);
                seen.AddRange((await table.List(0)).Value.Where(info => info.Uid != 0));
            }
            Assert.Equal(
                _all.OrderBy(known => known.Pid).Select(Describe),
                seen.OrderBy(info => info.Pid).Select(info =>
                    (info.Pid, info.Parent, info.Group, (char)info.State)));
            Assert.DoesNotContain(_all, known => known.Status is not null && known.Parent is null);
        }

        private static (int Pid, int Parent, int Group, char State) Describe(Known known) =>
            (known.Pid, known.Parent?.Pid ?? 1, known.Group, State(known));

        private static char State(Known known) => known.Status is not null ? 'Z' : known.Stopped ? 'T' : 'S';

        private bool IsOrphaned(int group) =>
            !_all.Exists(known => known.Group == group && known.Status is null && known.HasParentOutside);

        // Nobody here handles SIGHUP.
        private void HangUp()
        {
            while (_linksLost.TryDequeue(out var group))
            {
                var members = _all.Where(known => known.Group == group && known.Status is null).ToList();
                if (IsOrphaned(group) && members.Exists(member => member.Stopped)) EndAll(members, 1);
            }
        }

        private async Task Signal(Known whom, int signal) =>
            Assert.Equal(Errno.None, await _observer!.Kill(whom.Pid, signal));

        private void EndAll(List<Known> members, int status)
        {
            // Signals reach the members in no order that matters to them, but parents and children may end in
            // either order: in both, what is left are zombies of living parents.
            foreach (var member in members) member.Status = status;
            foreach (var member in members) Ended(member, status);
        }

        private void Add(Known known)
        {
            Assert.True(_numbers.Add(known.Pid), $"{known.Pid} was given twice");
            // Sessions are fixed at birth: nobody calls setsid here.
            known.Session = known.Parent?.Session ?? known.Pid;
            _all.Add(known);
        }

        private void Ended(Known known, int status)
        {
            known.Status = status;
            if (known.HasParentOutside) _linksLost.Enqueue(known.Group);
            foreach (var child in _all.Where(child => child.Parent == known).ToList())
            {
                if (child.HasParentOutside) _linksLost.Enqueue(child.Group);
                child.Parent = null;
                if (child.Status is not null) _all.Remove(child);
            }
            if (known.Parent is null || known.Parent.IgnoresChildren) _all.Remove(known);
        }

        private async Task Wait(Known who, WaitFor which, int id, Func<Known, bool> selects)
        {
            var answer = await who.Program.Self.Wait(which, id, Program.Exited | Program.NoHang);
            var children = _all.Where(child => child.Parent == who && selects(child)).ToList();
            var zombie = children.Find(child => child.Status is not null);
            if (children.Count == 0) Assert.Equal(Errno.ECHILD, answer.Errno);
            else if (zombie is null) Assert.Equal(0, answer.Value.Pid);
            else
            {
                Assert.Equal((zombie.Pid, zombie.Status!.Value), (answer.Value.Pid, answer.Value.Status));
                _all.Remove(zombie);
            }
        }

        private async Task KillGroup(Known who, int group)
        {
            var members = _all.Where(known => known.Group == group && known.Status is null).ToList();
            // The answer of a suicide has nobody to go to; what others see of it is checked all the same.
            var answer = await _observer!.KillGroup(group, 9);
            Assert.Equal(_all.Exists(known => known.Group == group) ? Errno.None : Errno.ESRCH, answer);
            EndAll(members, 9);
            Assert.DoesNotContain(who, members.Where(member => member.Status is null));
        }

        private async Task SetGroup(Known who, Known target, int group)
        {
            var isOwn = target == who;
            var isChild = target.Parent == who;
            var expected = Errno.None;
            if (!isOwn && !isChild) expected = Errno.ESRCH;
            else if (target.Pid == target.Session) expected = Errno.EPERM;
            else if (group != target.Pid
                && !_all.Exists(known => known.Group == group && known.Session == who.Session))
                expected = Errno.EPERM;
            Assert.Equal(expected, await who.Program.SetGroup(target.Pid, group));
            if (expected == Errno.None) target.Group = group;
        }
    }
}
