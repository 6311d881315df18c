using Akka.Actor;
using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>Akka's Ask over Akka.Remote (DotNetty, mutual TLS, hand-written serializer).</summary>
public sealed class AkkaRemoteAskRow(int callers) : CallRow
{
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromSeconds(5);
    private readonly byte[] _payload = BenchPayload.Create();
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private readonly long[] _ids = new long[callers];
    private IActorRef _callee = ActorRefs.Nobody;

    /// <inheritdoc/>
    public override string Name => callers == 1 ? "akka-remote-ask" : $"akka-remote-ask-{callers}";

    /// <inheritdoc/>
    public override BenchGroup Group => callers == 1 ? BenchGroup.Remote : BenchGroup.Remote64;

    /// <inheritdoc/>
    public override string Note => "mutual TLS, binary serializer";

    /// <inheritdoc/>
    public override int Callers => callers;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context) =>
        _callee = (await context.ShareAsync(StartPairAsync)).Callee;

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var request = new AkkaRequest(++_ids[caller], _payload);
            var reply = await _callee.Ask<AkkaReply>(request, TimeoutMax).ConfigureAwait(false);
            BenchPayload.Check(request.Id, reply.Id);
            BenchPayload.Check(_sum, reply.Sum);
        }
    }

    private static async Task<Pair> StartPairAsync(BenchContext context)
    {
        var child = await context.StartProcessAsync(AkkaRemoteEnd.ServerName);
        var system = AkkaRemoteEnd.Start("caller", context.Certificates, isServer: false);
        context.Own(new AkkaSystemOwner(system));
        return new Pair(await AkkaRemoteEnd.FindAsync(system, child.Port));
    }

    private sealed record Pair(IActorRef Callee);
}
