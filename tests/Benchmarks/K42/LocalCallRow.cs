using K42.Benchmarks.Harness;
using K42.Contracts;

namespace K42.Benchmarks.K42Rows;

/// <summary>A call through a generated client to an idle object of the same node: rights and identity
/// checked.</summary>
public sealed class LocalCallRow : Harness.CallRow
{
    private readonly byte[] _payload = BenchPayload.Create();
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private BenchClient _client = null!;

    /// <inheritdoc/>
    public override string Name => "k42-local-call";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Local;

    /// <inheritdoc/>
    public override string Note => "generated client, rights, identity";

    /// <inheritdoc/>
    public override int CallsPerSample => 32;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var node = context.Own(new BareNode(BareNode.First));
        var callee = await node.ServeAsync().ConfigureAwait(false);
        var caller = node.Ipc.Admit(
            2_000, new Principal("bench", 1_000, 1_000, [], Authentication.ClientCertificate));
        _client = new BenchClient(caller, callee.Export(2_000, Rights.Read));
    }

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var sum = await _client.Sum(_payload).ConfigureAwait(false);
            BenchPayload.Check(_sum, sum.Value);
        }
    }
}
