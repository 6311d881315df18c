using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;
using Akka.Remote.Transport;
using K42.Cluster.Membership;
using K42.Cluster.Tables;
using K42.Contracts;
using Xunit;
using AkkaCluster = Akka.Cluster.Cluster;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace K42.Cluster.Tests;

/// <summary>Nodes that die, leave, come back or are cut off.</summary>
public sealed class FailureSpec
{
    [Fact]
    public async Task A_crashed_node_is_removed_and_comes_back_as_a_higher_incarnation_of_the_same_id()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartThree();
        var logs = nodes[..2].Select(node => new ChangeLog(node.Membership)).ToArray();
        var old = nodes[2].Membership.Self.Node;
        var block = (await nodes[2].Grantor.Lease()).Value;
        Assert.Equal(old, nodes[0].Blocks.HomeOf(block));

        await nodes[2].CrashAsync();
        foreach (var log in logs) await log.Heard($"removed {old}");
        Assert.All(nodes[..2], node => Assert.True(node.Blocks.HomeOf(block).IsNone));
        foreach (var node in nodes[..2]) await node.Serves();

        var again = await cluster.Start("node-3", nodes[1].Address);
        Assert.Equal(new NodeRef(old.Id, old.Incarnation + 1), again.Membership.Self.Node);
        foreach (var log in logs) await log.Heard($"up {again.Membership.Self.Node}");
        Assert.NotEqual(block, (await again.Grantor.Lease()).Value);
    }

    [Fact]
    public async Task A_node_that_comes_back_at_once_is_told_as_removed_before_it_is_told_as_up()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartThree();
        var log = new ChangeLog(nodes[0].Membership);
        var old = nodes[1].Membership.Self.Node;

        await nodes[1].CrashAsync();
        var again = await cluster.Start("node-2", nodes[0].Address);
        await log.Heard($"up {again.Membership.Self.Node}");
        var changes = log.Changes.ToList();
        Assert.InRange(
            changes.IndexOf($"removed {old}"), 0, changes.IndexOf($"up {again.Membership.Self.Node}"));
        Assert.DoesNotContain(again.Membership.Members, member => member.Node == old);
    }

    [Fact]
    public async Task The_next_grantor_knows_every_lease_of_the_one_before()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartThree();
        var before = await Task.WhenAll(nodes.Select(async node => (await node.Grantor.Lease()).Value));
        var log = new ChangeLog(nodes[1].Membership);

        // node-1 is the oldest: with it goes the grantor, in the middle of what it is asked.
        var during = nodes[1..].SelectMany(
            node => Enumerable.Range(0, 10).Select(_ => node.Grantor.Lease())).ToArray();
        await nodes[0].CrashAsync();
        await log.Heard($"removed {nodes[0].Membership.Self.Node}");
        var granted = (await Task.WhenAll(during)).Where(lease => !lease.Failed)
            .Select(lease => lease.Value).ToArray();

        var after = new List<int>();
        foreach (var node in nodes[1..]) after.Add(await LeaseWhenGranted(node));
        int[] held = [.. before[1..], .. granted, .. after];
        Assert.Equal(held.Length, held.Distinct().Count());
        Assert.All(nodes[1..], node => Assert.False(node.Blocks.HomeOf(before[1]).IsNone));

        // A node that joins now gets an id that nobody ever had.
        var fourth = await cluster.Start("node-4", nodes[2].Address);
        Assert.Equal(4, fourth.Membership.Self.Node.Id);
        Assert.Equal(nodes[1].Blocks.HomeOf(after[0]), fourth.Blocks.HomeOf(after[0]));
    }

    [Fact]
    public async Task A_node_that_leaves_is_removed_without_waiting_for_its_fence()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartThree();
        var log = new ChangeLog(nodes[0].Membership);
        Assert.True(await nodes[2].LeaveAsync(TestCluster.Patience));
        Assert.Equal(ClusterEnd.Left, await nodes[2].Ended);
        Assert.False(nodes[2].Membership.MayServe);
        await log.Heard($"removed {nodes[2].Membership.Self.Node}");
    }

    [Fact]
    public async Task A_node_cut_off_serves_nothing_and_grants_nothing_before_the_others_call_it_dead()
    {
        await using var cluster = new TestCluster();
        const string adapter = "akka.remote.dot-netty.tcp.applied-adapters = [trttl]";
        var first = await StartWith(cluster, "node-1", adapter);
        ClusterNode[] others =
            [await StartWith(cluster, "node-2", adapter, first.Address),
                await StartWith(cluster, "node-3", adapter, first.Address)];
        var fenced = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        first.ServingChanged += serves =>
        {
            if (!serves) fenced.TrySetResult(TimeProvider.System.GetTimestamp());
        };
        var told = new FirstRemoval(others.Select(node => node.Membership));
        Assert.False((await first.Grantor.Lease()).Failed);

        // node-1 is the grantor, and the oldest: its side of the cut is still the minority.
        foreach (var other in others) await Cut(first, other);
        var refused = first.Grantor.Lease();
        var written = first.Table.Put("cut", [1]);

        Assert.Equal(Errno.EAGAIN, (await refused).Errno);
        Assert.Equal(Errno.EAGAIN, await written);
        var fencedAt =
            await fenced.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
        var (node, toldAt) =
            await told.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(first.Membership.Self.Node, node);
        Assert.True(fencedAt < toldAt, "the death was told while the node still served");
        Assert.Equal(ClusterEnd.Downed, await first.Ended.WaitAsync(TestCluster.Patience,
            TestContext.Current.CancellationToken));
        Assert.False(first.Membership.MayServe);
        Assert.Equal(Errno.EAGAIN, (await first.Grantor.Lease()).Errno);
        Assert.True(await LeaseWhenGranted(others[0]) > 0);
    }

    [Fact]
    public async Task A_member_that_removed_a_node_still_says_when_it_supported_it()
    {
        await using var cluster = new TestCluster();
        // It says so for as long as the fence: longer than this machine may stand still.
        var timings = TestCluster.Timings with
        {
            AcceptablePause = TimeSpan.FromSeconds(8),
            FenceAfter = TimeSpan.FromSeconds(8),
        };
        var first = await StartWith(cluster, "node-1", "", timings);
        var second = await StartWith(cluster, "node-2", "", timings, first.Address);
        var third = await StartWith(cluster, "node-3", "", timings, first.Address);
        var dead = AkkaCluster.Get(third.System).SelfUniqueAddress;
        // A node serves with the first one's support or the second's.
        while (Array.IndexOf((await Ask(second, first)).Supported, dead.Uid) < 0)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        using var removals = Inbox.Create(first.System);
        AkkaCluster.Get(first.System).Subscribe(removals.Receiver,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.MemberRemoved));
        await third.CrashAsync();
        var removed = (ClusterEvent.MemberRemoved)await removals.ReceiveAsync(TestCluster.Patience);
        Assert.Equal(dead, removed.Member.UniqueAddress);

        // The second may have seen the removal later: it asks now.
        var pong = await Ask(second, first);
        var at = Array.IndexOf(pong.Supported, dead.Uid);
        Assert.True(at >= 0, "the answer has lost it");

        var gate = new RemovalGate(fenceTicks: 1_000_000);
        gate.Begin(third.Membership.Self.Node, dead.Uid, now: 2_000_000, 0, [pong.Uid]);
        gate.Heard(pong.Uid, 2_000_000, [(dead.Uid, 2_000_000 - pong.AgesMs[at])]);
        Assert.Empty(gate.TakeDue(2_000_001));
        Assert.Single(gate.TakeDue(3_000_000 - pong.AgesMs[at]));
    }

    [Fact]
    public async Task A_lease_asked_of_a_grantor_that_dies_is_granted_by_the_next()
    {
        await using var cluster = new TestCluster();
        var timings = TestCluster.Timings with { LeaseTimeout = TimeSpan.FromSeconds(30) };
        var first = await StartWith(cluster, "node-1", "", timings);
        var second = await StartWith(cluster, "node-2", "", timings, first.Address);
        var third = await StartWith(cluster, "node-3", "", timings, first.Address);
        foreach (var node in new[] { first, second, third }) await node.Serves();
        await first.CrashAsync();
        var leases = new[] { second.Grantor.Lease(), second.Grantor.Lease(), third.Grantor.Lease() };
        var blocks = await Task.WhenAll(leases);
        Assert.All(blocks, block => Assert.False(block.Failed));
        Assert.Equal(3, blocks.Select(block => block.Value).Distinct().Count());
    }

    [Fact]
    public async Task A_node_id_is_granted_while_a_member_is_silent()
    {
        await using var cluster = new TestCluster();
        const string adapter = "akka.remote.dot-netty.tcp.applied-adapters = [trttl]";
        var timings = TestCluster.Timings with { AcceptablePause = TimeSpan.FromSeconds(30) };
        var first = await StartWith(cluster, "node-1", adapter, timings);
        var second = await StartWith(cluster, "node-2", adapter, timings, first.Address);
        var third = await StartWith(cluster, "node-3", adapter, timings, first.Address);
        await first.Serves();
        await Cut(first, third);
        await Cut(second, third);
        // This one waits for the silent member as long as it may; the next has nothing to wait for.
        Assert.False((await first.Grantor.Lease()).Failed);
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var want = new LeaseActor.WantNodeId(
            "another directory", 0, (no, id) => done.TrySetResult(no?.Errno ?? -id));
        first.System.ActorSelection($"/user/{ClusterRoot.Name}/{LeaseActor.Name}").Tell(want);
        var answer = await done.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(-4, answer);
    }

    private static Task<ClusterNode> StartWith(
        TestCluster cluster, string name, string hocon, params string[] seeds) =>
        StartWith(cluster, name, hocon, TestCluster.Timings, seeds);

    private static Task<ClusterNode> StartWith(
        TestCluster cluster, string name, string hocon, ClusterOptions timings, params string[] seeds)
    {
        cluster.Authority.EnsureNode(Path.Combine(cluster.DirectoryOf(name), "node.pem"), name);
        return cluster.Start(cluster.Options(name, seeds) with
        {
            Hocon = $"akka.loglevel = OFF\n{hocon}",
            Cluster = timings,
        });
    }

    /// <summary>One node asks another for its support.</summary>
    private static async Task<Pong> Ask(ClusterNode asking, ClusterNode asked)
    {
        var door = asking.System.ActorSelection(
            new RootActorPath(AkkaCluster.Get(asked.System).SelfAddress)
            / "user" / ClusterRoot.Name / MembershipActor.Name);
        using var inbox = Inbox.Create(asking.System);
        door.Tell(new Ping(0, AkkaCluster.Get(asking.System).SelfUniqueAddress.Uid), inbox.Receiver);
        return (Pong)await inbox.ReceiveAsync(TestCluster.Patience);
    }

    private static async Task Cut(ClusterNode left, ClusterNode right)
    {
        foreach (var (from, to) in new[] { (left, right), (right, left) })
        {
            var transport = ((IRemoteActorRefProvider)((ExtendedActorSystem)from.System).Provider).Transport;
            var address = AkkaCluster.Get(to.System).SelfAddress;
            Assert.True(await transport.ManagementCommand(new SetThrottle(address,
                ThrottleTransportAdapter.Direction.Both, Blackhole.Instance)));
        }
    }

    /// <summary>The grantor changes: asks until the new one grants.</summary>
    private static async Task<int> LeaseWhenGranted(ClusterNode node)
    {
        while (true)
        {
            var lease = await node.Grantor.Lease();
            if (!lease.Failed) return lease.Value;
            Assert.Equal(Errno.EAGAIN, lease.Errno);
        }
    }
}
