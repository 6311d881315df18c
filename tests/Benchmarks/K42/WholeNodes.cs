using K42.Client;
using K42.Node.Hosting;

namespace K42.Benchmarks.K42Rows;

/// <summary>Some whole nodes, each a process, that make a cluster, and a session with the gateway of
/// each.</summary>
internal sealed class WholeNodes : IAsyncDisposable
{
    private readonly LocalCluster _cluster;
    private readonly List<K42Connection> _connections = [];
    private readonly List<K42Session> _sessions = [];

    private WholeNodes(LocalCluster cluster) => _cluster = cluster;

    /// <summary>What the node process of a number was told.</summary>
    public NodeSettings SettingsOf(int node) => _cluster.Nodes[node - 1].Settings;

    /// <summary>The session with a node's gateway; 1 is the root volume's node.</summary>
    public K42Session SessionWith(int node) => _sessions[node - 1];

    /// <summary>Starts a cluster.</summary>
    /// <param name="count">How many nodes.</param>
    /// <param name="program">What they run, beside this program: "k42", or this one.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<WholeNodes> StartAsync(int count, string program, CancellationToken cancel)
    {
        NodeProcess.Program = Path.Combine(AppContext.BaseDirectory, program);
        var data = Directory.CreateTempSubdirectory("k42-bench-nodes-").FullName;
        var cluster = await LocalCluster.StartAsync(
            data, count, detached: false, profile: "default", firstPort: 0, _ => { }, cancel)
            .ConfigureAwait(false);
        var made = new WholeNodes(cluster);
        try
        {
            foreach (var node in cluster.Nodes) await made.ConnectAsync(node, cancel).ConfigureAwait(false);
            return made;
        }
        catch
        {
            await made.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Their files are in memory and end with them: nothing is lost by not waiting for an orderly end.
        foreach (var node in _cluster.Nodes) node.Kill();
        foreach (var connection in _connections) await connection.DisposeAsync().ConfigureAwait(false);
        await _cluster.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_cluster.Data, recursive: true);
    }

    private async Task ConnectAsync(NodeProcess node, CancellationToken cancel)
    {
        var connection = await K42Connection.ConnectAsync(node.Started.Gateway, _cluster.Credential, cancel)
            .ConfigureAwait(false);
        _connections.Add(connection);
        _sessions.Add(await connection.BeginSessionAsync("bench", cancel).ConfigureAwait(false));
    }
}
