using K42.Contracts;
using K42.Contracts.Kernel;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Processes;

/// <summary>Process groups that become orphaned: SIGHUP and SIGCONT when a member is stopped.</summary>
public sealed class OrphanSpec
{
    private const int Hangup = 1;
    private const int Cont = 18;
    private const int Stop = 19;
    private const int Handle = 2;

    private static readonly int[] HungUp = [Hangup, Cont];

    [Fact]
    public void A_parents_end_hangs_up_its_childs_stopped_group() => Run(1, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.One);
        var member = await job.Fork();
        await Handles(job, member);
        await shell.Kill(member.Pid, Stop);
        await shell.Exit();
        Assert.Equal(HungUp, await Taken(member));
        Assert.Equal(HungUp, await Taken(job));
        Assert.Equal((byte)'S', (await member.Info()).State);
    });

    [Fact]
    public void SIGHUP_comes_from_the_kernel_and_before_SIGCONT_acts() => Run(1, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.One);
        var member = await job.Fork();
        await Handles(job, member);
        await shell.Kill(job.Pid, Stop);
        var waiting = member.Self.NextSignals((await member.Self.NextSignals(0)).Value.Stamp);
        await shell.Exit();
        var state = (await waiting).Value;
        Assert.Equal(new SignalInfo(Hangup, 0, 0, 0x80, 0, false), Assert.Single(state.Signals));
        state = (await member.Self.NextSignals(state.Stamp)).Value;
        Assert.Equal(new SignalInfo(Cont, 0, 0, 0x80, 0, false), Assert.Single(state.Signals));
    });

    [Fact]
    public void Who_does_not_handle_SIGHUP_ends_by_it() => Run(1, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.One);
        var member = await job.Fork();
        await job.Disposition(Hangup, Handle);
        await shell.Kill(member.Pid, Stop);
        await shell.Exit();
        Assert.Equal(Hangup, (await job.WaitOf(member)).Value.Status);
    });

    [Fact]
    public void The_end_of_the_member_that_was_the_link_hangs_up_its_own_group() => Run(1, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.One);
        var member = await job.Fork();
        await Handles(member);
        await shell.Kill(member.Pid, Stop);
        await job.Exit();
        Assert.Equal(HungUp, await Taken(member));
    });

    [Fact]
    public void Nothing_is_sent_while_another_link_is_left() => Run(1, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.One);
        var (other, member) = (await shell.Fork(), await job.Fork());
        Assert.Equal(Errno.None, await shell.SetGroup(other.Pid, job.Pid));
        await Handles(other, member);
        await shell.Kill(member.Pid, Stop);
        await job.Exit();
        Assert.Equal((byte)'T', (await member.Info()).State);
        await other.Exit();
        Assert.Equal(HungUp, await Taken(member));
    });

    [Fact]
    public void Nothing_is_sent_when_nobody_is_stopped() => Run(1, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.One);
        await Handles(job);
        await shell.Exit();
        Assert.Empty(await job.TakeSignals());
    });

    [Fact]
    public void A_parent_of_another_session_is_no_link_that_is_lost() => Run(1, async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Self.SetSession();
        var member = await child.Fork();
        await Handles(child, member);
        await parent.Kill(member.Pid, Stop);
        await parent.Exit();
        Assert.Equal((byte)'T', (await member.Info()).State);
        Assert.Empty(await child.TakeSignals());
    });

    [Fact]
    public void A_parent_of_the_same_group_is_no_link_that_is_lost() => Run(2, async nodes =>
    {
        var first = await nodes.Begin();
        var parent = await first.Fork();
        Program[] children = [await parent.Fork(), await parent.Spawn(nodes.Two)];
        await Handles(children);
        foreach (var child in children) await first.Kill(child.Pid, Stop);
        await parent.Exit();
        await nodes.Elapse(0.1);
        foreach (var child in children) Assert.Equal((byte)'T', (await child.Info()).State);
    });

    [Fact]
    public void A_long_chain_of_stopped_jobs_falls_one_by_one() => Run(1, async nodes =>
    {
        var chain = new List<Program> { await nodes.Begin() };
        for (var count = 0; count < 2_000; count++)
        {
            var next = await chain[^1].Fork();
            await next.SetGroup(0, 0);
            chain.Add(next);
        }
        for (var at = 1; at < chain.Count; at++) await chain[0].Kill(chain[at].Pid, Stop);
        await chain[0].Exit();
        var table = ProcessTableClient.On(nodes.One.Ipc.Kernel, nodes.One.Member.Node);
        Assert.Empty((await table.List(0)).Value);
    });

    [Fact]
    public void Who_ends_by_its_childs_end_has_its_SIGCHLD_first() => Run(1, async nodes =>
    {
        // The only link of the parent's group is a grandchild.
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        Assert.Equal(Errno.None, await child.SetGroup(0, 0));
        var link = await child.Fork();
        Assert.Equal(Errno.None, await child.SetGroup(link.Pid, parent.Pid));
        await parent.Kill(link.Pid, Stop);
        await child.Exit();
        var table = ProcessTableClient.On(nodes.One.Ipc.Kernel, nodes.One.Member.Node);
        Assert.Empty((await table.List(0)).Value);
    });

    [Fact]
    public void A_group_spread_over_nodes_is_hung_up_on_all_of_them() => Run(3, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.Two);
        Program[] members = [job, await job.Fork(), await job.Spawn(nodes.Three), await job.Spawn(nodes.One)];
        await Handles(members);
        await shell.Kill(members[2].Pid, Stop);
        await shell.Exit();
        await nodes.Elapse(0.1);
        foreach (var member in members) Assert.Equal(HungUp, await Taken(member));
    });

    [Fact]
    public void A_group_whose_home_has_no_member_is_hung_up() => Run(3, async nodes =>
    {
        var (shell, members) = await JobFromElsewhere(nodes);
        await shell.Kill(members[1].Pid, Stop);
        await nodes.Elapse(0.1);
        await shell.Exit();
        await nodes.Elapse(0.1);
        foreach (var member in members) Assert.Equal(HungUp, await Taken(member));
    });

    [Fact]
    public void Links_on_other_nodes_count() => Run(3, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.Two);
        var other = await shell.Spawn(nodes.Three);
        Assert.Equal(Errno.None, await shell.SetGroup(other.Pid, job.Pid));
        var member = await job.Fork();
        await Handles(member, other);
        await shell.Kill(member.Pid, Stop);
        await job.Exit();
        await nodes.Elapse(0.1);
        Assert.Equal((byte)'T', (await member.Info()).State);
        await other.Exit();
        await nodes.Elapse(0.1);
        Assert.Equal(HungUp, await Taken(member));
    });

    [Fact]
    public void A_zombie_elsewhere_that_goes_to_process_1_hangs_up_its_group() => Run(2, async nodes =>
    {
        var leader = await nodes.Begin();
        var parent = await leader.Fork();
        var zombie = await parent.Spawn(nodes.Two);
        await zombie.Exit();
        await Handles(leader);
        await nodes.Elapse(0.1);
        // Only now is the zombie's parent of another group.
        Assert.Equal(Errno.None, await parent.SetGroup(0, 0));
        await parent.Kill(leader.Pid, Stop);
        await nodes.Elapse(0.1);
        await parent.Exit();
        await nodes.Elapse(0.1);
        Assert.Equal(HungUp, await Taken(leader));
    });

    [Fact]
    public void A_link_is_lost_by_the_death_of_the_parents_node() => Run(3, async nodes =>
    {
        var shell = await nodes.Begin(on: nodes.Three);
        var job = await shell.Spawn(nodes.One);
        Assert.Equal(Errno.None, await job.SetGroup(0, 0));
        Program[] members = [job, await job.Spawn(nodes.Two)];
        await Handles(members);
        await job.Kill(members[1].Pid, Stop);
        await nodes.Lose(nodes.Three);
        foreach (var member in members) Assert.Equal(HungUp, await Taken(member));
    });

    [Fact]
    public void A_link_is_lost_by_the_death_of_the_members_node_and_the_groups_home() => Run(3, async nodes =>
    {
        var (shell, job) = await Job(nodes, nodes.Three);
        Program[] members = [await job.Spawn(nodes.One), await job.Spawn(nodes.Two)];
        await Handles(members);
        await shell.Kill(members[1].Pid, Stop);
        await nodes.Lose(nodes.Three);
        foreach (var member in members) Assert.Equal(HungUp, await Taken(member));
    });

    [Fact]
    public void A_member_that_dies_with_its_node_and_was_no_link_changes_nothing() => Run(3, async nodes =>
    {
        var leader = await nodes.Begin();
        var two = await leader.Spawn(nodes.Two);
        await leader.Spawn(nodes.Three);
        await Handles(leader, two);
        await leader.Kill(two.Pid, Stop);
        // Of another session, though of another group than its parent.
        var session = await leader.Spawn(nodes.Three);
        Assert.Equal(session.Pid, (await session.Self.SetSession()).Value);
        var member = await session.Spawn(nodes.Two);
        await Handles(member);
        await leader.Kill(member.Pid, Stop);
        await nodes.Elapse(0.1);
        await nodes.Lose(nodes.Three);
        foreach (var program in new[] { two, member }) Assert.Equal((byte)'T', (await program.Info()).State);
        Assert.Empty(await leader.TakeSignals());
    });

    [Fact]
    public void A_group_is_hung_up_once_for_links_lost_on_several_nodes_at_a_time()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            using var nodes = new ProcessNodes(seed, 3);
            nodes.Run(async () =>
            {
                var (shell, members) = await JobFromElsewhere(nodes);
                await shell.Kill(members[0].Pid, Stop);
                await shell.Exit();
                await AreHungUpOnce(nodes, members);
            });
        }
    }

    [Fact]
    public void A_group_without_a_home_is_hung_up_once_for_links_lost_on_several_nodes_at_a_time()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            using var nodes = new ProcessNodes(seed, 3);
            nodes.Run(async () =>
            {
                var shell = await nodes.Begin(on: nodes.Three);
                var job = await shell.Fork();
                Program[] members = [await shell.Spawn(nodes.One), await shell.Spawn(nodes.Two)];
                Assert.Equal(Errno.None, await job.SetGroup(0, 0));
                foreach (var member in members)
                    Assert.Equal(Errno.None, await shell.SetGroup(member.Pid, job.Pid));
                await Handles(members);
                await shell.Kill(members[0].Pid, Stop);
                nodes.Cluster.Kill(nodes.Three);
                await nodes.Elapse(1);
                nodes.Cluster.Remove(nodes.Three);
                await AreHungUpOnce(nodes, members);
            });
        }
    }

    /// <summary>A shell on the first node, and its job in a group of its own.</summary>
    internal static async Task<(Program Shell, Program Job)> Job(ProcessNodes nodes, SimulatedNode where)
    {
        var shell = await nodes.Begin();
        var job = where == nodes.One ? await shell.Fork() : await shell.Spawn(where);
        Assert.Equal(Errno.None, await shell.SetGroup(job.Pid, 0));
        return (shell, job);
    }

    /// <summary>A shell on the first node; its job's group is that of a zombie there, its members live on the
    /// two others, each a child of the shell.</summary>
    private static async Task<(Program Shell, Program[] Members)> JobFromElsewhere(
        ProcessNodes nodes)
    {
        var parent = await nodes.Begin();
        var job = await parent.Fork();
        var shell = await parent.Spawn(nodes.Two);
        Assert.Equal(Errno.None, await parent.SetGroup(job.Pid, 0));
        Program[] members =
            [await shell.Spawn(nodes.Three), await shell.Fork(), await shell.Spawn(nodes.Three)];
        foreach (var member in members) Assert.Equal(Errno.None, await shell.SetGroup(member.Pid, job.Pid));
        await job.Exit();
        await Handles(members);
        return (shell, members);
    }

    // A second SIGHUP would go unseen while the first is pending: so each is taken as it comes.
    private static async Task AreHungUpOnce(ProcessNodes nodes, Program[] members)
    {
        var taken = members.ToDictionary(member => member, _ => new List<int>());
        for (var count = 0; count < 200; count++)
        {
            foreach (var member in members) taken[member].AddRange(await member.TakeSignals());
            await nodes.Elapse(0.0001);
        }
        foreach (var member in members) Assert.Equal(HungUp, taken[member].Order());
    }

    private static async Task Handles(params Program[] programs)
    {
        foreach (var program in programs)
        {
            await program.Disposition(Hangup, Handle);
            await program.Disposition(Cont, Handle);
        }
    }

    private static async Task<int[]> Taken(Program program) => [.. await program.TakeSignals()];

    private static void Run(int count, Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes(nodes: count);
        nodes.Run(() => scenario(nodes));
    }
}
