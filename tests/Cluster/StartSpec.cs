using System.Net;
using System.Net.Sockets;
using K42.Cluster.Membership;
using K42.Cluster.Security;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>Nodes that must not start, and say why in one sentence.</summary>
public sealed class StartSpec
{
    [Fact]
    public async Task A_directory_serves_one_node_at_a_time_and_only_its_own_cluster()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.Start("node-1");
        Assert.Contains(
            "already running", (await Refused(cluster, "node-1")).Message, StringComparison.Ordinal);

        await using var elsewhere = new TestCluster();
        var stray = await elsewhere.Start("node-2");
        await stray.LeaveAsync(TestCluster.Patience);
        cluster.Authority.IssueNode(Path.Combine(elsewhere.DirectoryOf("node-2"), "node.pem"), "node-2");
        var refused = await Assert.ThrowsAsync<ClusterStartException>(() => cluster.Start(
            elsewhere.Options("node-2", node.Address)));
        Assert.Equal(
            "node-2 was refused by the cluster because its data directory belongs to another cluster.",
            refused.Message);
    }

    [Fact]
    public async Task A_name_is_one_nodes_only()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.Start("node-1");
        var twin = cluster.Options(
            "node-1", node.Address) with { DataDirectory = cluster.DirectoryOf("twin") };
        cluster.Authority.EnsureNode(Path.Combine(cluster.DirectoryOf("twin"), "node.pem"), "node-1");
        var refused = await Assert.ThrowsAsync<ClusterStartException>(() => cluster.Start(twin));
        Assert.Contains("a node named node-1 is already a member", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_had_peers_never_makes_a_cluster_by_itself()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.Start("node-1");
        var second = await cluster.Start("node-2", first.Address);
        var id = first.ClusterId;
        await Task.WhenAll(first.CrashAsync(), second.CrashAsync());

        var brief = cluster.Options("node-1") with
        {
            Cluster = TestCluster.Timings with { JoinTimeout = TimeSpan.FromSeconds(2) },
        };
        var refused = await Assert.ThrowsAsync<ClusterStartException>(() => cluster.Start(brief));
        Assert.Contains("was not let into the cluster", refused.Message, StringComparison.Ordinal);

        // On the operator's word it does, with the same id; the other comes back to it.
        var again = await cluster.Start(brief with { Reform = true });
        var other = await cluster.Start("node-2", again.Address);
        Assert.Equal((id, 1, 2),
            (again.ClusterId, (int)again.Membership.Self.Node.Id, (int)other.Membership.Self.Node.Id));
        Assert.Equal(3u, again.Membership.Self.Node.Incarnation);
    }

    [Fact]
    public async Task The_last_member_goes_on_alone()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.Start("node-1");
        var second = await cluster.Start("node-2", first.Address);
        var log = new ChangeLog(first.Membership);
        Assert.True(await second.LeaveAsync(TestCluster.Patience));
        await log.Heard($"removed {second.Membership.Self.Node}");
        await first.CrashAsync();
        var again = await cluster.Start("node-1");
        Assert.Equal((first.ClusterId, 2u), (again.ClusterId, again.Membership.Self.Node.Incarnation));

        // The id of the node that left is still its own.
        var third = await cluster.Start("node-3", again.Address);
        Assert.Equal(3, third.Membership.Self.Node.Id);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_ends_no_node_and_is_made_up_for_later()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.Start("node-1");
        var log = new ChangeLog(first.Membership);
        var state = Path.Combine(cluster.DirectoryOf("node-1"), "node.json");
        var before = File.ReadAllText(state);
        // As good as full: where the new file would be made stands a directory.
        Directory.CreateDirectory(state + ".new");
        var second = await cluster.Start("node-2", first.Address);
        await log.Heard($"up {second.Membership.Self.Node}");
        var third = await cluster.Start("node-3", first.Address);
        await log.Heard($"up {third.Membership.Self.Node}");
        await third.CrashAsync();
        await log.Heard($"removed {third.Membership.Self.Node}");
        Assert.False(first.Ended.IsCompleted);
        Assert.Equal(before, File.ReadAllText(state));

        Directory.Delete(state + ".new");
        await first.CrashAsync();
        var after = NodeState.Parse(File.ReadAllText(state))!;
        Assert.Equal([second.Address], after.Peers);
        Assert.Equal([2, 3], after.Known.Select(known => (int)known.Id).Order());
    }

    [Fact]
    public async Task A_port_in_use_and_damaged_files_are_said_so()
    {
        await using var cluster = new TestCluster();
        cluster.Authority.EnsureNode(Path.Combine(cluster.DirectoryOf("node-1"), "node.pem"), "node-1");
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var taken = await Assert.ThrowsAsync<ClusterStartException>(() =>
            cluster.Start(cluster.Options("node-1") with { Port = port }));
        Assert.Equal($"node-1 can't listen on 127.0.0.1:{port}: is the port in use?", taken.Message);

        foreach (var text in new[] { "", "{", "{}", "[]", """{"Version":2}""" })
        {
            SecureFiles.Replace(Path.Combine(cluster.DirectoryOf("node-1"), "node.json"), text);
            Assert.Contains(
                "is damaged", (await Refused(cluster, "node-1")).Message, StringComparison.Ordinal);
        }
        var wrongName = cluster.Options("node-9") with { DataDirectory = cluster.DirectoryOf("node-1") };
        var refused = await Assert.ThrowsAsync<ClusterStartException>(() => cluster.Start(wrongName));
        Assert.Contains(
            "is the credential of node-1, not of node-9", refused.Message, StringComparison.Ordinal);
    }

    private static Task<ClusterStartException> Refused(TestCluster cluster, string name) =>
        Assert.ThrowsAsync<ClusterStartException>(() => cluster.Start(name));
}
