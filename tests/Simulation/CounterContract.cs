using Akka.Actor;

using K42.Contracts;

namespace K42.Simulation;

/// <summary>A counter that others add to, and that can tell a third one: enough to make calls
/// cross.</summary>
[Contract(60_101)]
public abstract partial class CounterContract : ServerObject
{
    [Call(1, Rights.Write)]
    public abstract void Add(long value, Reply<long> reply);

    /// <summary>Adds here and then there; the answer is the sum of both counters.</summary>
    [Call(2, Rights.Write, ParkedMax = 10_000)]
    public abstract void AddBoth(ObjectHandle other, long value, Reply<long> reply);

    [Call(3, Rights.Read, ParkedMax = 10_000)]
    public abstract void AwaitAtLeast(long value, Reply<long> reply);
}

internal sealed class Counter : CounterContract
{
    private readonly List<(long Value, Reply<long> Reply)> _waiting = [];
    private long _count;

    public override void Add(long value, Reply<long> reply)
    {
        _count += value;
        reply.Ok(_count);
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].Value > _count) continue;
            _waiting[i].Reply.Ok(_count);
            _waiting.RemoveAt(i);
        }
    }

    public override void AddBoth(ObjectHandle other, long value, Reply<long> reply)
    {
        _count += value;
        new CounterClient(Home.Context, other).AddThen(
            value, this, there => reply.Give(there.Failed ? there : there.Value + _count));
    }

    public override void AwaitAtLeast(long value, Reply<long> reply)
    {
        if (_count >= value) reply.Ok(_count);
        else _waiting.Add((value, reply));
    }
}

internal sealed class CounterActor(IpcPort ipc, Action<Counter> started) : ObjectActor(ipc)
{
    public static Props Of(IpcPort ipc, Action<Counter> started) =>
        Props.Create(() => new CounterActor(ipc, started));

    protected override void Started() => started(Home.Adopt(new Counter()));
}
