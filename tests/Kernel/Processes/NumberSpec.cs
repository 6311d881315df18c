using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.Kernel.Processes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class NumberSpec
{
    [Fact]
    public void A_user_who_has_all_the_handles_that_he_may_have_makes_no_more_processes()
    {
        using var nodes = new ProcessNodes(ipc: new IpcSettings { HandlesPerUserMax = 2 });
        nodes.Run(async () =>
        {
            var parent = await nodes.Begin();
            var child = await parent.Fork();
            Assert.Equal(Errno.EAGAIN, (await parent.Self.Fork()).Errno);
            Assert.False((await nodes.Host(nodes.One).Begin(ProcessNodes.Bob, "x")).Failed);
            await child.Exit();
            Assert.False((await parent.Self.Fork()).Failed);
        });
    }

    [Fact]
    public void Numbers_come_from_blocks_that_were_leased_before_they_were_needed()
    {
        using var nodes = new ProcessNodes(nodes: 2);
        nodes.Run(async () =>
        {
            var (one, two) = (await nodes.Begin(), await nodes.Begin(on: nodes.Two));
            Assert.NotEqual(one.Pid / 1_024, two.Pid / 1_024);
            Assert.Equal(nodes.Two.Member.Node, nodes.Host(nodes.One).HomeOf(two.Pid));
            var pids = new HashSet<int> { one.Pid };
            for (var count = 0; count < 700; count++) pids.Add((await one.Self.Fork()).Value.Pid);
            Assert.Single(pids.Select(pid => pid / 1_024).Distinct());
            nodes.Cluster.Tables.NoMajority = true;
            // The next block came before: a cluster without majority goes on for a while.
            nodes.Cluster.Tables.NoMajority = false;
            for (var count = 0; count < 100; count++) pids.Add((await one.Self.Fork()).Value.Pid);
            nodes.Cluster.Tables.NoMajority = true;
            for (var count = 0; count < 300; count++) pids.Add((await one.Self.Fork()).Value.Pid);
            Assert.Equal(1_101, pids.Count);
        });
    }

    [Fact]
    public void Without_numbers_fork_fails_until_there_are_some_again()
    {
        using var nodes = new ProcessNodes(tables: new SimulatedTables { BlocksMax = 1 });
        nodes.Run(async () =>
        {
            var parent = await nodes.Begin();
            var children = new List<int>();
            for (var count = 0; count < 1_023; count++) children.Add((await parent.Self.Fork()).Value.Pid);
            Assert.Equal(Errno.EAGAIN, (await parent.Self.Fork()).Errno);
            Assert.Equal(Errno.EAGAIN, (await nodes.Host(nodes.One).Begin(ProcessNodes.Bob, "x")).Errno);
            await parent.Kill(children[5], 9);
            Assert.Equal(Errno.EAGAIN, (await parent.Self.Fork()).Errno);
            await parent.Wait();
            Assert.Equal(children[5], (await parent.Self.Fork()).Value.Pid);
        });
    }

    [Fact]
    public void A_number_that_was_just_freed_rests_while_a_block_is_on_its_way()
    {
        var grantor = new SlowGrantor();
        var pool = new NumberPool(grantor, new ProcessSettings(), static action => action());
        pool.LeaseAhead();
        grantor.Grant(1);
        var taken = new List<int>();
        for (var count = 0; count < 1_024; count++) pool.Take(number => taken.Add(number.Value));
        pool.Free(taken[0]);
        pool.Take(number => taken.Add(number.Value));
        Assert.Equal(1_024, taken.Count);
        grantor.Grant(2);
        Assert.Equal(2_048, taken[^1]);
        // Without a block it is better than none.
        while (taken.Count < 2_048) pool.Take(number => taken.Add(number.Value));
        pool.Take(number => taken.Add(number.Value));
        grantor.Grant(Errno.ENFILE);
        Assert.Equal(taken[0], taken[^1]);
    }

    private sealed class SlowGrantor : INumberGrantor
    {
        private Action<Outcome<int>>? _asked;

        public void LeaseBlock(Action<Outcome<int>> done) => _asked = done;

        public void Grant(Outcome<int> block)
        {
            var done = _asked!;
            _asked = null;
            done(block);
        }
    }

    [Fact]
    public void A_number_that_a_group_or_session_names_is_not_used_again()
    {
        using var nodes = new ProcessNodes(tables: new SimulatedTables { BlocksMax = 1 });
        nodes.Run(async () =>
        {
            var parent = await nodes.Begin();
            var leader = await parent.Fork();
            await leader.Self.SetSession();
            var member = await leader.Fork();
            await member.SetGroup(0, 0);
            var (last, gone) = (await member.Fork(), leader.Pid);
            await leader.Exit();
            await parent.Wait();
            // The session's number and the group's are named by the last one only.
            await member.Exit();
            var seen = new HashSet<int>();
            for (var fork = await parent.Self.Fork(); !fork.Failed; fork = await parent.Self.Fork())
                seen.Add(fork.Value.Pid);
            Assert.DoesNotContain(gone, seen);
            Assert.DoesNotContain(member.Pid, seen);
            await last.Exit();
            HashSet<int> again = [];
            for (var fork = await parent.Self.Fork(); !fork.Failed; fork = await parent.Self.Fork())
                again.Add(fork.Value.Pid);
            Assert.Equal([gone, member.Pid, last.Pid], again.Order().ToArray());
        });
    }

    [Fact]
    public void Forks_that_wait_for_a_block_are_all_answered()
    {
        using var nodes = new ProcessNodes(settings: new ProcessSettings { LeaseAhead = 0 });
        nodes.Run(async () =>
        {
            var parent = await nodes.Begin();
            for (var round = 0; round < 35; round++)
            {
                var forks = Enumerable.Range(0, 30).Select(_ => parent.Self.Fork().AsTask()).ToArray();
                foreach (var fork in await Task.WhenAll(forks)) Assert.Equal(Errno.None, fork.Errno);
            }
        });
    }

    [Fact]
    public void A_user_has_a_maximum_and_root_has_not()
    {
        using var nodes = new ProcessNodes(settings: new ProcessSettings { PerUserMax = 3 });
        nodes.Run(async () =>
        {
            var alice = await nodes.Begin();
            var child = await alice.Fork();
            await alice.Fork();
            Assert.Equal(Errno.EAGAIN, (await alice.Self.Fork()).Errno);
            await child.Exit();
            Assert.Equal(Errno.EAGAIN, (await alice.Self.Fork()).Errno);
            await alice.Wait();
            Assert.Equal(Errno.None, (await alice.Self.Fork()).Errno);
            var root = await nodes.Begin(ProcessNodes.Root);
            for (var count = 0; count < 5; count++) Assert.Equal(Errno.None, (await root.Self.Fork()).Errno);
        });
    }

    [Fact]
    public void A_node_that_may_not_serve_makes_no_process_and_ends_those_it_has()
    {
        using var nodes = new ProcessNodes();
        nodes.Run(async () =>
        {
            var program = await nodes.Begin();
            var ended = program.Self.NextSignals(1);
            nodes.One.Membership.MayServe = false;
            Assert.Equal(Errno.EAGAIN, (await program.Self.Fork()).Errno);
            Assert.Equal(Errno.EAGAIN, (await nodes.Host(nodes.One).Begin(ProcessNodes.Alice, "x")).Errno);
            nodes.Host(nodes.One).EndAll();
            Assert.True((await ended).Value.Ended);
        });
    }
}
