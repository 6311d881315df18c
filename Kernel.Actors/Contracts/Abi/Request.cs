using System.Buffers;
using System.Threading.Tasks.Sources;

using K42.Contracts.Ports;

namespace K42.Contracts;

/// <summary>One call on its way: the message that the object's actor gets, and the slot that its answer
/// fills.</summary>
/// <remarks>
/// Generated code derives a sealed class per method. A request is reused: the state word carries a
/// generation, and only the reply of the same generation can complete it, once. Whoever completes it touches
/// it last by publishing the result; whoever takes the result gives the request back.
/// </remarks>
public abstract class Request
{
    private const long PhaseMask = 3;
    private const long Pending = 1;
    private const long Claimed = 2;
    private const long GenerationStep = 4;

    // Smaller ones the garbage collector takes back for next to nothing.
    private const int PooledBytesMin = 4_096;

    private protected static readonly Action<object?> Published = static _ => { };

    private long _state = Claimed;
    private Action<object?>? _continuation;
    private object? _continuationState;
    private Errno _errno;
    private bool _leaked;
    private byte[]? _pooled;

    internal Request? NextParked;
    internal Request? PreviousParked;
    internal Parking? ParkedAt;
    internal ServerObject? ParkedFor;
    internal Action<Request>? OnCancel;

    /// <summary>The contract that the call belongs to.</summary>
    public abstract ushort Contract { get; }

    /// <summary>The call's number within its contract.</summary>
    public abstract ushort Method { get; }

    /// <summary>Who calls, by the kernel's word.</summary>
    internal CallerIdentity? Caller { get; set; }

    /// <summary>The handle that the call came in by.</summary>
    internal HandleRow? Row { get; set; }

    /// <summary>Who else than an awaiter wants the answer: a link, or a server's continuation.</summary>
    internal ICompletionSink? Sink { get; set; }

    /// <summary>Where an awaiter's continuation is posted; known before there can be one.</summary>
    internal IExecutor? Executor { get; set; }

    /// <summary>The call's number on the link that it goes or came by.</summary>
    internal ulong CallId { get; set; }

    /// <summary>Who calls, for methods with a [Caller] parameter.</summary>
    protected CallerIdentity CalledBy => Caller!;

    /// <summary>The handle that the call came in by, for methods with a [Handle] parameter.</summary>
    protected HandleRow CalledThrough => Row!;

    /// <summary>True while it is counted among the calls in its actor's mailbox.</summary>
    internal bool Queued { get; set; }

    /// <summary>True while it is offered to its target's mailbox: to be run at once, or not taken.</summary>
    internal bool Offered { get; set; }

    /// <summary>True while only the calling thread knows of it: it has run the target's turn itself and has
    /// not come back yet. Then no interlocked instruction is needed to answer.</summary>
    internal bool Unshared { get; set; }

    /// <summary>True when nobody waits for an answer.</summary>
    public virtual bool OneWay => false;

    /// <summary>How many of this call one object may hold unanswered.</summary>
    public virtual int ParkedMax => 0;

    /// <summary>Which use of this request is under way.</summary>
    internal long Generation => Volatile.Read(ref _state) & ~PhaseMask;

    /// <summary>The error of the answer.</summary>
    internal Errno ResultErrno => _errno;

    /// <summary>Writes the parameters.</summary>
    internal protected abstract void WriteArguments(ref WireWriter writer);

    /// <summary>Reads the parameters; what an older peer did not send stays at its default.</summary>
    internal protected abstract void ReadArguments(ref WireReader reader);

    /// <summary>Reads a parameter's bytes into memory that is the method's to read until the call is
    /// answered, as a caller's own is on its node; then it is used again.</summary>
    protected ReadOnlyMemory<byte> ReadBytes(ref WireReader reader, int lengthMax)
    {
        var from = reader.BytesInPlace(lengthMax);
        if (from.Length < PooledBytesMin || _pooled is not null) return from.ToArray();
        _pooled = ArrayPool<byte>.Shared.Rent(from.Length);
        from.CopyTo(_pooled);
        return _pooled.AsMemory(0, from.Length);
    }

    /// <summary>Writes the value of a successful answer.</summary>
    internal protected abstract void WriteResult(ref WireWriter writer);

    /// <summary>Reads the value of a successful answer; kept until <see cref="CompleteFromWire"/>.</summary>
    internal protected abstract void ReadResult(ref WireReader reader);

    /// <summary>Checks the limits that the contract declares: E2BIG, or None.</summary>
    internal protected abstract Errno CheckArguments();

    /// <summary>Checks type and rights, then runs the method on the object.</summary>
    internal protected abstract void Invoke(ServerObject target);

    /// <summary>Drops the answer unread, and gives the request back.</summary>
    internal abstract void Discard();

    /// <summary>Forgets parameters and result, and makes the request available again.</summary>
    protected abstract void Recycle();

    /// <summary>Starts a use of the request: from here it can be completed once.</summary>
    internal protected void Begin()
    {
        _continuation = null;
        _errno = Errno.None;
        Unshared = false;
        Queued = false;
        Offered = false;
        Executor = null;
        Volatile.Write(ref _state, ((_state & ~PhaseMask) + GenerationStep) | Pending);
    }

    /// <summary>True until the given use was answered.</summary>
    internal bool IsPending(long generation) => Volatile.Read(ref _state) == (generation | Pending);

    /// <summary>Answers with an error; false when this use was answered before.</summary>
    internal bool Fail(long generation, Errno errno)
    {
        if (!Claim(generation)) return false;
        _errno = errno;
        Publish();
        return true;
    }

    /// <summary>Answers the present use with an error, from generated code.</summary>
    internal protected void Refuse(Errno errno) => Fail(Generation, errno);

    /// <summary>Checks the caller's rights on the handle, then the declared limits; answers EPERM or E2BIG,
    /// and says false, when they do not hold. The other side's checks are never relied upon.</summary>
    protected bool Admitted(Rights required)
    {
        if (!Row!.Admits(Caller!, required))
        {
            Row.Home.Ipc.Refused(this, "the caller lacks rights on the handle");
            Refuse(Errno.EPERM);
            return false;
        }
        var errno = CheckArguments();
        if (errno == Errno.None) return true;
        Refuse(errno);
        return false;
    }

    /// <summary>Answers with the value that ReadResult kept.</summary>
    internal void CompleteFromWire(long generation, Errno errno)
    {
        if (!Claim(generation)) return;
        _errno = errno;
        Publish();
    }

    /// <summary>Answers from outside the object's turns. The request is then left to the garbage collector,
    /// because the object may still hold it; a turn of its actor is to unlink it, see
    /// <see cref="IpcPort.GiveUp"/>.</summary>
    internal bool Abandon(long generation, Errno errno)
    {
        if (!Claim(generation)) return false;
        _leaked = true;
        _errno = errno;
        Publish();
        return true;
    }

    /// <summary>True when the given use was abandoned. Then it was the last.</summary>
    internal bool IsAbandoned(long generation) => Volatile.Read(ref _leaked) && Generation == generation;

    /// <summary>Ends a use that was claimed.</summary>
    private protected void Settle(Errno errno)
    {
        _errno = errno;
        Publish();
    }

    /// <summary>True for the one who may complete this use.</summary>
    private protected bool Claim(long generation)
    {
        if (!Unshared)
        {
            return Interlocked.CompareExchange(ref _state, generation | Claimed, generation | Pending)
                == (generation | Pending);
        }
        if (_state != (generation | Pending)) return false;
        _state = generation | Claimed;
        return true;
    }

    private protected void Publish()
    {
        if (Unshared)
        {
            _continuation = Published;
            return;
        }
        if (!_leaked) ParkedAt?.Remove(this);
        var sink = Sink;
        if (sink is not null)
        {
            sink.Completed(this);
            return;
        }
        var continuation = Interlocked.CompareExchange(ref _continuation, Published, null);
        // From here the request belongs to the awaiter unless one was registered: then nobody else runs yet.
        if (continuation is null) return;
        var state = _continuationState;
        _continuationState = null;
        var executor = Executor;
        Volatile.Write(ref _continuation, Published);
        executor!.Post(continuation, state);
    }

    /// <summary>True once the answer can be taken.</summary>
    internal bool IsAnswered => Volatile.Read(ref _continuation) == Published;

    internal ValueTaskSourceStatus Status =>
        IsAnswered ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

    internal void Register(Action<object?> continuation, object? state)
    {
        _continuationState = state;
        var executor = Executor;
        if (Interlocked.CompareExchange(ref _continuation, continuation, null) is null) return;
        executor!.Post(continuation, state);
    }

    /// <summary>Gives the request back after its answer was taken.</summary>
    internal void Release()
    {
        if (_leaked) return;
        (Caller, Row, Sink, OnCancel, _continuationState) = (null, null, null, null, null);
        if (_pooled is { } bytes)
        {
            _pooled = null;
            ArrayPool<byte>.Shared.Return(bytes);
        }
        Recycle();
    }
}

/// <summary>A call that gives back a value.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public abstract class Request<T> : Request, IValueTaskSource<Outcome<T>>
{
    /// <summary>The value of the answer.</summary>
    protected T? Result { get; set; }

    internal Outcome<T> Outcome =>
        ResultErrno == Errno.None ? new Outcome<T>(Result!) : new Outcome<T>(ResultErrno);

    /// <summary>The reply of the present use, for the method.</summary>
    protected Reply<T> Reply => new(this, Generation);

    /// <summary>The awaitable answer of the present use.</summary>
    internal ValueTask<Outcome<T>> Answer => new(this, Token(Generation));

    internal bool Succeed(long generation, T value)
    {
        if (!Claim(generation)) return false;
        Result = value;
        Settle(CheckResult());
        return true;
    }

    /// <summary>Takes the answer, once, and gives the request back.</summary>
    internal Outcome<T> Take()
    {
        var outcome = Outcome;
        Result = default;
        Release();
        return outcome;
    }

    internal sealed override void Discard() => Take();

    /// <summary>Checks the limits that the contract declares for the answer: E2BIG, or None.</summary>
    protected virtual Errno CheckResult() => Errno.None;

    private static short Token(long generation) => (short)(generation >> 2);

    Outcome<T> IValueTaskSource<Outcome<T>>.GetResult(short token)
    {
        Check(token);
        if (Status != ValueTaskSourceStatus.Succeeded) throw new InvalidOperationException(
            "the call is not answered yet");
        return Take();
    }

    ValueTaskSourceStatus IValueTaskSource<Outcome<T>>.GetStatus(short token)
    {
        Check(token);
        return Status;
    }

    void IValueTaskSource<Outcome<T>>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        Check(token);
        Register(continuation, state);
    }

    private void Check(short token)
    {
        if (token != Token(Generation)) throw new InvalidOperationException("the answer was taken before");
    }
}

/// <summary>Takes answers that nobody awaits: a link, or a server's continuation.</summary>
internal interface ICompletionSink
{
    /// <summary>The request is answered; the sink takes the answer and releases the request.</summary>
    void Completed(Request request);
}
