using K42.Benchmarks.Harness;
using K42.Client;
using K42.Node.Hosting;

namespace K42.Benchmarks.K42Rows;

/// <summary>Two whole node processes, a file on the first one, and a session with the gateway of
/// each.</summary>
internal sealed class GatewayCluster : IAsyncDisposable
{
    /// <summary>Bytes of the file: read whole, they are as much as one call of the bare server
    /// stream.</summary>
    public const int FileBytes = 512 * BenchPayload.BulkBytes;

    private const string Path = "/k42-bench";
    private readonly LocalCluster _cluster;
    private readonly string _data;
    private readonly List<K42Connection> _connections = [];
    private readonly List<K42Session> _sessions = [];

    private GatewayCluster(LocalCluster cluster, string data) => (_cluster, _data) = (cluster, data);

    /// <summary>The cluster of this run.</summary>
    public static Task<GatewayCluster> ShareAsync(BenchContext context) => context.ShareAsync(StartAsync);

    /// <summary>The process that a session with a node's gateway is.</summary>
    /// <param name="node">1: the root volume's node. 2: another one.</param>
    public K42Task TaskOn(int node) => _sessions[node - 1].Main;

    /// <summary>Opens the file for reading.</summary>
    public Task<int> OpenAsync(int node) => TaskOn(node).OpenAsync(Path, OpenFlags.ReadOnly);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Their files are in memory and end with them: nothing is lost by not waiting for an orderly end.
        foreach (var node in _cluster.Nodes) node.Kill();
        foreach (var connection in _connections) await connection.DisposeAsync().ConfigureAwait(false);
        await _cluster.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_data, recursive: true);
    }

    private static async Task<GatewayCluster> StartAsync(BenchContext context)
    {
        NodeProcess.Program = System.IO.Path.Combine(AppContext.BaseDirectory, "k42");
        var data = Directory.CreateTempSubdirectory("k42-bench-nodes-").FullName;
        var cluster = await LocalCluster.StartAsync(
            data, count: 2, detached: false, profile: "default", firstPort: 0, _ => { }, context.Cancel)
            .ConfigureAwait(false);
        var made = new GatewayCluster(cluster, data);
        try
        {
            foreach (var node in cluster.Nodes) await made.ConnectAsync(node, context.Cancel)
                .ConfigureAwait(false);
            await K42File.WriteAllBytesAsync(made.TaskOn(1), Path, Contents(), cancellation: context.Cancel)
                .ConfigureAwait(false);
            return made;
        }
        catch
        {
            await made.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task ConnectAsync(NodeProcess node, CancellationToken cancel)
    {
        var connection = await K42Connection.ConnectAsync(node.Started.Gateway, _cluster.Credential, cancel)
            .ConfigureAwait(false);
        _connections.Add(connection);
        _sessions.Add(await connection.BeginSessionAsync("bench", cancel).ConfigureAwait(false));
    }

    private static byte[] Contents()
    {
        var contents = new byte[FileBytes];
        for (var at = 0; at < contents.Length; at++) contents[at] = ByteAt(at);
        return contents;
    }

    /// <summary>What the file holds at an offset.</summary>
    public static byte ByteAt(int offset) => (byte)(offset * 37 + (offset >> 16) + 11);
}
