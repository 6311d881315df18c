using Akka.Actor;

namespace K42.Contracts;

/// <summary>What outlives a turn and even the actor: its objects, unanswered calls and outgoing
/// calls.</summary>
/// <remarks>When the actor stops, for whatever reason, every handle of its objects goes stale and every
/// parked and queued caller gets EIO.</remarks>
public sealed class ObjectHome
{
    /// <summary>How many calls may wait in an actor's mailbox before callers are told to back off.</summary>
    public const int QueueMax = 65_536;

    /// <summary>How many outgoing calls of one actor may be unanswered.</summary>
    public const int OutgoingMax = 4_096;

    /// <summary>How long an outgoing call may take before its continuation gets ETIMEDOUT.</summary>
    public static readonly TimeSpan OutgoingDeadline = TimeSpan.FromSeconds(30);

    private readonly HashSet<ServerObject> _objects = [];
    private int _queued;
    private int _outgoing;
    private volatile bool _closed;

    internal ObjectHome(IpcPort ipc, IActorRef actor, ActorCell? cell = null) =>
        (Ipc, Actor, Cell) = (ipc, actor, cell);

    /// <summary>The node's IPC.</summary>
    public IpcPort Ipc { get; }

    /// <summary>The actor.</summary>
    public IActorRef Actor { get; }

    /// <summary>The actor as its dispatcher knows it; null when its turns never run inline.</summary>
    internal ActorCell? Cell { get; }

    /// <summary>In whose name the objects here call others.</summary>
    public CallContext Context => Ipc.Kernel;

    /// <summary>Calls taken and not answered.</summary>
    internal Parking Parking { get; } = new();

    /// <summary>Whether a caller may be given one more handle; a server that makes one because of a call asks
    /// first, and answers EMFILE or ENOMEM.</summary>
    public bool HasRoomFor(CallerIdentity caller) =>
        caller.IsKernel || Ipc.HasRoomForHandle(caller.Pid, caller.Principal);

    /// <summary>Takes an object in; its methods run in this actor's turns from now on.</summary>
    public T Adopt<T>(T newcomer) where T : ServerObject
    {
        newcomer.Adopted(this);
        _objects.Add(newcomer);
        return newcomer;
    }

    /// <summary>Lets an object go: its handles go stale and its unanswered calls get EIO.</summary>
    public void Expel(ServerObject leaver)
    {
        if (!_objects.Remove(leaver)) return;
        leaver.ForgetAll();
        if (leaver.ParkedCount > 0) Parking.FailAll(Errno.EIO, request => request.ParkedFor == leaver);
    }

    /// <summary>Runs an action as a later turn of this actor; dropped if the actor has stopped.</summary>
    public void Later(Action action) => Actor.Tell(new LaterTurn(action), ActorRefs.NoSender);

    /// <summary>Runs an action as a turn of this actor once the delay has passed. Dispose to
    /// cancel.</summary>
    public IDisposable After(TimeSpan delay, Action action) =>
        Ipc.Clock.Schedule(
            delay,
            static state =>
            {
                var (home, later) = ((ObjectHome, LaterTurn))state!;
                home.Actor.Tell(later, ActorRefs.NoSender);
            },
            (this, new LaterTurn(action)));

    /// <summary>Counts a call that is about to be put in the mailbox; false when there are too
    /// many.</summary>
    internal bool TryQueue(Request request)
    {
        if (Interlocked.Increment(ref _queued) <= QueueMax) return request.Queued = true;
        Interlocked.Decrement(ref _queued);
        return false;
    }

    internal void Dequeued(Request request)
    {
        request.Queued = false;
        Interlocked.Decrement(ref _queued);
    }

    /// <summary>Accepts an outgoing call; when there are too many, its continuation gets
    /// Overloaded.</summary>
    internal bool BeginOutgoing<T>(ObjectHandle target, Request<T> request, Action<Outcome<T>> then)
    {
        var continuation = new Continuation<T>(this, target, request, then);
        request.Sink = continuation;
        if (_outgoing >= OutgoingMax)
        {
            request.Fail(request.Generation, Errno.Overloaded);
            return false;
        }
        _outgoing++;
        continuation.Arm(Ipc.Clock);
        return true;
    }

    internal void EndOutgoing() => _outgoing--;

    internal void Close()
    {
        if (_closed) return;
        _closed = true;
        foreach (var leaver in _objects) leaver.ForgetAll();
        _objects.Clear();
        Parking.FailAll(Errno.EIO);
    }
}

/// <summary>A turn that is not a call: a timer, or the rest of some work.</summary>
internal sealed class LaterTurn(Action action)
{
    public Action Action { get; } = action;
}

/// <summary>Asks an actor to give up on a request.</summary>
internal sealed class CancelTurn(Request request, long generation, Errno errno)
{
    public Request Request { get; } = request;

    public long Generation { get; } = generation;

    public Errno Errno { get; } = errno;
}

/// <summary>Tells an actor that the process which a handle of one of its objects was made for is
/// dead.</summary>
internal sealed class DropTurn(HandleRow row)
{
    public HandleRow Row { get; } = row;
}

/// <summary>An outgoing call of a server: its answer becomes a later turn of the same actor.</summary>
internal sealed class Continuation<T>(
    ObjectHome home, ObjectHandle target, Request<T> request, Action<Outcome<T>> then)
    : ICompletionSink, IContinuation
{
    private readonly long _generation = request.Generation;
    private IDisposable? _deadline;
    private Outcome<T> _outcome;

    public void Arm(Ports.IClock clock) => _deadline = clock.Schedule(
        ObjectHome.OutgoingDeadline,
        static state => ((Continuation<T>)state!).Expire(),
        this);

    public void Completed(Request answered)
    {
        _outcome = ((Request<T>)answered).Take();
        _deadline?.Dispose();
        home.Actor.Tell(this, ActorRefs.NoSender);
    }

    public void Run()
    {
        if (_deadline is not null) home.EndOutgoing();
        then(_outcome);
    }

    private void Expire()
    {
        if (request.Abandon(_generation, Errno.ETIMEDOUT)) home.Ipc.GiveUp(target, request, _generation);
    }
}

/// <summary>The part of a continuation that the actor runs.</summary>
internal interface IContinuation
{
    void Run();
}
