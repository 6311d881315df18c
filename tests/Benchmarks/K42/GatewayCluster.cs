using K42.Benchmarks.Harness;
using K42.Client;

namespace K42.Benchmarks.K42Rows;

/// <summary>Two whole node processes, and a file on the first one.</summary>
internal sealed class GatewayCluster(WholeNodes nodes) : IAsyncDisposable
{
    /// <summary>Bytes of the file: read whole, they are as much as one call of the bare server
    /// stream.</summary>
    public const int FileBytes = 512 * BenchPayload.BulkBytes;

    private const string Path = "/k42-bench";

    /// <summary>The cluster of this run.</summary>
    public static Task<GatewayCluster> ShareAsync(BenchContext context) => context.ShareAsync(StartAsync);

    /// <summary>The process that a session with a node's gateway is.</summary>
    /// <param name="node">1: the root volume's node. 2: another one.</param>
    public K42Task TaskOn(int node) => nodes.SessionWith(node).Main;

    /// <summary>Opens the file for reading.</summary>
    public Task<int> OpenAsync(int node) => TaskOn(node).OpenAsync(Path, OpenFlags.ReadOnly);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => nodes.DisposeAsync();

    private static async Task<GatewayCluster> StartAsync(BenchContext context)
    {
        var made = new GatewayCluster(
            await WholeNodes.StartAsync(count: 2, "k42", context.Cancel).ConfigureAwait(false));
        try
        {
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

    private static byte[] Contents()
    {
        var contents = new byte[FileBytes];
        for (var at = 0; at < contents.Length; at++) contents[at] = ByteAt(at);
        return contents;
    }

    /// <summary>What the file holds at an offset.</summary>
    public static byte ByteAt(int offset) => (byte)(offset * 37 + (offset >> 16) + 11);
}
