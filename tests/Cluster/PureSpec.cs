using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using CsCheck;
using K42.Cluster.Membership;
using K42.Cluster.Tables;
using K42.Contracts;
using K42.Tests;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>The rules without actors or clocks: right to serve, removals, ledger, timings.</summary>
public sealed class PureSpec
{
    private const long Fence = 100;

    [Fact]
    public void A_node_serves_as_long_as_a_majority_stood_behind_it_within_the_fence()
    {
        var lease = new MajorityLease(Fence);
        Assert.Equal(long.MaxValue, lease.ServesUntil());
        lease.Add(2, now: 10);
        Assert.Equal(10 + Fence, lease.ServesUntil());
        lease.Add(3, now: 20);
        Assert.Equal(10 + Fence, lease.ServesUntil());
        lease.Support(2, sentAt: 50);
        lease.Support(2, sentAt: 40);
        Assert.Equal(50 + Fence, lease.ServesUntil());
        lease.Add(4, now: 60);
        Assert.Equal(50 + Fence, lease.ServesUntil());
        lease.Support(99, sentAt: 900);
        Assert.Equal(50 + Fence, lease.ServesUntil());
        lease.Remove(2);
        lease.Remove(3);
        lease.Remove(4);
        Assert.Equal(long.MaxValue, lease.ServesUntil());
    }

    [Fact]
    public void A_member_learnt_late_never_extends_the_right_to_serve() =>
        Gen.Int[0, 1_000].Array[1, 9].Check(heard =>
    {
        var lease = new MajorityLease(Fence);
        for (var uid = 0; uid < heard.Length; uid++)
        {
            lease.Add(uid, now: 0);
            lease.Support(uid, heard[uid]);
        }
        var before = lease.ServesUntil();
        lease.Add(99, now: 5_000);
        return lease.ServesUntil() <= before;
    });

    [Fact]
    public void The_clock_of_the_right_to_serve_is_the_machines_uptime_with_its_sleep()
    {
        var before = UptimeSeconds();
        var now = BootClock.Instance.GetTimestamp() / (double)BootClock.Instance.TimestampFrequency;
        // proc_uptime(5) cuts off after hundredths.
        Assert.InRange(now, before, UptimeSeconds() + 0.02);

        static double UptimeSeconds() => double.Parse(
            File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Two_halves_never_serve_at_once() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 9]).Check(static drawn =>
    {
        var (size, cut) = drawn;
        // Nodes 0..cut-1 hear only each other from time 0 on, and so do the rest.
        var others = Math.Min(cut, size);
        return !(Serves(others, size) && Serves(size - others, size));

        static bool Serves(int heard, int size)
        {
            if (heard == 0) return false;
            var lease = new MajorityLease(Fence);
            for (var uid = 1; uid < size; uid++) lease.Add(uid, now: 0);
            for (var uid = 1; uid < heard; uid++) lease.Support(uid, sentAt: 500);
            return lease.ServesUntil() > 550;
        }
    });

    [Fact]
    public void The_death_of_a_node_that_was_silent_is_told_after_one_round_of_answers()
    {
        var gate = new RemovalGate(Fence);
        gate.Begin(new NodeRef(3, 1), uid: 33, now: 1_000, supportedAt: 500, members: [11, 22]);
        gate.Heard(11, askedAt: 999, [(33, 500)]);
        gate.Heard(22, askedAt: 1_001, [(33, 510)]);
        Assert.Empty(gate.TakeDue(1_002));
        gate.Heard(11, askedAt: 1_001, []);
        Assert.Equal([new NodeRef(3, 1)], gate.TakeDue(1_003));
        Assert.False(gate.IsWaiting);
    }

    [Fact]
    public void The_death_of_a_node_that_someone_supported_lately_waits_for_its_fence()
    {
        var gate = new RemovalGate(Fence);
        gate.Begin(new NodeRef(3, 1), uid: 33, now: 1_000, supportedAt: 500, members: [11]);
        gate.Heard(11, askedAt: 1_001, [(33, 950)]);
        Assert.Empty(gate.TakeDue(1_049));
        Assert.Equal([new NodeRef(3, 1)], gate.TakeDue(1_050));
    }

    [Fact]
    public void A_death_is_told_at_the_latest_a_fence_after_it_was_seen()
    {
        var gate = new RemovalGate(Fence);
        gate.Begin(new NodeRef(3, 1), uid: 33, now: 1_000, supportedAt: 1_000, members: [11, 22]);
        gate.MemberGone(22);
        Assert.Empty(gate.TakeDue(1_099));
        Assert.Equal([new NodeRef(3, 1)], gate.TakeDue(1_100));
    }

    [Fact]
    public void The_death_of_a_node_that_was_never_supported_here_waits_for_its_fence()
    {
        var gate = new RemovalGate(Fence);
        gate.Begin(new NodeRef(3, 1), uid: 33, now: 1_000, supportedAt: null, members: [11]);
        gate.Heard(11, askedAt: 1_001, []);
        Assert.Empty(gate.TakeDue(1_099));
        Assert.Equal([new NodeRef(3, 1)], gate.TakeDue(1_100));
    }

    [Fact]
    public void The_support_of_a_node_that_is_gone_is_told_for_as_long_as_others_may_wait_for_it()
    {
        var (own, other, gone) = (AddressOf(1), AddressOf(2), AddressOf(3));
        var peers = new PeerTable(own, supportTicks: Fence, strangerTicks: 1_000);
        foreach (var address in new[] { own, other, gone }) peers.Get(address, 0).IsUp = true;
        peers.Find(other)!.SupportedAt = 10;
        peers.Find(gone)!.SupportedAt = 20;
        Assert.NotNull(peers.Remove(gone, 30));
        Assert.Null(peers.Find(gone));
        peers.Forget(129);
        Assert.Equal([(2, 10L), (3, 20L)], peers.Supports());
        peers.Forget(130);
        Assert.Equal([(2, 10L)], peers.Supports());
    }

    [Fact]
    public void Whoever_said_hello_and_never_came_up_is_not_awaited_and_forgotten()
    {
        var (own, other, stranger) = (AddressOf(1), AddressOf(2), AddressOf(3));
        var peers = new PeerTable(own, Fence, strangerTicks: 1_000);
        foreach (var address in new[] { own, other }) peers.Get(address, 0).IsUp = true;
        peers.Get(stranger, 500);
        Assert.Equal([other], peers.OthersUp.Select(peer => peer.Address));
        peers.Forget(1_499);
        Assert.Equal([other, stranger], peers.Others.Select(peer => peer.Address));
        peers.Forget(1_500);
        Assert.Equal([own, other], peers.All.Select(peer => peer.Address));
        for (var uid = 10; peers.HasRoomForStranger; uid++) peers.Get(AddressOf(uid), 0);
        Assert.Equal(PeerTable.StrangersMax + 2, peers.All.Count());
    }

    private static UniqueAddress AddressOf(int uid) =>
        new(new Address("akka.ssl.tcp", "k42", "127.0.0.1", 2_000 + uid), uid);

    [Fact]
    public void A_newer_life_proves_the_older_dead_and_no_other()
    {
        var gate = new RemovalGate(Fence);
        gate.Begin(new NodeRef(3, 1), uid: 33, now: 1_000, supportedAt: 1_000, members: [11]);
        gate.Begin(new NodeRef(4, 1), uid: 44, now: 1_000, supportedAt: 1_000, members: [11]);
        gate.ProvedDead(new NodeRef(3, 1));
        Assert.Empty(gate.TakeDue(1_000));
        gate.ProvedDead(new NodeRef(3, 2));
        Assert.Equal([new NodeRef(3, 1)], gate.TakeDue(1_000));
    }

    [Fact]
    public void Every_block_but_the_first_is_granted_once_and_a_freed_one_comes_round_last()
    {
        var (ledger, node) = (Ledger.Empty, new NodeRef(1, 1));
        var blocks = new HashSet<int>();
        for (var i = 1; i < Ledger.BlockCount; i++)
        {
            (ledger, var block) = ledger.TakeBlock(i == 7 ? new NodeRef(2, 1) : node);
            Assert.True(blocks.Add(block) && block > 0, $"{block}");
        }
        Assert.Equal(4_095, blocks.Count);
        Assert.Equal(0, ledger.TakeBlock(node).Block);
        Assert.Equal(7, ledger.Without(home => home == new NodeRef(2, 1)).TakeBlock(node).Block);
    }

    [Fact]
    public void Node_ids_stay_with_their_directory()
    {
        var (ledger, first) = Ledger.Empty.TakeNode("a", 0);
        (ledger, var second) = ledger.TakeNode("b", 0);
        Assert.Equal((1, 2), (first, second));
        Assert.Equal(2, ledger.TakeNode("b", 0).Id);
        Assert.Equal(2, ledger.TakeNode("b", 2).Id);
        Assert.Equal(0, ledger.TakeNode("c", 2).Id);
        Assert.Equal(0, ledger.TakeNode("b", 1).Id);
        Assert.Equal(9, ledger.TakeNode("c", 9).Id);
        Assert.Equal(10, ledger.TakeNode("c", 9).After.TakeNode("d", 0).Id);
    }

    [Fact]
    public void A_ledger_is_read_as_it_was_written() =>
        Gen.Select(Gen.Int[1, 4_095], Gen.UShort[1, 9], Gen.UInt[1, 9]).Array[0, 50].Check(grants =>
        {
            var ledger = Ledger.Empty;
            foreach (var (block, id, incarnation) in grants)
                ledger = ledger.With(new NodeRef(id, incarnation), [block], [($"key{id}", id)])
                    .TakeBlock(new(id, 1)).After;
            var read = Ledger.Parse(ledger.ToBytes());
            return read.Blocks.SequenceEqual(ledger.Blocks) && read.Nodes.SequenceEqual(ledger.Nodes)
                && read.Next == ledger.Next;
        });

    [Fact]
    public void A_removed_nodes_blocks_have_no_home_even_when_an_old_map_comes_late()
    {
        var map = new BlockMap();
        map.Replace([1, 2], [ClusterMessages.Pack(new(1, 1)), ClusterMessages.Pack(new(2, 1))]);
        map.MemberRemoved(new NodeRef(2, 1));
        Assert.True(map.HomeOf(2).IsNone);
        map.Replace([1, 2, 3], [ClusterMessages.Pack(new(1, 1)), ClusterMessages.Pack(new(2, 1)),
            ClusterMessages.Pack(new(2, 2))]);
        Assert.Equal(new NodeRef(1, 1), map.HomeOf(1));
        Assert.True(map.HomeOf(2).IsNone);
        Assert.Equal(new NodeRef(2, 2), map.HomeOf(3));
        Assert.True(map.HomeOf(0).IsNone);
        Assert.True(map.HomeOf(-1).IsNone);
        Assert.True(map.HomeOf(4_096).IsNone);
    }

    [Fact]
    public void Timings_with_which_two_could_serve_at_once_are_refused()
    {
        ClusterOptions.Default.Check();
        ClusterOptions.Demo.Check();
        var late = ClusterOptions.Demo with { FenceAfter = TimeSpan.FromSeconds(5) };
        Assert.Throws<ArgumentException>(late.Check);
        Assert.Throws<ArgumentException>(() => ClusterOptions.FromConfig(Config.Empty, "nonsense"));
        var own = ConfigurationFactory.ParseString("k42.cluster { profile = demo\n write-timeout = 7s }");
        Assert.Equal(ClusterOptions.Demo with { WriteTimeout = TimeSpan.FromSeconds(7) },
            ClusterOptions.FromConfig(own));
    }
}
