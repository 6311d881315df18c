using K42.Benchmarks.Harness;
using K42.Contracts;

namespace K42.Benchmarks.K42Rows;

/// <summary>Calls through a generated client to an object of another node.</summary>
/// <param name="callers">Concurrent callers.</param>
public sealed class RemoteCallRow(int callers) : Harness.CallRow
{
    private readonly byte[] _payload = BenchPayload.Create();
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private BenchClient _client = null!;

    /// <inheritdoc/>
    public override string Name => callers == 1 ? "k42-remote-call" : $"k42-remote-call-{callers}";

    /// <inheritdoc/>
    public override BenchGroup Group => callers == 1 ? BenchGroup.Remote : BenchGroup.Remote64;

    /// <inheritdoc/>
    public override string Note => "mutual TLS, session link";

    /// <inheritdoc/>
    public override int Callers => callers;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context) =>
        _client = (await BareNodePair.ShareAsync(context).ConfigureAwait(false)).Client;

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var sum = await _client.Sum(_payload).ConfigureAwait(false);
            BenchPayload.Check(0, (long)sum.Errno);
            BenchPayload.Check(_sum, sum.Value);
        }
    }
}

/// <summary>64 KiB pieces to an object of another node, each a call that is answered.</summary>
public sealed class RemoteBulkRow : Harness.CallRow
{
    private const int PiecesUnderWay = 16;
    private readonly byte[] _piece = new byte[BenchPayload.BulkBytes];
    private BenchClient _client = null!;

    /// <inheritdoc/>
    public override string Name => "k42-remote-bulk";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Bulk;

    /// <inheritdoc/>
    public override string Note => "mutual TLS, 16 calls under way";

    /// <inheritdoc/>
    public override int CallsPerSample => 128;

    /// <inheritdoc/>
    protected override long? PayloadBytesPerCall => BenchPayload.BulkBytes;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context) =>
        _client = (await BareNodePair.ShareAsync(context).ConfigureAwait(false)).Client;

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        var underWay = new Queue<ValueTask<Outcome<int>>>(PiecesUnderWay);
        for (var i = 0; i < count; i++)
        {
            if (underWay.Count == PiecesUnderWay) Check(await underWay.Dequeue().ConfigureAwait(false));
            underWay.Enqueue(_client.Take(_piece));
        }
        while (underWay.TryDequeue(out var taken)) Check(await taken.ConfigureAwait(false));
    }

    private static void Check(Outcome<int> taken)
    {
        BenchPayload.Check(0, (long)taken.Errno);
        BenchPayload.Check(BenchPayload.BulkBytes, taken.Value);
    }
}
