using Grpc.Core;
using K42.Gateway.Calls;
using K42.Linux.V1;
using K42.Personality.Linux;

namespace K42.Gateway.Sessions;

/// <remarks>A stream that drops leaves the session behind, for a while; another may take it up, or
/// over.</remarks>
internal sealed partial class GatewaySession
{
    private readonly SemaphoreSlim _serving = new(1);
    private readonly Lock _arrivalGate = new();
    private readonly Lock _graceGate = new();
    private CancellationTokenSource? _serves;
    private IDisposable? _grace;
    private bool _hungUp;
    private long _arrivals;

    /// <summary>Serves a stream to its end, the program's end, or the time when another stream takes
    /// over.</summary>
    /// <param name="lastNumber">What the program has already, when it resumes.</param>
    /// <exception cref="RpcException">ABORTED when another stream took over; CANCELLED when the stream
    /// dropped; UNAUTHENTICATED when the credential expired.</exception>
    public async Task Serve(
        IAsyncStreamReader<SessionRequest> requests, IServerStreamWriter<SessionReply> replies,
        ulong lastNumber, CancellationToken dropped)
    {
        long arrival;
        Task turn;
        lock (_arrivalGate)
        {
            // In one step: who waited behind a newer one would wait as long as that serves.
            arrival = Interlocked.Increment(ref _arrivals);
            turn = _serving.WaitAsync(dropped);
        }
        if (Interlocked.Exchange(ref _serves, null) is { } before) CancelQuietly(before);
        try
        {
            await turn.ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            // The stream before was told to end; perhaps nobody came after this one.
            if (IsNewest(arrival)) Lost();
            throw Reason(e, takenOver: false);
        }
        if (!IsNewest(arrival))
        {
            // Others came while it waited, and wait behind it.
            _serving.Release();
            throw Reason(new OperationCanceledException(dropped), takenOver: true);
        }
        using var serves = CancellationTokenSource.CreateLinkedTokenSource(dropped);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(serves.Token);
        _serves = serves;
        // Who came just now found none to tell.
        if (!IsNewest(arrival)) CancelQuietly(serves);
        EndGrace();
        try
        {
            await replies.WriteAsync(new SessionReply { Welcome = Welcome() }, dropped).ConfigureAwait(false);
            if (IsResumable) _replies.Know(_waiting.Keys);
            await _replies.Attach(replies, lastNumber).ConfigureAwait(false);
            _ = Over.ContinueWith(_ => CancelQuietly(end), TaskScheduler.Default);
            await Receive(requests, end.Token).ConfigureAwait(false);
            await _replies.Flushed().ConfigureAwait(false);
        }
        catch (Exception) when (Over.IsCompleted && !serves.IsCancellationRequested)
        {
            await _replies.Flushed().ConfigureAwait(false);
            // The kernel ends what acts by an expired credential: the program learns why.
            Services.Channel.CheckExpiry(Principal, _options);
        }
        catch (Exception e)
        {
            var takenOver = !dropped.IsCancellationRequested && serves.IsCancellationRequested;
            // What hanging up makes happen does not come before the reason.
            _replies.Detach(replies);
            if (!takenOver) Lost();
            throw Reason(e, takenOver);
        }
        finally
        {
            Interlocked.CompareExchange(ref _serves, null, serves);
            _replies.Detach(replies);
            _serving.Release();
        }
    }

    /// <summary>Ends every process of it as if its terminal had gone: SIGHUP, then SIGKILL.</summary>
    public void HangUp()
    {
        Volatile.Write(ref _hungUp, true);
        foreach (var task in _tasks.Values) _options.Host.Abandon(task.Hosted);
    }

    private Welcome Welcome() => new()
    {
        Session = Key,
        Pid = Main.Pid,
        Node = _options.Host.Membership.Self.Name,
        ResumeSeconds = IsResumable ? (uint)Math.Max(1, _options.ResumeTime.TotalSeconds) : 0,
        CallsMax = (uint)_options.CallsMax,
        UnacknowledgedMax = (ulong)_options.UnacknowledgedBytesMax,
        MessageBytesMax = (uint)_options.MessageBytesMax,
        ReadBytesMax = CallLimits.ReadBytesMax,
    };

    private async Task Receive(IAsyncStreamReader<SessionRequest> requests, CancellationToken end)
    {
        while (await requests.MoveNext(end).ConfigureAwait(false))
        {
            if (requests.Current.Hello != null)
                throw new RpcException(new Status(StatusCode.InvalidArgument,
                    "only the first message says hello"));
            await Take(requests.Current).ConfigureAwait(false);
            await _replies.Drained().ConfigureAwait(false);
        }
        await Idle().WaitAsync(end).ConfigureAwait(false);
        foreach (var task in _tasks.Values) await task.Leave().ConfigureAwait(false);
        await Over.WaitAsync(end).ConfigureAwait(false);
    }

    // Completes when no call is outstanding, or the session is over.
    private async Task Idle()
    {
        while (!Over.IsCompleted)
        {
            var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _idle, idle);
            if (Volatile.Read(ref _outstanding) == 0) return;
            await Task.WhenAny(idle.Task, Over).ConfigureAwait(false);
        }
    }

    private bool IsNewest(long arrival) => Interlocked.Read(ref _arrivals) == arrival;

    private void Lost()
    {
        if (!IsResumable)
        {
            HangUp();
            return;
        }
        lock (_graceGate)
        {
            _grace?.Dispose();
            var clock = _options.Host.Kernel.Ipc.Clock;
            _grace = clock.Schedule(_options.ResumeTime, static state => ((GatewaySession)state!).GraceEnds(),
                this);
        }
    }

    private void GraceEnds()
    {
        // A stream that serves it gives a new grace when it drops.
        if (_serving.CurrentCount > 0) HangUp();
    }

    private void EndGrace()
    {
        lock (_graceGate)
        {
            _grace?.Dispose();
            _grace = null;
        }
    }

    private static RpcException Reason(Exception cause, bool takenOver) =>
        takenOver ? new RpcException(new Status(StatusCode.Aborted, "another stream resumed this session"))
        : cause as RpcException
            ?? new RpcException(new Status(StatusCode.Cancelled, "the stream dropped", cause));

    private static void CancelQuietly(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The stream has ended by itself meanwhile.
        }
    }
}
