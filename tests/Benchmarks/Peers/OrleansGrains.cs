using K42.Benchmarks.Harness;
using Orleans.Placement;

namespace K42.Benchmarks.Peers;

/// <summary>A call to the Orleans callee; declared immutable, so that Orleans does not copy it.</summary>
[GenerateSerializer, Immutable]
public sealed record OrleansRequest([property: Id(0)] long Id, [property: Id(1)] byte[] Payload);

/// <summary>Its answer.</summary>
[GenerateSerializer, Immutable]
public sealed record OrleansReply([property: Id(0)] long Id, [property: Id(1)] long Sum);

/// <summary>The Orleans callee.</summary>
public interface IOrleansCallee : IGrainWithIntegerKey
{
    /// <summary>Answers a request with its payload's sum.</summary>
    ValueTask<OrleansReply> CallAsync(OrleansRequest request);

    /// <summary>The process that holds this grain.</summary>
    ValueTask<int> WhereAsync();
}

/// <summary>Calls a callee many times, so that the measured call is one from grain to grain.</summary>
public interface IOrleansCaller : IGrainWithIntegerKey
{
    /// <summary>Makes calls one after another and checks their answers.</summary>
    /// <param name="callee">The key of the grain to call.</param>
    /// <param name="count">How many calls to make.</param>
    Task CallAsync(long callee, int count);
}

/// <inheritdoc cref="IOrleansCallee"/>
[RandomPlacement]
public sealed class OrleansCallee : Grain, IOrleansCallee
{
    /// <inheritdoc/>
    public ValueTask<OrleansReply> CallAsync(OrleansRequest request) =>
        new(new OrleansReply(request.Id, BenchPayload.Sum(request.Payload)));

    /// <inheritdoc/>
    public ValueTask<int> WhereAsync() => new(Environment.ProcessId);
}

/// <inheritdoc cref="IOrleansCaller"/>
public sealed class OrleansCaller : Grain, IOrleansCaller
{
    private readonly byte[] _payload = BenchPayload.Create();
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private long _id;

    /// <inheritdoc/>
    public async Task CallAsync(long callee, int count)
    {
        var target = GrainFactory.GetGrain<IOrleansCallee>(callee);
        for (var i = 0; i < count; i++)
        {
            var request = new OrleansRequest(++_id, _payload);
            var reply = await target.CallAsync(request);
            BenchPayload.Check(request.Id, reply.Id);
            BenchPayload.Check(_sum, reply.Sum);
        }
    }
}
