using Akka.Actor;
using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>Akka's Ask with a timeout, to an idle actor of the same system; default dispatcher.</summary>
public sealed class AkkaAskRow : CallRow
{
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromSeconds(5);
    private readonly byte[] _payload = BenchPayload.Create();
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private IActorRef _callee = ActorRefs.Nobody;
    private long _id;

    /// <inheritdoc/>
    public override string Name => "akka-ask";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Local;

    /// <inheritdoc/>
    public override string Note => "timeout 5 s";

    /// <inheritdoc/>
    public override int CallsPerSample => 32;

    /// <inheritdoc/>
    public override Task SetupAsync(BenchContext context)
    {
        var system = ActorSystem.Create("local", AkkaRemoteEnd.Quiet);
        context.Own(new AkkaSystemOwner(system));
        _callee = system.ActorOf(Props.Create<AkkaCallee>(), "callee");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var request = new AkkaRequest(++_id, _payload);
            var reply = await _callee.Ask<AkkaReply>(request, TimeoutMax).ConfigureAwait(false);
            BenchPayload.Check(request.Id, reply.Id);
            BenchPayload.Check(_sum, reply.Sum);
        }
    }
}

/// <summary>Ends an actor system with the run.</summary>
internal sealed class AkkaSystemOwner(ActorSystem system) : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await system.Terminate();
}
