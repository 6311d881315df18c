using K42.Benchmarks.Harness;
using Proto;

namespace K42.Benchmarks.Peers;

/// <summary>Proto.Actor's request to an idle actor of the same system.</summary>
public sealed class ProtoActorRow : CallRow
{
    private readonly byte[] _payload = BenchPayload.Create();
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private IRootContext? _root;
    private PID? _callee;
    private long _id;

    /// <inheritdoc/>
    public override string Name => "protoactor-request";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Local;

    /// <inheritdoc/>
    public override string Note => "no timeout: its fastest form";

    /// <inheritdoc/>
    public override int CallsPerSample => 32;

    /// <inheritdoc/>
    public override Task SetupAsync(BenchContext context)
    {
        var system = context.Own(new ActorSystem());
        _root = system.Root;
        _callee = _root.Spawn(Props.FromProducer(() => new Callee()));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var request = new Request(++_id, _payload);
            var reply = await _root!.RequestAsync<Reply>(_callee!, request, CancellationToken.None)
                .ConfigureAwait(false);
            BenchPayload.Check(request.Id, reply.Id);
            BenchPayload.Check(_sum, reply.Sum);
        }
    }

    private sealed record Request(long Id, byte[] Payload);

    private sealed record Reply(long Id, long Sum);

    private sealed class Callee : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Request request)
                context.Respond(new Reply(request.Id, BenchPayload.Sum(request.Payload)));
            return Task.CompletedTask;
        }
    }
}
