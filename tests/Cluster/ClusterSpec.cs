using K42.Contracts;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>Three nodes over TLS: what members, numbers and tables promise while all is well.</summary>
public sealed class ClusterSpec
{
    [Fact]
    public async Task Three_nodes_form_a_cluster_and_share_numbers_and_tables()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartThree();
        var logs = nodes.Select(node => new ChangeLog(node.Membership)).ToArray();

        // Node ids go to whoever is let in first: node-2 and node-3 race for 2 and 3.
        var refs = nodes.Select(node => node.Membership.Self.Node).ToArray();
        Assert.Equal([1, 2, 3], refs.Select(node => (int)node.Id).Order());
        Assert.All(refs, node => Assert.Equal(1u, node.Incarnation));
        foreach (var log in logs)
            foreach (var node in refs) await log.Heard($"up {node}");
        foreach (var node in nodes)
        {
            Assert.Equal(nodes[0].ClusterId, node.ClusterId);
            await node.Serves();
            Assert.Equal(refs.Order(), node.Membership.Members.Select(member => member.Node));
            Assert.Equal(
                [.. nodes.Select(n => n.Membership.Self).OrderBy(m => m.Node)], node.Membership.Members);
        }

        await Blocks_are_unique_and_known_everywhere(nodes);
        await A_value_written_on_one_node_is_read_on_all(nodes);

        // Whoever comes later begins with all of it.
        var fourth = await cluster.Start("node-4", nodes[2].Address);
        Assert.Equal(["largest"], fourth.Table.Keys);
        Assert.Equal(nodes[0].Table.Get("largest").ToArray(), fourth.Table.Get("largest").ToArray());
        var block = (await nodes[1].Grantor.Lease()).Value;
        Assert.All([.. nodes, fourth], node => Assert.Equal(refs[1], node.Blocks.HomeOf(block)));
    }

    private static async Task Blocks_are_unique_and_known_everywhere(Membership.ClusterNode[] nodes)
    {
        const int leasesPerNode = 40;
        var leases = await Task.WhenAll(nodes.SelectMany(node => Enumerable.Range(0, leasesPerNode)
            .Select(async _ =>
                (Home: node.Membership.Self.Node, Block: (await node.Grantor.Lease()).Value))));
        Assert.Equal(leases.Length, leases.Select(lease => lease.Block).Distinct().Count());
        Assert.DoesNotContain(leases, lease => lease.Block <= 0);
        foreach (var node in nodes)
            foreach (var (home, block) in leases) Assert.Equal(home, node.Blocks.HomeOf(block));
    }

    private static async Task A_value_written_on_one_node_is_read_on_all(Membership.ClusterNode[] nodes)
    {
        var largest = new byte[65_536];
        largest[^1] = 42;
        Assert.Equal(Errno.None, await nodes[0].Table.Put("mounts", [1, 2, 3]));
        Assert.Equal([1, 2, 3], nodes[0].Table.Get("mounts").ToArray());
        Assert.Equal(Errno.None, await nodes[1].Table.Put("largest", largest));
        foreach (var node in nodes)
        {
            await node.Table.Holds("mounts", [1, 2, 3]);
            await node.Table.Holds("largest", largest);
            Assert.Equal(["largest", "mounts"], node.Table.Keys);
        }
        Assert.Equal(Errno.None, await nodes[0].Table.Put("mounts", [4]));
        foreach (var node in nodes) await node.Table.Holds("mounts", [4]);
        Assert.Equal(Errno.None, await nodes[0].Table.Put("mounts", []));
        foreach (var node in nodes)
        {
            await node.Table.Holds("mounts", []);
            Assert.Equal(["largest"], node.Table.Keys);
        }
    }
}
