using K42.Benchmarks.Harness;
using K42.Client;

namespace K42.Benchmarks.K42Rows;

/// <summary>getpid(2) of a gRPC client over a session.</summary>
/// <param name="isBatched">False: one call at a time. True: batches, several under way.</param>
public sealed class GatewayGetpidRow(bool isBatched) : CallRow
{
    private const int BatchCalls = 256;
    private const int BatchesUnderWay = 4;
    private K42Task _task = null!;

    /// <inheritdoc/>
    public override string Name => isBatched ? "k42-gateway-getpid-batched" : "k42-gateway-getpid";

    /// <inheritdoc/>
    public override BenchGroup Group => isBatched ? BenchGroup.GatewayBatched : BenchGroup.Gateway;

    /// <inheritdoc/>
    public override string Note =>
        isBatched ? "mutual TLS, 4 batches of 256 under way" : "mutual TLS, one session";

    /// <inheritdoc/>
    public override int Callers => isBatched ? BatchesUnderWay : 1;

    /// <inheritdoc/>
    public override int CallsPerSample => isBatched ? BatchCalls : 1;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context) =>
        _task = (await GatewayCluster.ShareAsync(context).ConfigureAwait(false)).TaskOn(1);

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        var batch = _task.NewBatch();
        for (var i = 0; i < count; i++) _ = batch.Add(SystemCalls.Getpid());
        foreach (var completion in await batch.SendAsync().ConfigureAwait(false))
            BenchPayload.Check(_task.Pid, completion.Result);
    }
}

/// <summary>pread(2) of one byte by a gRPC client over a session.</summary>
/// <param name="node">The gateway's node; the file is on node 1.</param>
public sealed class GatewayPreadRow(int node) : CallRow
{
    private K42Task _task = null!;
    private int _fd;

    /// <inheritdoc/>
    public override string Name => node == 1 ? "k42-gateway-pread1" : "k42-gateway-pread1-remote";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Gateway;

    /// <inheritdoc/>
    public override string Note =>
        node == 1 ? "mutual TLS, file on that node" : "mutual TLS, file on another node";

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var cluster = await GatewayCluster.ShareAsync(context).ConfigureAwait(false);
        (_task, _fd) = (cluster.TaskOn(node), await cluster.OpenAsync(node).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var bytes = await _task.ReadAtAsync(_fd, 1, offset: 0).ConfigureAwait(false);
            BenchPayload.Check(1, bytes.Length);
            BenchPayload.Check(GatewayCluster.ByteAt(0), bytes.Span[0]);
        }
    }
}

/// <summary>A file read from beginning to end by a gRPC client, through the client's stream.</summary>
/// <param name="node">The gateway's node; the file is on node 1.</param>
public sealed class GatewayReadRow(int node) : CallRow
{
    private readonly byte[] _buffer = new byte[BenchPayload.BulkBytes];
    private K42Stream _stream = null!;

    /// <inheritdoc/>
    public override string Name => node == 1 ? "k42-gateway-read" : "k42-gateway-read-remote";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.GatewayBulk;

    /// <inheritdoc/>
    public override string Note =>
        node == 1 ? "mutual TLS, file on that node" : "mutual TLS, file on another node";

    /// <inheritdoc/>
    public override int CallsPerSample => GatewayCluster.FileBytes / BenchPayload.BulkBytes;

    /// <inheritdoc/>
    protected override long? PayloadBytesPerCall => BenchPayload.BulkBytes;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var cluster = await GatewayCluster.ShareAsync(context).ConfigureAwait(false);
        var fd = await cluster.OpenAsync(node).ConfigureAwait(false);
        _stream = await K42Stream.OverAsync(
            cluster.TaskOn(node), fd, OpenFlags.ReadOnly, ownsDescriptor: true)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        _stream.Seek(0, SeekOrigin.Begin);
        for (var i = 0; i < count; i++)
        {
            await _stream.ReadExactlyAsync(_buffer).ConfigureAwait(false);
            // Two bytes tell whether it is the piece that was due; the specs compare whole files.
            var at = i * BenchPayload.BulkBytes;
            BenchPayload.Check(GatewayCluster.ByteAt(at), _buffer[0]);
            BenchPayload.Check(GatewayCluster.ByteAt(at + _buffer.Length - 1), _buffer[^1]);
        }
    }
}
