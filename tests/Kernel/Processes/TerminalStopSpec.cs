using K42.Contracts;
using K42.Contracts.Kernel;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Processes;

/// <summary>Stops by a terminal's signals, which do nothing in an orphaned group.</summary>
public sealed class TerminalStopSpec
{
    private const int Kill = 9;
    private const int Cont = 18;
    private const int Stop = 19;
    private const int TerminalStop = 20;
    private const int Handle = 2;

    [Fact]
    public void A_parents_move_counts_for_its_children_on_other_nodes() => Run(2, async nodes =>
    {
        var shell = await nodes.Begin();
        var parent = await shell.Fork();
        var child = await parent.Spawn(nodes.Two);
        Assert.Equal(Errno.None, await parent.SetGroup(child.Pid, 0));
        // The parent follows into its child's group: no link is left.
        Assert.Equal(Errno.None, await parent.SetGroup(0, child.Pid));
        Assert.Equal(Errno.None, await shell.SetGroup(parent.Pid, child.Pid));
        await nodes.Elapse(0.1);
        await shell.Kill(child.Pid, TerminalStop);
        await nodes.Elapse(0.1);
        Assert.Equal((byte)'T', (await child.Info()).State);
        await shell.Kill(child.Pid, Cont);
        Assert.Equal(shell.Pid, (await parent.Info()).Parent);
        await parent.Self.SetSession();
        await nodes.Elapse(0.1);
        // Its parent is of another session now.
        await shell.Kill(child.Pid, TerminalStop);
        await nodes.Elapse(0.1);
        Assert.Equal((byte)'S', (await child.Info()).State);
    });

    [Fact]
    public void A_parent_that_moves_while_it_spawns_counts_as_moved() => Run(2, async nodes =>
    {
        var parent = await (await nodes.Begin()).Fork();
        var spawning = parent.Self.Spawn(nodes.Two.Member.Node.Id);
        Assert.Equal(Errno.None, await parent.SetGroup(0, 0));
        var spawned = (await spawning).Value;
        Assert.NotEqual(parent.Pid, (await parent.Lookup(spawned.Pid)).Value.Group);
        await nodes.Elapse(0.1);
        await parent.Kill(spawned.Pid, TerminalStop);
        await nodes.Elapse(0.1);
        Assert.Equal((byte)'T', (await parent.Lookup(spawned.Pid)).Value.State);
    });

    [Fact]
    public void A_terminals_stop_does_nothing_in_an_orphaned_group_on_several_nodes() => Run(3, async nodes =>
    {
        var leader = await nodes.Begin();
        var (two, three) = (await leader.Spawn(nodes.Two), await leader.Spawn(nodes.Three));
        foreach (var signal in new[] { TerminalStop, 21, 22 })
        {
            Assert.Equal(Errno.None, await leader.KillGroup(leader.Pid, signal));
            await nodes.Elapse(0.1);
            foreach (var program in new[] { leader, two, three })
                Assert.Equal((byte)'S', (await program.Info()).State);
        }
        Assert.Equal(0, (await leader.Wait(Program.Stopped | Program.NoHang)).Value.Pid);
    });

    [Fact]
    public void A_terminals_stop_stops_a_linked_group_on_several_nodes() => Run(3, async nodes =>
    {
        var (shell, job) = await OrphanSpec.Job(nodes, nodes.Two);
        Program[] members = [job, await job.Fork(), await job.Spawn(nodes.Three), await job.Spawn(nodes.One)];
        Assert.Equal(Errno.None, await shell.KillGroup(job.Pid, TerminalStop));
        await nodes.Elapse(0.1);
        foreach (var member in members) Assert.Equal((byte)'T', (await member.Info()).State);
        Assert.Equal(0x147f, (await shell.Wait(Program.Stopped)).Value.Status);
    });

    [Fact]
    public void SIGCONT_cancels_a_stop_that_is_being_considered() => Run(2, async nodes =>
    {
        var (shell, job) = await OrphanSpec.Job(nodes, nodes.One);
        var member = await job.Spawn(nodes.Two);
        var (one, two) = (nodes.One.Member.Node, nodes.Two.Member.Node);
        nodes.Cluster.Network.Part(one, two);
        nodes.Cluster.Network.Cut(one, two);
        await Signal(nodes.Two, member, TerminalStop);
        Assert.Equal((byte)'S', (await member.Info()).State);
        await Signal(nodes.Two, member, Cont);
        nodes.Cluster.Network.Heal(one, two);
        await nodes.Elapse(60);
        Assert.Equal((byte)'S', (await member.Info()).State);
        Assert.Equal(0, (await job.Wait(Program.Stopped | Program.NoHang)).Value.Pid);
        await shell.Kill(member.Pid, TerminalStop);
        await nodes.Elapse(0.1);
        Assert.Equal((byte)'T', (await member.Info()).State);
    });

    [Fact]
    public void Other_signals_act_while_a_stop_is_being_considered() => Run(2, async nodes =>
    {
        var (_, job) = await OrphanSpec.Job(nodes, nodes.One);
        Program[] members =
            [await job.Spawn(nodes.Two), await job.Spawn(nodes.Two), await job.Spawn(nodes.Two)];
        await members[0].Disposition(10, Handle);
        var (one, two) = (nodes.One.Member.Node, nodes.Two.Member.Node);
        nodes.Cluster.Network.Part(one, two);
        nodes.Cluster.Network.Cut(one, two);
        foreach (var member in members) await Signal(nodes.Two, member, TerminalStop);
        await Signal(nodes.Two, members[0], 10);
        Assert.Equal(10, Assert.Single(await members[0].TakeSignals()));
        await Signal(nodes.Two, members[1], Stop);
        Assert.Equal((byte)'T', (await members[1].Info()).State);
        await Signal(nodes.Two, members[2], Kill);
        var forking = members[0].Self.Fork();
        await nodes.Elapse(1);
        Assert.False(forking.IsCompleted);
        nodes.Cluster.Network.Heal(one, two);
        await nodes.Elapse(60);
        Assert.Equal((byte)'T', (await members[0].Info()).State);
        Assert.False(forking.IsCompleted);
        await job.KillGroup(job.Pid, Cont);
        Assert.Equal(Errno.None, (await forking).Errno);
    });

    [Fact]
    public void A_terminals_stop_is_decided_without_the_groups_home() => Run(3, async nodes =>
    {
        var shell = await nodes.Begin();
        var job = await shell.Spawn(nodes.Three);
        Assert.Equal(Errno.None, await job.SetGroup(0, 0));
        var (linked, other) = (await shell.Fork(), await job.Spawn(nodes.Two));
        Assert.Equal(Errno.None, await shell.SetGroup(linked.Pid, job.Pid));
        await nodes.Lose(nodes.Three);
        await Signal(nodes.Two, other, TerminalStop);
        await nodes.Elapse(0.1);
        Assert.Equal((byte)'T', (await other.Info()).State);
        await shell.Kill(other.Pid, Cont);
        await linked.Exit();
        await Signal(nodes.Two, other, TerminalStop);
        await nodes.Elapse(0.1);
        Assert.Equal((byte)'S', (await other.Info()).State);
    });

    /// <summary>A signal from the process's own node, which needs no other for it.</summary>
    private static async Task Signal(SimulatedNode node, Program program, int signal)
    {
        var table = ProcessTableClient.On(node.Ipc.Kernel, node.Member.Node);
        Assert.Equal(Errno.None, (await table.Kill(program.Pid, signal)).Errno);
    }

    private static void Run(int count, Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes(nodes: count);
        nodes.Run(() => scenario(nodes));
    }
}
