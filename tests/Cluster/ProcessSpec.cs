using K42.Cluster.Membership;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>Nodes in processes of their own, at the timings of the demonstration.</summary>
public sealed class ProcessSpec
{
    private static readonly TimeSpan DeathPublishedMax = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_killed_process_is_published_as_dead_within_15_seconds_and_a_terminated_one_leaves()
    {
        await using var cluster = new TestCluster();
        var (first, (second, secondNode), (third, thirdNode)) = await Start(cluster);
        using var _ = second;
        using var __ = third;
        var log = new ChangeLog(first.Membership);
        await log.Heard($"up {secondNode}");
        await log.Heard($"up {thirdNode}");

        var killedAt = TimeProvider.System.GetTimestamp();
        second.Kill();
        await log.Heard($"removed {secondNode}");
        var published = TimeProvider.System.GetElapsedTime(killedAt);
        TestContext.Current.SendDiagnosticMessage("published after {0:0.0} s", published.TotalSeconds);
        Assert.InRange(published, ClusterOptions.Demo.FenceAfter, DeathPublishedMax);
        await first.Serves();

        var (again, againNode) = await NodeProcess.Start(cluster, "node-2", first.Address);
        using var ___ = again;
        Assert.Equal(secondNode.Replace(".1", ".2", StringComparison.Ordinal), againNode);
        await log.Heard($"up {againNode}");

        third.Terminate();
        Assert.Equal(0, await third.Ends());
        await log.Heard($"removed {thirdNode}");
        Assert.DoesNotContain($"removed {againNode}", log.Changes);
    }

    [Fact]
    public async Task A_paused_process_serves_nothing_when_it_is_resumed()
    {
        await using var cluster = new TestCluster();
        var (first, (second, _), (third, thirdNode)) = await Start(cluster);
        using var one = second;
        using var other = third;
        var log = new ChangeLog(first.Membership);
        third.Pause();
        await log.Heard($"removed {thirdNode}");
        third.Resume();
        Assert.Equal("serving=False", await third.Says("resumed "));
        Assert.Equal("Downed", await third.Says("ended "));
    }

    private static async Task<(ClusterNode, (NodeProcess, string), (NodeProcess, string))> Start(
        TestCluster cluster)
    {
        cluster.Authority.EnsureNode(Path.Combine(cluster.DirectoryOf("node-1"), "node.pem"), "node-1");
        var first = await cluster.Start(cluster.Options("node-1") with { Cluster = ClusterOptions.Demo });
        var others = await Task.WhenAll(
            NodeProcess.Start(cluster, "node-2", first.Address),
                NodeProcess.Start(cluster, "node-3", first.Address));
        return (first, others[0], others[1]);
    }
}
