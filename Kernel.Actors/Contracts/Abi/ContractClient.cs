namespace K42.Contracts;

/// <summary>The base of generated clients: a handle, and in whose name it is used.</summary>
public abstract class ContractClient
{
    /// <summary>A client of the object behind a handle.</summary>
    protected ContractClient(CallContext context, ObjectHandle handle) =>
        (Context, Handle) = (context, handle);

    /// <summary>In whose name calls are made.</summary>
    public CallContext Context { get; }

    /// <summary>The object's handle.</summary>
    public ObjectHandle Handle { get; }

    /// <summary>Sends a call and gives its answer.</summary>
    protected ValueTask<Outcome<T>> Call<T>(Request<T> request, CancellationToken cancel)
    {
        request.Begin();
        var errno = request.CheckArguments();
        var answer = request.Answer;
        if (errno != Errno.None)
        {
            request.Refuse(errno);
            return answer;
        }
        if (!cancel.CanBeCanceled)
        {
            Context.Ipc.Send(Context, Handle, request);
            if (request.IsAnswered) return new ValueTask<Outcome<T>>(request.Take());
            request.Executor ??= Context.Ipc.Executor;
            return answer;
        }
        return CallCancellable(request, answer, cancel);
    }

    /// <summary>Sends a call whose answer comes back as a later turn of the calling object's actor.</summary>
    protected void CallThen<T>(Request<T> request, ServerObject owner, Action<Outcome<T>> then)
    {
        request.Begin();
        if (!owner.Home.BeginOutgoing(Handle, request, then)) return;
        var errno = request.CheckArguments();
        if (errno != Errno.None) request.Refuse(errno);
        else Context.Ipc.Send(Context, Handle, request);
    }

    /// <summary>Sends a call that nobody waits for.</summary>
    protected void Post(Request<Nothing> request)
    {
        request.Begin();
        request.Sink = OneWaySink.Instance;
        var errno = request.CheckArguments();
        if (errno != Errno.None) request.Refuse(errno);
        else Context.Ipc.Send(Context, Handle, request);
    }

    /// <summary>Makes a handle of the same object for another process, with the same or fewer rights (EPERM
    /// when more are asked, or ControlAccess is not held; ESRCH when there is no such process).</summary>
    public ValueTask<Outcome<ObjectHandle>> GiveAccess(
        int process, Rights matched, Rights unmatched, CancellationToken cancel = default)
    {
        // The object's node hears of a death of here once, perhaps before this call: so it is not made then.
        var owner = Context.Identity.IsKernel ? Errno.None : Context.Ipc.CheckOwner(process);
        if (owner != Errno.None) return new ValueTask<Outcome<ObjectHandle>>(owner);
        var request = GiveAccessRequest.Rent();
        (request.Process, request.Matched, request.Unmatched) = (process, matched, unmatched);
        return Call(request, cancel);
    }

    /// <summary>Drops the handle. Nobody waits: a handle that is gone already is what was asked
    /// for.</summary>
    public void Release() => Post(ReleaseRequest.Rent());

    // The call is sent before its cancel is armed: an early signal would otherwise overtake it and be lost.
    private async ValueTask<Outcome<T>> CallCancellable<T>(
        Request<T> request, ValueTask<Outcome<T>> answer, CancellationToken cancel)
    {
        var generation = request.Generation;
        Context.Ipc.Send(Context, Handle, request);
        if (answer.IsCompleted) return answer.Result;
        request.Executor ??= Context.Ipc.Executor;
        using var armed = cancel.UnsafeRegister(
            static state =>
            {
                var (client, sent, use) = ((ContractClient, Request, long))state!;
                client.Context.Ipc.Cancel(client.Context, client.Handle, sent, use);
            },
            (this, (Request)request, generation));
        return await answer;
    }
}

/// <summary>Takes the answers of one-way calls: there is nobody to tell.</summary>
internal sealed class OneWaySink : ICompletionSink
{
    public static readonly OneWaySink Instance = new();

    public void Completed(Request request) => ((Request<Nothing>)request).Take();
}
