using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;

namespace K42.Servers.Pipes;

/// <summary>An actor that a share of the node's pipes live in.</summary>
/// <remarks>Parent: <see cref="PipeRoot"/>. Calls: nobody. On failure: stopped; holders of its pipes see
/// EIO.</remarks>
internal sealed class PipeServer : ObjectActor
{
    private readonly SortedDictionary<ulong, Pipe> _pipes = [];

    public PipeServer(IpcPort ipc, ulong device, PipeUsage usage) : base(ipc) =>
        (Device, Usage) = (device, usage);

    /// <summary>What the users of the node's pipes are charged with.</summary>
    public PipeUsage Usage { get; }

    public ulong Device { get; }

    /// <summary>Pages that its pipes share while they are empty.</summary>
    public PagePool Pages { get; } = new();

    /// <summary>The locks of its pipes.</summary>
    public LockTable Locks { get; } = new(new LockLimits());

    public long NowNs => Home.Ipc.Clock.RealtimeNs;

    public IEnumerable<PipeInfo> Infos => _pipes.Values.Select(static pipe => pipe.Info);

    public static Props Props(IpcPort ipc, ulong device, PipeUsage usage) =>
        Akka.Actor.Props.Create(() => new PipeServer(ipc, device, usage));

    /// <summary>Makes a pipe; fails when its process has died since it asked, as nobody would close
    /// it.</summary>
    public Outcome<PipeEnds> Create(ulong inode, int flags, CallerIdentity caller)
    {
        if (caller.Revoked)
        {
            Context.Parent.Tell(new PipeEnded(caller.Principal.Uid), Self);
            return Errno.EPERM;
        }
        var pipe = new Pipe(this, inode, caller, flags);
        _pipes.Add(inode, pipe);
        var reader = Home.Adopt(pipe.Reader).OpenFor(caller.Pid, Rights.Read);
        var writer = Home.Adopt(pipe.Writer).OpenFor(caller.Pid, Rights.Write);
        return new PipeEnds(reader, writer);
    }

    /// <summary>Both ends of a pipe were closed.</summary>
    public void Ended(Pipe pipe)
    {
        _pipes.Remove(pipe.Inode);
        pipe.ChargeNoMore();
        Home.Expel(pipe.Reader);
        Home.Expel(pipe.Writer);
        Context.Parent.Tell(new PipeEnded(pipe.Creator.Principal.Uid), Self);
    }

    protected override void Started()
    {
    }

    protected override void PostStop()
    {
        foreach (var pipe in _pipes.Values) pipe.ChargeNoMore();
        base.PostStop();
    }

    protected override bool Other(object message)
    {
        if (message is not PipeTurn turn) return false;
        turn.Run(this);
        Context.Parent.Tell(turn, Self);
        return true;
    }
}

/// <summary>Tells the factory that a pipe of a user is no more.</summary>
internal sealed record PipeEnded(uint Uid);

/// <summary>Something that the factory asks one of its actors, which tells it back when it is done.</summary>
internal abstract class PipeTurn(int actor)
{
    public int Actor => actor;

    /// <summary>Runs in the pipes' actor.</summary>
    public abstract void Run(PipeServer server);

    /// <summary>Runs in the factory's actor; EIO when the actor failed before.</summary>
    public abstract void Finish(Errno failure);
}

/// <summary>Makes a pipe.</summary>
internal sealed class CreateTurn(
    int actor, ulong inode, int flags, CallerIdentity caller, Reply<PipeEnds> reply) : PipeTurn(actor)
{
    private Outcome<PipeEnds> _ends;

    public override void Run(PipeServer server) => _ends = server.Create(inode, flags, caller);

    public override void Finish(Errno failure) => reply.Give(failure == Errno.None ? _ends : failure);
}

/// <summary>Lists the pipes of one actor.</summary>
internal sealed class ListTurn(int actor, Action<PipeInfo[]> done) : PipeTurn(actor)
{
    private PipeInfo[] _infos = [];

    public override void Run(PipeServer server) => _infos = [.. server.Infos.Take(PipeRoot.ListedMax)];

    public override void Finish(Errno failure) => done(_infos);
}
