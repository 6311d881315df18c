using Akka.Actor;

namespace K42.Contracts;

/// <summary>The actor that objects live in: it runs their calls one at a time, checked.</summary>
/// <remarks>
/// Derive one per server; adopt its objects in <see cref="Started"/>. A child that fails is stopped, never
/// restarted: its handles go stale, and every parked and queued caller gets EIO.
/// </remarks>
public abstract class ObjectActor : ActorBase
{
    /// <summary>An actor of a node.</summary>
    protected ObjectActor(IpcPort ipc) => Home = new ObjectHome(ipc, Self, (ActorCell)Context);

    /// <summary>The side of the actor that its objects know.</summary>
    public ObjectHome Home { get; }

    /// <summary>The node's IPC.</summary>
    protected IpcPort Ipc => Home.Ipc;

    /// <summary>Adopts the first objects.</summary>
    protected abstract void Started();

    /// <summary>A message that is not a call, for actors that use plain Akka messages with their
    /// children.</summary>
    protected virtual bool Other(object message) => false;

    /// <inheritdoc/>
    protected sealed override void PreStart() => Started();

    /// <inheritdoc/>
    protected override void PostStop() => Home.Close();

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(static _ => Directive.Stop);

    /// <inheritdoc/>
    protected sealed override bool Receive(object message)
    {
        switch (message)
        {
            case Request request:
                if (request.Queued) Home.Dequeued(request);
                Serve(request);
                return true;
            case IContinuation continuation:
                continuation.Run();
                return true;
            case LaterTurn later:
                later.Action();
                return true;
            case CancelTurn cancel:
                Cancel(cancel);
                return true;
            case DropTurn drop:
                drop.Row.Object?.OwnerDied(drop.Row);
                return true;
            default:
                return Other(message);
        }
    }

    private void Serve(Request request)
    {
        // The generation is taken first: once answered, the request may belong to another call.
        var generation = request.Generation;
        var row = request.Row!;
        var target = row.Object;
        if (target is null)
        {
            request.Fail(generation, Errno.EIO);
            return;
        }
        if (request.Caller is not { Revoked: false })
        {
            Ipc.Refused(request, "the caller's identity is missing or no longer valid");
            request.Fail(generation, request.Caller?.Refusal ?? Errno.EPERM);
            return;
        }
        if (request.ParkedMax > 0 && !Parking.HasRoom(request, target, Ipc.ParkedPerProcessMax))
        {
            request.Fail(generation, Errno.Overloaded);
            return;
        }
        try
        {
            request.Invoke(target);
        }
        catch
        {
            request.Fail(generation, Errno.EIO);
            throw;
        }
        if (!request.IsPending(generation)) return;
        // From here others may answer it.
        request.Unshared = false;
        Home.Parking.Add(request, target);
    }

    private static void Cancel(CancelTurn cancel)
    {
        var request = cancel.Request;
        if (request.IsAbandoned(cancel.Generation)) request.ParkedAt?.Remove(request);
        if (!request.IsPending(cancel.Generation)) return;
        var asked = request.OnCancel;
        if (asked is null || cancel.Errno != Errno.EINTR) request.Fail(cancel.Generation, cancel.Errno);
        else asked(request);
    }
}
