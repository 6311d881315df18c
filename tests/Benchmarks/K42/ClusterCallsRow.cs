using K42.Benchmarks.Harness;
using K42.Client;

namespace K42.Benchmarks.K42Rows;

/// <summary>pread(2) of one byte by the same number of gRPC clients, spread over the gateways of a cluster
/// of some nodes.</summary>
/// <param name="nodes">How many nodes the cluster has.</param>
/// <param name="isSpread">False: each client's file is on its gateway's node. True: it reads files of all
/// nodes in turn.</param>
public sealed class ClusterCallsRow(int nodes, bool isSpread) : CallRow
{
    private readonly K42Task[] _tasks = new K42Task[CallersInAll];
    private readonly int[] _calls = new int[CallersInAll];
    private int[,] _descriptors = null!;

    /// <summary>Divided evenly by one, two and three nodes.</summary>
    private const int CallersInAll = 24;

    /// <inheritdoc/>
    public override string Name =>
        isSpread ? $"k42-cluster-spread-calls-{nodes}" : $"k42-cluster-calls-{nodes}";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Cluster;

    /// <inheritdoc/>
    public override string Note => (nodes, isSpread) switch
    {
        (1, _) => "24 callers of one gateway",
        (_, false) => $"24 callers of {nodes} gateways, each reads on its gateway's node",
        _ => $"24 callers of {nodes} gateways, each reads on all nodes in turn",
    };

    /// <inheritdoc/>
    public override int Callers => CallersInAll;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var sets = await context.ShareAsync(_ => Task.FromResult(new NodeSets())).ConfigureAwait(false);
        var cluster = await sets.GetAsync(nodes, context.Cancel).ConfigureAwait(false);
        var files = isSpread ? nodes : 1;
        _descriptors = new int[CallersInAll, files];
        for (var caller = 0; caller < CallersInAll; caller++)
        {
            var own = caller % nodes;
            _tasks[caller] = await cluster.SessionWith(own + 1).Main.ForkAsync().ConfigureAwait(false);
            for (var file = 0; file < files; file++)
            {
                var node = (own + file) % nodes + 1;
                _descriptors[caller, file] = await _tasks[caller]
                    .OpenAsync(NodeSets.FileOf(node), OpenFlags.ReadOnly, cancellation: context.Cancel)
                    .ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var file = _calls[caller]++ % _descriptors.GetLength(1);
            var bytes = await _tasks[caller].ReadAtAsync(_descriptors[caller, file], 1, offset: 0)
                .ConfigureAwait(false);
            BenchPayload.Check(1, bytes.Length);
            BenchPayload.Check(NodeSets.ByteOf((caller % nodes + file) % nodes + 1), bytes.Span[0]);
        }
    }

    /// <summary>The clusters of this run, by their number of nodes; each node has a volume with a
    /// file.</summary>
    private sealed class NodeSets : IAsyncDisposable
    {
        private readonly Dictionary<int, WholeNodes> _sets = [];

        /// <summary>The file on a node's volume.</summary>
        public static string FileOf(int node) => $"/bench-{node}/file";

        /// <summary>What is in it.</summary>
        public static byte ByteOf(int node) => (byte)(100 + node);

        /// <summary>The cluster of so many nodes, started by whoever asks first.</summary>
        public async Task<WholeNodes> GetAsync(int count, CancellationToken cancel)
        {
            if (_sets.TryGetValue(count, out var found)) return found;
            var made = await WholeNodes.StartAsync(count, "k42", cancel).ConfigureAwait(false);
            _sets.Add(count, made);
            for (var node = 1; node <= count; node++)
            {
                var task = made.SessionWith(node).Main;
                await task.MakeDirectoryAsync($"/bench-{node}", cancellation: cancel).ConfigureAwait(false);
                // A volume is the mounting process's node's when nothing else is said.
                await task.MountAsync("bench", $"/bench-{node}", "ramfs", cancellation: cancel)
                    .ConfigureAwait(false);
                await K42File.WriteAllBytesAsync(
                    task, FileOf(node), new[] { ByteOf(node) }, cancellation: cancel).ConfigureAwait(false);
            }
            return made;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var set in _sets.Values) await set.DisposeAsync().ConfigureAwait(false);
        }
    }
}
