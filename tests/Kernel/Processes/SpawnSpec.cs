using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Kernel.Processes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Processes;

/// <summary>Children that are being spawned while their group is signalled. The group's home is the first
/// node, the parent lives on the second.</summary>
public sealed class SpawnSpec
{
    private const int Usr1 = 10;
    private const int Kill = 9;
    private const int Cont = 18;
    private const int Stop = 19;
    private const int TerminalStop = 20;
    private const ulong Seeds = 30;

    [Fact]
    public void No_child_that_is_being_spawned_escapes_a_groups_SIGKILL() => OverSeeds(async (nodes, seed) =>
    {
        var (outsider, leader, parent) = await Family(nodes);
        var spawns = Spawns(nodes, parent);
        await nodes.Elapse(0.0001 * (seed % 20));
        Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, Kill));
        await Task.WhenAll(spawns);
        await nodes.Elapse(0.5);
        foreach (var node in nodes.Cluster.Nodes)
            Assert.DoesNotContain(await All(outsider, node), info => info.Pid != outsider.Pid);
    });

    [Fact]
    public void No_child_that_is_being_spawned_escapes_a_groups_SIGSTOP() => OverSeeds(async (nodes, seed) =>
    {
        var (outsider, leader, parent) = await Family(nodes);
        var spawns = Spawns(nodes, parent);
        await nodes.Elapse(0.0001 * (seed % 20));
        Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, Stop));
        await nodes.Elapse(0.5);
        await EachIs('T', nodes, outsider);
        Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, Cont));
        var children = await Task.WhenAll(spawns);
        Assert.DoesNotContain(null, children);
        // Those that were let go are gone: leader, parent and its children are left.
        Assert.Equal(2 + children.Length, await EachIs('S', nodes, outsider));
    });

    [Fact]
    public void No_child_that_is_being_spawned_escapes_a_groups_SIGTSTP() => OverSeeds(async (nodes, seed) =>
    {
        var (outsider, leader, parent) = await Family(nodes, linked: true);
        var spawns = Spawns(nodes, parent);
        await nodes.Elapse(0.0001 * (seed % 20));
        Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, TerminalStop));
        await nodes.Elapse(0.5);
        foreach (var info in await All(outsider, nodes.Two)) Assert.Equal((byte)'T', info.State);
        foreach (var info in await All(outsider, nodes.Three)) Assert.Equal((byte)'T', info.State);
        Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, Cont));
        Assert.DoesNotContain(null, await Task.WhenAll(spawns));
    });

    [Fact]
    public void What_the_parent_gets_after_its_spawn_its_child_gets_too() => OverSeeds(async (nodes, seed) =>
    {
        var (outsider, leader, parent) = await Family(nodes);
        await leader.Disposition(Usr1, 2);
        await parent.Disposition(Usr1, 2);
        var spawning = Spawn(nodes, parent, nodes.Three);
        await nodes.Elapse(0.0001 * (seed % 20));
        var sent = outsider.KillGroup(leader.Pid, Usr1);
        await spawning;
        var isBefore = (await parent.TakeSignals()).Count > 0;
        Assert.Equal(Errno.None, await sent);
        await nodes.Elapse(0.5);
        Assert.Equal(isBefore ? 0 : 1, (await parent.TakeSignals()).Count);
        var status = (await parent.Wait(Program.Exited | Program.NoHang)).Value.Status;
        // Both may have got it when it came just before the answer.
        if (!isBefore) Assert.Equal(Usr1, status);
    });

    [Fact]
    public void A_SIGKILL_from_before_that_comes_late_leaves_no_child() => Run(3, async nodes =>
    {
        var (outsider, leader, parent) = await Family(nodes);
        Assert.Null(await await SpawnBesideLate(Kill, nodes, outsider, leader, parent));
        await nodes.Elapse(0.1);
        Assert.Empty(await All(outsider, nodes.Three));
    });

    [Fact]
    public void A_SIGSTOP_from_before_that_comes_late_leaves_no_running_child() => Run(3, async nodes =>
    {
        var (outsider, leader, parent) = await Family(nodes);
        var spawning = await SpawnBesideLate(Stop, nodes, outsider, leader, parent);
        Assert.False(spawning.IsCompleted);
        Assert.Equal(2, await EachIs('T', nodes, outsider));
        Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, Cont));
        Assert.NotNull(await spawning);
        Assert.Equal(3, await EachIs('S', nodes, outsider));
    });

    [Fact]
    public void A_handled_signal_from_before_that_comes_late_comes_before_the_child() => Run(3, async nodes =>
    {
        var (outsider, leader, parent) = await Family(nodes);
        await leader.Disposition(Usr1, 2);
        await parent.Disposition(Usr1, 2);
        var signalled = parent.Self.NextSignals((await parent.Self.NextSignals(0)).Value.Stamp).AsTask();
        var spawning = await SpawnBesideLate(Usr1, nodes, outsider, leader, parent, signalled);
        Assert.NotNull(await spawning);
        Assert.Equal(Usr1, Assert.Single((await signalled).Value.Signals).Number);
    });

    [Fact]
    public void A_parent_that_ends_while_it_is_stopped_has_spawned_nothing() => Run(3, async nodes =>
    {
        var (outsider, leader, parent) = await Family(nodes);
        var spawning = parent.Self.Spawn(nodes.Three.Member.Node.Id);
        await outsider.Kill(parent.Pid, Stop);
        await nodes.Elapse(0.5);
        Assert.False(spawning.IsCompleted);
        Assert.Empty(await All(outsider, nodes.Three));
        await outsider.Kill(parent.Pid, Kill);
        Assert.True((await spawning).Failed);
        Assert.Empty(await All(outsider, nodes.Three));
        Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, 0));
    });

    [Fact]
    public void A_spawn_goes_on_when_the_groups_home_is_gone() => Run(3, async nodes =>
    {
        var (_, _, parent) = await Family(nodes);
        var (one, two) = (nodes.One.Member.Node, nodes.Two.Member.Node);
        var table = ProcessTableClient.On(nodes.Three.Ipc.Kernel, nodes.Three.Member.Node);
        var spawning = parent.Self.Spawn(nodes.Three.Member.Node.Id);
        while ((await table.List(0)).Value.Length == 0) await nodes.Elapse(0.00001);
        nodes.Cluster.Network.Part(one, two);
        nodes.Cluster.Network.Cut(one, two);
        await nodes.Elapse(5);
        Assert.False(spawning.IsCompleted);
        await nodes.Lose(nodes.One);
        Assert.Equal(Errno.None, (await spawning).Errno);
    });

    [Fact]
    public void Who_was_stopped_while_a_number_was_waited_for_makes_no_child() => Run(
        1,
        async nodes =>
        {
            var (outsider, parent) = (await nodes.Begin(), await nodes.Begin());
            for (var count = 2; count < 1_024; count++) await parent.Self.Fork();
            var (forking, spawning) = (parent.Self.Fork(), parent.Self.Spawn(nodes.One.Member.Node.Id));
            Assert.Equal(Errno.None, await outsider.KillGroup(parent.Pid, Stop));
            await nodes.Elapse(0.1);
            var stopped = await All(outsider, nodes.One);
            Assert.DoesNotContain(stopped, info => info.State != (byte)'T' && info.Pid != outsider.Pid);
            Assert.False(forking.IsCompleted || spawning.IsCompleted);
            Assert.Equal(Errno.None, await outsider.KillGroup(parent.Pid, Cont));
            Assert.Equal(Errno.None, (await forking).Errno);
            Assert.Equal(Errno.None, (await spawning).Errno);
        },
        new ProcessSettings { LeaseAhead = 0 });

    private static async Task<(Program Outsider, Program Leader, Program Parent)> Family(
        ProcessNodes nodes, bool linked = false)
    {
        var (outsider, leader) = (await nodes.Begin(), await nodes.Begin());
        if (!linked) return (outsider, leader, await leader.Spawn(nodes.Two));
        var job = await leader.Fork();
        Assert.Equal(Errno.None, await job.SetGroup(0, 0));
        return (outsider, job, await job.Spawn(nodes.Two));
    }

    private static Task<Program?>[] Spawns(ProcessNodes nodes, Program parent) =>
        [.. nodes.Cluster.Nodes.Concat(nodes.Cluster.Nodes).Select(node => Spawn(nodes, parent, node))];

    // The signal passes the group's home before the child is a member, and is heard by the parent's node
    // after the child was made.
    private static async Task<Task<Program?>> SpawnBesideLate(
        int signal, ProcessNodes nodes, Program outsider, Program leader, Program parent, Task? first = null)
    {
        var (one, two) = (nodes.One.Member.Node, nodes.Two.Member.Node);
        nodes.Cluster.Network.Part(one, two);
        nodes.Cluster.Network.Cut(one, two);
        var sent = outsider.KillGroup(leader.Pid, signal);
        await nodes.Elapse(0.1);
        var spawning = Spawn(nodes, parent, nodes.Three);
        await nodes.Elapse(0.5);
        if (first is not null) Assert.True(first.IsCompleted || !spawning.IsCompleted);
        nodes.Cluster.Network.Heal(one, two);
        Assert.Equal(Errno.None, await sent);
        await nodes.Elapse(0.1);
        return spawning;
    }

    // Claims at once, so that the child does not end for want of a program; null when it or its parent ended.
    private static async Task<Program?> Spawn(ProcessNodes nodes, Program parent, SimulatedNode target)
    {
        var spawned = await parent.Self.Spawn(target.Member.Node.Id);
        if (spawned.Failed) return null;
        var (pid, token) = (spawned.Value.Pid, spawned.Value.Token);
        var claimed = await nodes.Host(target).Claim(ProcessNodes.Alice, pid, token);
        return claimed.Failed ? null : new Program(nodes, target, claimed.Value);
    }

    private static async Task<int> EachIs(char state, ProcessNodes nodes, Program outsider)
    {
        var count = 0;
        foreach (var node in nodes.Cluster.Nodes)
        {
            foreach (var info in await All(outsider, node))
            {
                if (info.Pid == outsider.Pid) continue;
                Assert.Equal((byte)state, info.State);
                count++;
            }
        }
        return count;
    }

    private static async Task<ProcessInfo[]> All(Program outsider, SimulatedNode node) =>
        (await ProcessTableClient.On(outsider.Hosted.Context, node.Member.Node).List(0)).Value;

    private static void OverSeeds(Func<ProcessNodes, ulong, Task> scenario)
    {
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            using var nodes = new ProcessNodes(seed, 3);
            var number = seed;
            nodes.Run(() => scenario(nodes, number));
        }
    }

    private static void Run(int count, Func<ProcessNodes, Task> scenario, ProcessSettings? settings = null)
    {
        using var nodes = new ProcessNodes(nodes: count, settings: settings);
        nodes.Run(() => scenario(nodes));
    }
}
