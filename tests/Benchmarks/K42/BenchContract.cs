using Akka.Actor;

using K42.Benchmarks.Harness;
using K42.Contracts;

namespace K42.Benchmarks.K42Rows;

/// <summary>What the peers' callees do: sums the payload's bytes.</summary>
[Contract(60_201, Factory = true)]
public abstract partial class BenchContract : ServerObject
{
    /// <summary>The sum of the bytes.</summary>
    [Call(1, Rights.Read)]
    public abstract void Sum([Max(65_536)] ReadOnlyMemory<byte> data, Reply<long> reply);

    /// <summary>Takes bytes and says how many.</summary>
    [Call(2, Rights.Write)]
    public abstract void Take([Max(65_536)] ReadOnlyMemory<byte> data, Reply<int> reply);
}

/// <summary>The callee.</summary>
internal sealed class BenchObject : BenchContract
{
    public override void Sum(ReadOnlyMemory<byte> data, Reply<long> reply) =>
        reply.Ok(BenchPayload.Sum(data.Span));

    public override void Take(ReadOnlyMemory<byte> data, Reply<int> reply) => reply.Ok(data.Length);
}

/// <summary>The callee's actor.</summary>
internal sealed class BenchActor(IpcPort ipc, Action<BenchObject> started) : ObjectActor(ipc)
{
    public static Props Of(IpcPort ipc, Action<BenchObject> started) =>
        Props.Create(() => new BenchActor(ipc, started));

    protected override void Started()
    {
        var callee = Home.Adopt(new BenchObject());
        // Reached by other nodes without a handle of their own.
        callee.ExportFactory(BenchContract.ContractId);
        started(callee);
    }
}
