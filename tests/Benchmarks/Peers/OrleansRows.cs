using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>An Orleans call from a grain to a grain in the same silo.</summary>
public sealed class OrleansInSiloRow : CallRow
{
    private const long CallerKey = 1;
    private const long CalleeKey = 2;
    private IOrleansCaller? _caller;

    /// <inheritdoc/>
    public override string Name => "orleans-in-silo-call";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Local;

    /// <inheritdoc/>
    public override string Note => "grain to grain";

    // The call that starts a bunch comes from outside the grain: one part in 256 of what is timed.
    /// <inheritdoc/>
    public override int CallsPerSample => 256;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var port = OrleansSilo.FreePort();
        var silo = context.Own(await OrleansSilo.StartAsync(port, port, tls: null));
        _caller = silo.Grains.GetGrain<IOrleansCaller>(CallerKey);
    }

    /// <inheritdoc/>
    protected override ValueTask CallAsync(int caller, int count) =>
        new(_caller!.CallAsync(CalleeKey, count));
}

/// <summary>An Orleans call from one silo to a grain of another silo, in another process.</summary>
public sealed class OrleansCrossSiloRow(int callers, bool isTls) : CallRow
{
    private const int KeysMax = 64;
    private readonly byte[] _payload = BenchPayload.Create();
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private readonly long[] _ids = new long[callers];
    private IOrleansCallee? _callee;

    /// <inheritdoc/>
    public override string Name =>
        "orleans-cross-silo-call" + (callers == 1 ? "" : $"-{callers}") + (isTls ? "" : "-plain");

    /// <inheritdoc/>
    public override BenchGroup Group => callers == 1 ? BenchGroup.Remote : BenchGroup.Remote64;

    /// <inheritdoc/>
    public override string Note => isTls ? "mutual TLS, our middleware" : "plain TCP";

    /// <inheritdoc/>
    public override int Callers => callers;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context) => _callee = isTls
        ? (await context.ShareAsync(c => StartPairAsync<TlsPair>(c, callee => new(callee)))).Callee
        : (await context.ShareAsync(c => StartPairAsync<PlainPair>(c, callee => new(callee)))).Callee;

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var request = new OrleansRequest(++_ids[caller], _payload);
            var reply = await _callee!.CallAsync(request).ConfigureAwait(false);
            BenchPayload.Check(request.Id, reply.Id);
            BenchPayload.Check(_sum, reply.Sum);
        }
    }

    private async Task<T> StartPairAsync<T>(BenchContext context, Func<IOrleansCallee, T> create)
    {
        var child = await context.StartProcessAsync(isTls ? OrleansSilo.TlsServer : OrleansSilo.PlainServer);
        var tls = isTls ? context.Certificates : null;
        var silo = context.Own(await OrleansSilo.StartAsync(OrleansSilo.FreePort(), child.Port, tls));
        // Grains are placed at random: the first one that lies in the child is the callee.
        for (var key = 0; key < KeysMax; key++)
        {
            var callee = silo.Grains.GetGrain<IOrleansCallee>(key);
            if (await callee.WhereAsync() == child.Id) return create(callee);
        }
        throw new InvalidOperationException("no grain was placed in the other silo");
    }

    private sealed record TlsPair(IOrleansCallee Callee);

    private sealed record PlainPair(IOrleansCallee Callee);
}
