using Akka.Actor;

using K42.Contracts;

namespace K42.Kernel.Tests.Ipc;

/// <summary>An object that does on request what an object can do wrong or right.</summary>
[Contract(60_001)]
public abstract partial class ProbeContract : ServerObject
{
    [Call(1, Rights.Read)]
    public abstract void Add(int left, int right, Reply<int> reply);

    [Call(2, Rights.Read, ParkedMax = 2_000, Fails = [Errno.EINTR])]
    public abstract void Park(int value, Reply<int> reply);

    [Call(3, Rights.Write)]
    public abstract void AnswerParked(int addend, Reply<int> reply);

    [Call(4, Rights.Write)]
    public abstract void Throw(Reply<Nothing> reply);

    [Call(5, Rights.None, ReplyMax = 256)]
    public abstract void WhoAmI(
        [Caller] CallerIdentity caller, [Handle] HandleRow handle, Reply<string> reply);

    [Call(6, Rights.Read, ReplyMax = 65_536)]
    public abstract void Echo([Max(65_536)] ReadOnlyMemory<byte> data, Reply<ReadOnlyMemory<byte>> reply);

    [Call(7, Rights.Read, ParkedMax = 1_000)]
    public abstract void Relay(ObjectHandle next, int depth, Reply<int> reply);

    [Call(8, Rights.Write, OneWay = true)]
    public abstract void Note(int value);

    [Call(9, Rights.Read)]
    public abstract void Noted(Reply<int> reply);

    [Call(10, Rights.Read)]
    public abstract void AnswerTwice(Reply<int> reply);

    [Call(11, Rights.Read)]
    public abstract void ThreadOfTurn(Reply<int> reply);

    [Call(12, Rights.Read)]
    public abstract void Grant(int process, Rights matched, Reply<ObjectHandle> reply);

    [Call(13, Rights.Read, ParkedMax = 100)]
    public abstract void Hold([Max(65_536)] ReadOnlyMemory<byte> data, Reply<int> reply);

    [Call(14, Rights.Read)]
    public abstract void Sum([Max(65_536)] ReadOnlyMemory<byte> data, Reply<int> reply);

    [Call(15, Rights.Read)]
    public abstract void SumHeld(Reply<int> reply);
}

/// <summary>The object behind the contract.</summary>
internal sealed class Probe : ProbeContract
{
    private readonly Queue<(int Value, Reply<int> Reply)> _parked = new();
    private readonly Queue<(ReadOnlyMemory<byte> Data, Reply<int> Reply)> _held = new();
    private int _noted;

    public List<int> Dropped { get; } = [];

    public bool LastDropped { get; private set; }

    public Action? InTurn { get; set; }

    public override void Add(int left, int right, Reply<int> reply)
    {
        InTurn?.Invoke();
        reply.Ok(left + right);
    }

    public override void Park(int value, Reply<int> reply) => _parked.Enqueue((value, reply));

    public override void AnswerParked(int addend, Reply<int> reply)
    {
        var answered = 0;
        while (_parked.TryDequeue(out var parked))
        {
            if (parked.Reply.Ok(parked.Value + addend)) answered++;
        }
        reply.Ok(answered);
    }

    public override void Throw(Reply<Nothing> reply) => throw new InvalidOperationException("asked to fail");

    public override void WhoAmI(CallerIdentity caller, HandleRow handle, Reply<string> reply) =>
        reply.Ok($"{caller.Pid}/{caller.Principal.Uid} by a handle of {handle.Owner}");

    public override void Echo(ReadOnlyMemory<byte> data, Reply<ReadOnlyMemory<byte>> reply) =>
        reply.Ok(data.ToArray());

    public override void Relay(ObjectHandle next, int depth, Reply<int> reply)
    {
        if (depth == 0) reply.Ok(0);
        else
            new ProbeClient(Home.Context, next).RelayThen(
                Handles[0], depth - 1, this, below => reply.Give(below.Failed ? below : below.Value + 1));
    }

    public override void Note(int value) => _noted += value;

    public override void Noted(Reply<int> reply) => reply.Ok(_noted);

    public override void AnswerTwice(Reply<int> reply)
    {
        var first = reply.Ok(1);
        if (!first || reply.Ok(2) || reply.Fail(Errno.EIO)) throw new InvalidOperationException(
            "a second answer counted");
    }

    public override void ThreadOfTurn(Reply<int> reply) => reply.Ok(Environment.CurrentManagedThreadId);

    public override void Grant(int process, Rights matched, Reply<ObjectHandle> reply) =>
        reply.Ok(Export(process, matched));

    public override void Hold(ReadOnlyMemory<byte> data, Reply<int> reply) => _held.Enqueue((data, reply));

    public override void Sum(ReadOnlyMemory<byte> data, Reply<int> reply) => reply.Ok(Sum(data));

    public override void SumHeld(Reply<int> reply)
    {
        reply.Ok(_held.Count);
        while (_held.TryDequeue(out var held)) held.Reply.Ok(Sum(held.Data));
    }

    private static int Sum(ReadOnlyMemory<byte> data)
    {
        var sum = 0;
        foreach (var value in data.Span) sum += value;
        return sum;
    }

    public List<ObjectHandle> Handles { get; } = [];

    protected internal override void HandleDropped(HandleRow row) => Dropped.Add(row.Owner);

    protected internal override void LastHandleDropped() => LastDropped = true;
}

/// <summary>An actor with one probe.</summary>
internal sealed class ProbeActor(IpcPort ipc, Action<Probe> started) : ObjectActor(ipc)
{
    public static Props Of(IpcPort ipc, Action<Probe> started) =>
        Props.Create(() => new ProbeActor(ipc, started));

    protected override void Started()
    {
        var probe = Home.Adopt(new Probe());
        probe.Handles.Add(probe.Export(0, Rights.All));
        started(probe);
    }
}
