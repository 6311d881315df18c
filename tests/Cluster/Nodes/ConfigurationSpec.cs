using K42.Cluster.Security;
using K42.Node.Hosting;
using Xunit;

namespace K42.Cluster.Tests.Nodes;

/// <summary>What a starting node reads in its directory, and when it must not start.</summary>
public sealed class ConfigurationSpec : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("k42-configuration-").FullName;

    public ConfigurationSpec() =>
        K42.Node.Hosting.NodeProcess.Program = Path.Combine(AppContext.BaseDirectory, "k42");

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData("k42.cluster.profiles.default.fence-after = 1h", "fence-after must be at most")]
    [InlineData("k42.cluster.profile = nonsense", "no profile 'nonsense'")]
    [InlineData("k42 = ${nothing}", "Unresolved substitution")]
    public async Task A_nodes_own_configuration_sets_its_timings_and_is_named_when_it_is_wrong(
        string text, string says)
    {
        SecureFiles.MakeDirectory(Path.Combine(_data, "node-1"));
        var file = Path.Combine(_data, "node-1", "node.conf");
        File.WriteAllText(file, text);
        var refused = await Refused();
        Assert.StartsWith($"{file} can't be used: ", refused, StringComparison.Ordinal);
        Assert.Contains(says, refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_node_does_not_go_on_alone_beside_one_that_runs()
    {
        SecureFiles.MakeDirectory(Path.Combine(_data, "node-2"));
        var path = Path.Combine(_data, "node-2", "node.lock");
        using var running = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        Assert.Contains("node-2: end it first", await Refused(), StringComparison.Ordinal);
    }

    private async Task<string> Refused()
    {
        var refused = await Assert.ThrowsAsync<UserException>(() => LocalCluster.StartAsync(
            _data, 1, detached: false, "", 0, _ => { }, TestContext.Current.CancellationToken));
        return refused.Message;
    }
}
