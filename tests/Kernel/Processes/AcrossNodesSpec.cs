using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class AcrossNodesSpec
{
    private const int Sigchld = 17;

    [Fact]
    public void A_child_on_another_node_is_waited_for_like_any_other() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 2);
        var child = await parent.Spawn(nodes.Two);
        var info = (await parent.Lookup(child.Pid)).Value;
        Assert.Equal(nodes.Two.Member.Node, info.Node);
        Assert.Equal((parent.Pid, parent.Pid, parent.Pid), (info.Parent, info.Group, info.Session));
        var waiting = parent.Wait();
        await child.Exit(3);
        Assert.Equal(new WaitResult(child.Pid, 3 << 8, 1_000, 1), (await waiting).Value);
        Assert.Equal(new SignalInfo(Sigchld, child.Pid, 1_000, 1, 3, false),
            Assert.Single((await parent.Self.NextSignals(0)).Value.Signals));
        await nodes.Elapse(0.1);
        Assert.Equal(Errno.ESRCH, (await parent.Lookup(child.Pid)).Errno);
    });

    [Fact]
    public void Stops_kills_and_reaping_work_across_nodes() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Spawn(nodes.Two);
        Assert.Equal(Errno.None, await parent.Kill(child.Pid, 19));
        Assert.Equal(0x137f, (await parent.Wait(Program.Stopped)).Value.Status);
        Assert.Equal(Errno.None, await parent.Kill(child.Pid, 18));
        Assert.Equal(0xffff, (await parent.Wait(Program.Continued)).Value.Status);
        Assert.Equal(Errno.None, await parent.Kill(child.Pid, 9));
        Assert.Equal(9, (await parent.Wait(Program.Exited | Program.NoWait)).Value.Status);
        Assert.Equal((byte)'Z', (await parent.Lookup(child.Pid)).Value.State);
        Assert.Equal(9, (await parent.Wait()).Value.Status);
    });

    [Fact]
    public void A_token_serves_once_the_right_user_and_for_a_minute() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var host = nodes.Host(nodes.Two);
        var spawned = (await parent.Self.Spawn(nodes.Two.Member.Node.Id)).Value;
        Assert.Equal(16, spawned.Token.Length);
        Assert.Equal(Errno.EPERM, (await host.Claim(ProcessNodes.Bob, spawned.Pid, spawned.Token)).Errno);
        Assert.Equal(Errno.EPERM, (await host.Claim(ProcessNodes.Alice, spawned.Pid, new byte[16])).Errno);
        Assert.Equal(Errno.EPERM, (await host.Claim(ProcessNodes.Alice, spawned.Pid, default)).Errno);
        Assert.Equal(Errno.None, (await host.Claim(ProcessNodes.Alice, spawned.Pid, spawned.Token)).Errno);
        Assert.Equal(Errno.EPERM, (await host.Claim(ProcessNodes.Alice, spawned.Pid, spawned.Token)).Errno);
        var unclaimed = (await parent.Self.Spawn(nodes.Two.Member.Node.Id)).Value;
        await nodes.Elapse(59);
        Assert.Equal(0, (await parent.Wait(Program.Exited | Program.NoHang)).Value.Pid);
        await nodes.Elapse(2);
        var killed = (await parent.Wait()).Value;
        Assert.Equal((unclaimed.Pid, 9), (killed.Pid, killed.Status));
        Assert.Equal(Errno.ENODEV, (await parent.Self.Spawn(77)).Errno);
    });

    [Fact]
    public void An_ended_parent_leaves_its_remote_children_to_process_1() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Spawn(nodes.Two);
        var unclaimed = (await parent.Self.Spawn(nodes.Two.Member.Node.Id)).Value;
        await parent.Exit();
        await nodes.Elapse(0.1);
        Assert.Equal(1, (await child.Info()).Parent);
        Assert.Equal(Errno.ESRCH, (await child.Lookup(unclaimed.Pid)).Errno);
        await child.Exit();
        await nodes.Elapse(0.1);
        Assert.Equal(Errno.ESRCH, (await (await nodes.Begin()).Lookup(child.Pid)).Errno);
    });

    [Fact]
    public void A_nodes_death_is_SIGKILL_to_its_processes() => Run(3, async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 2);
        var (lost, kept) = (await parent.Spawn(nodes.Two), await parent.Spawn(nodes.Three));
        var grandchild = await lost.Spawn(nodes.Three);
        var waiting = parent.Wait();
        await nodes.Lose(nodes.Two);
        Assert.Equal(new WaitResult(lost.Pid, 9, 1_000, 2), (await waiting).Value);
        Assert.Equal(Sigchld, Assert.Single(await parent.TakeSignals()));
        Assert.Equal(1, (await grandchild.Info()).Parent);
        Assert.Equal(Errno.ESRCH, await parent.Kill(lost.Pid, 0));
        Assert.Equal(Errno.None, await parent.KillGroup(parent.Pid, 0));
        await kept.Exit();
        Assert.Equal(kept.Pid, (await parent.Wait()).Value.Pid);
        Assert.Equal(Errno.ENODEV, (await parent.Self.Spawn(nodes.Two.Member.Node.Id)).Errno);
    });

    [Fact]
    public void A_zombie_of_a_lost_node_keeps_its_status() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Spawn(nodes.Two);
        await child.Exit(5);
        await nodes.Elapse(0.1);
        await nodes.Lose(nodes.Two);
        Assert.Equal(5 << 8, (await parent.Wait()).Value.Status);
        Assert.Equal(Errno.ECHILD, (await parent.Wait()).Errno);
    });

    [Fact]
    public void A_groups_signal_reaches_members_on_every_node() => Run(3, async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(15, 1);
        await parent.Disposition(Sigchld, 2);
        Program[] children =
            [await parent.Fork(), await parent.Spawn(nodes.Two), await parent.Spawn(nodes.Three)];
        var elsewhere = await children[1].Fork();
        foreach (var child in children) await child.Disposition(15, 0);
        await elsewhere.Disposition(15, 0);
        Assert.Equal(Errno.None, await children[2].KillGroup(parent.Pid, 15));
        foreach (var child in children) Assert.Equal(15, (await parent.WaitOf(child)).Value.Status);
        await nodes.Elapse(0.1);
        Assert.Equal(Errno.ESRCH, (await parent.Lookup(elsewhere.Pid)).Errno);
        Assert.Equal(Errno.None, await parent.KillGroup(parent.Pid, 0));
    });

    [Fact]
    public void Groups_are_joined_and_left_across_nodes() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var (here, there) = (await parent.Fork(), await parent.Spawn(nodes.Two));
        Assert.Equal(Errno.None, await parent.SetGroup(there.Pid, 0));
        Assert.Equal(there.Pid, (await there.Info()).Group);
        Assert.Equal(Errno.None, await here.SetGroup(0, there.Pid));
        Assert.Equal(Errno.EPERM, await here.SetGroup(0, there.Pid + 1));
        Assert.Equal(Errno.None, await parent.KillGroup(there.Pid, 9));
        Assert.Equal(here.Pid, (await parent.Self.Wait(WaitFor.Group, there.Pid, Program.Exited)).Value.Pid);
        Assert.Equal(there.Pid, (await parent.Self.Wait(WaitFor.Group, there.Pid, Program.Exited)).Value.Pid);
        await nodes.Elapse(0.1);
        Assert.Equal(Errno.ESRCH, await parent.KillGroup(there.Pid, 0));
    });

    [Fact]
    public void Who_leads_a_session_meanwhile_enters_no_group() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var (here, there) = (await parent.Fork(), await parent.Spawn(nodes.Two));
        Assert.Equal(Errno.None, await parent.SetGroup(there.Pid, 0));
        var moving = here.Self.SetGroup(0, there.Pid);
        Assert.Equal(here.Pid, (await here.Self.SetSession()).Value);
        Assert.Equal(Errno.EPERM, (await moving).Errno);
        Assert.Equal(here.Pid, (await here.Info()).Group);
        await there.Exit();
        await parent.WaitOf(there);
        await nodes.Elapse(0.1);
        Assert.Equal(Errno.ESRCH, await parent.KillGroup(there.Pid, 0));
    });

    [Fact]
    public void A_groups_signal_does_not_follow_who_has_left() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var (here, there) = (await parent.Fork(), await parent.Spawn(nodes.Two));
        Assert.Equal(Errno.None, await parent.SetGroup(there.Pid, 0));
        var table = ProcessTableClient.On(nodes.Two.Ipc.Kernel, nodes.One.Member.Node);
        var sent = await table.SignalMembers(
            [here.Pid], 9, there.Pid, 1_000, 1_000, 1, there.Pid, 0, default);
        Assert.Equal(Errno.ESRCH, sent.Errno);
        Assert.Equal((byte)'S', (await here.Info()).State);
        Assert.Equal(Errno.None, await here.SetGroup(0, there.Pid));
        sent = await table.SignalMembers(
            [here.Pid], 9, there.Pid, 1_000, 1_000, 2, there.Pid, 0, default);
        Assert.Equal(1, sent.Value);
        Assert.Equal(9, (await parent.WaitOf(here)).Value.Status);
    });

    [Fact]
    public void A_remote_childs_own_move_is_seen_by_its_parents_wait() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Spawn(nodes.Two);
        Assert.Equal(Errno.None, await child.SetGroup(0, 0));
        await nodes.Elapse(0.1);
        Assert.Equal(Errno.ECHILD, (await parent.Self.Wait(WaitFor.Group, 0, Program.Exited)).Errno);
        await child.Exit();
        Assert.Equal(child.Pid, (await parent.Self.Wait(WaitFor.Group, child.Pid, Program.Exited)).Value.Pid);
    });

    [Fact]
    public void SIGCONT_crosses_users_and_nodes_within_a_session() => Run(2, async nodes =>
    {
        var root = await nodes.Begin(ProcessNodes.Root);
        var alice = await nodes.Begin(on: nodes.Two);
        // What a set-user-id program would be: another user in Alice's session.
        var start = new ChildStart(
            1, alice.Pid, alice.Pid, 0, 0, "root", [], (byte)Authentication.PeerUid, 0, 0, "su", 1_000,
            LinuxIds.All(0), LinuxIds.All(0), 0);
        var kernel = ProcessTableClient.On(nodes.Two.Ipc.Kernel, nodes.One.Member.Node);
        var set = (await kernel.CreateChild(start)).Value;
        Assert.Equal(Errno.EPERM, await alice.Kill(set.Pid, 15));
        Assert.Equal(Errno.None, await alice.Kill(set.Pid, 18));
        Assert.Equal(Errno.EPERM, await alice.Kill(root.Pid, 18));
        Assert.Equal(Errno.EPERM, await alice.KillGroup(root.Pid, 18));
    });

    [Fact]
    public void A_group_whose_home_died_can_still_be_signalled() => Run(3, async nodes =>
    {
        var parent = await nodes.Begin(on: nodes.Two);
        var (one, three) = (await parent.Spawn(nodes.One), await parent.Spawn(nodes.Three));
        var outsider = await nodes.Begin();
        await nodes.Lose(nodes.Two);
        var child = await one.Fork();
        Assert.Equal(parent.Pid, (await child.Info()).Group);
        Assert.Equal(Errno.None, await outsider.KillGroup(parent.Pid, 0));
        Assert.Equal(Errno.None, await outsider.KillGroup(parent.Pid, 9));
        foreach (var member in new[] { one, three, child })
            Assert.Equal(Errno.ESRCH, (await outsider.Lookup(member.Pid)).Errno);
        Assert.Equal(Errno.ESRCH, await outsider.KillGroup(parent.Pid, 0));
    });

    [Fact]
    public void No_child_that_is_being_forked_escapes_a_groups_SIGKILL()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            using var nodes = new ProcessNodes(seed, 2);
            nodes.Run(async () =>
            {
                var leader = await nodes.Begin();
                var (outsider, member) = (await nodes.Begin(), await leader.Spawn(nodes.Two));
                var forks = Enumerable.Range(0, 8).Select(_ => member.Self.Fork().AsTask()).ToArray();
                var killed = outsider.KillGroup(leader.Pid, 9);
                await Task.WhenAll(forks);
                Assert.Equal(Errno.None, await killed);
                await nodes.Elapse(0.5);
                var table = ProcessTableClient.On(outsider.Hosted.Context, nodes.Two.Member.Node);
                Assert.Empty((await table.List(0)).Value);
            });
        }
    }

    [Fact]
    public void No_child_that_is_being_forked_escapes_a_groups_SIGSTOP()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            using var nodes = new ProcessNodes(seed, 2);
            nodes.Run(async () =>
            {
                var leader = await nodes.Begin();
                var (outsider, member) = (await nodes.Begin(), await leader.Spawn(nodes.Two));
                var forks = Enumerable.Range(0, 8).Select(_ => member.Self.Fork().AsTask()).ToArray();
                Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, 19));
                await nodes.Elapse(0.5);
                var table = ProcessTableClient.On(outsider.Hosted.Context, nodes.Two.Member.Node);
                Assert.All((await table.List(0)).Value, info => Assert.Equal((byte)'T', info.State));
                Assert.Equal(Errno.None, await outsider.KillGroup(leader.Pid, 18));
                await Task.WhenAll(forks);
                Assert.Equal(9, (await table.List(0)).Value.Count(info => info.State == (byte)'S'));
            });
        }
    }

    [Fact]
    public void News_of_a_child_outlast_a_part_between_the_nodes() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 2);
        var child = await parent.Spawn(nodes.Two);
        var (one, two) = (nodes.One.Member.Node, nodes.Two.Member.Node);
        nodes.Cluster.Network.Part(one, two);
        nodes.Cluster.Network.Cut(one, two);
        await child.Exit(6);
        // Longer than an outgoing call may take: its answer is lost, the news are told again.
        await nodes.Elapse(45);
        Assert.Equal(0, (await parent.Wait(Program.Exited | Program.NoHang)).Value.Pid);
        nodes.Cluster.Network.Heal(one, two);
        Assert.Equal(new WaitResult(child.Pid, 6 << 8, 1_000, 1), (await parent.Wait()).Value);
        Assert.Equal(Sigchld, Assert.Single(await parent.TakeSignals()));
        await nodes.Elapse(120);
        Assert.Equal(Errno.ECHILD, (await parent.Wait()).Errno);
        Assert.Equal(Errno.ESRCH, (await parent.Lookup(child.Pid)).Errno);
        Assert.Empty(await parent.TakeSignals());
    });

    [Fact]
    public void Late_repeated_and_reordered_news_of_children_change_nothing() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Spawn(nodes.Two);
        var table = ProcessTableClient.On(nodes.Two.Ipc.Kernel, nodes.One.Member.Node);
        var stopped = new WaitResult(child.Pid, 0x137f, 1_000, 5);
        var ended = new WaitResult(child.Pid, 9, 1_000, 2);
        await child.Exit(4);
        await nodes.Elapse(0.1);
        var (who, group) = (parent.Pid, parent.Pid);
        Assert.Equal(Errno.None, (await table.ChildChanged(who, stopped, false, 1, group, group)).Errno);
        Assert.Equal(Errno.None, (await table.ChildChanged(who, ended, true, 9, group, group)).Errno);
        Assert.Equal(4 << 8, (await parent.Wait()).Value.Status);
        Assert.Equal(Errno.ESRCH, (await table.ChildChanged(who, ended, true, 9, group, group)).Errno);
        Assert.Equal(Errno.ESRCH, (await table.ChildChanged(999_999, ended, true, 1, 1, 1)).Errno);
        var other = await parent.Spawn(nodes.Two);
        ProcessTableClient.On(nodes.One.Ipc.Kernel, nodes.Two.Member.Node).ParentReleased(other.Pid, false);
        ProcessTableClient.On(nodes.One.Ipc.Kernel, nodes.Two.Member.Node).ParentReleased(child.Pid, true);
        await nodes.Elapse(0.1);
        Assert.Equal(parent.Pid, (await other.Info()).Parent);
    });

    [Fact]
    public void Calls_between_kernels_are_refused_to_processes() => Run(1, async nodes =>
    {
        var program = await nodes.Begin(ProcessNodes.Root);
        var table = program.TableOf(program.Pid);
        Assert.Equal(Errno.EPERM, (await table.ChildChanged(program.Pid, default, true, 1, 0, 0)).Errno);
        Assert.Equal(Errno.EPERM, (await table.JoinGroup(program.Pid, program.Pid, program.Pid, true)).Errno);
        Assert.Equal(Errno.EPERM, (await table.CreateChild(default)).Errno);
        var other = await nodes.Begin();
        var guessed = new ProcessClient(program.Hosted.Context, other.Hosted.Process);
        Assert.Equal(Errno.EPERM, (await guessed.Info()).Errno);
    });

    private static void Run(int count, Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes(nodes: count);
        nodes.Run(() => scenario(nodes));
    }
}
