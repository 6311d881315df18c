using Grpc.Core;
using K42.Client;
using K42.Linux.V1;

namespace K42.Personality.Tests.Gateway;

/// <summary>A session as a stranger's program would have it: the bare stream, and which calls are not
/// answered.</summary>
internal sealed class RandomSession : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<SessionRequest, SessionReply> _stream;
    private readonly CancellationToken _stop;
    private readonly HashSet<ulong> _outstanding = [];
    private readonly List<int> _pids = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _answered = new();
    private ulong _lastTag;

    private RandomSession(
        AsyncDuplexStreamingCall<SessionRequest, SessionReply> stream, CancellationToken stop)
    {
        (_stream, _stop) = (stream, stop);
        _pids.Add(stream.ResponseStream.Current.Welcome.Pid);
        Ended = Read();
    }

    /// <summary>Ends with the stream, with its status.</summary>
    public Task<StatusCode> Ended { get; }

    /// <summary>Ends when every call of the last batch was answered, or none will be.</summary>
    public Task AllAnswered
    {
        get
        {
            lock (_gate) return Task.WhenAny(_answered.Task, Ended);
        }
    }

    /// <summary>Its processes.</summary>
    public IReadOnlyList<int> Pids
    {
        get
        {
            lock (_gate) return [.. _pids];
        }
    }

    /// <summary>How many calls were answered.</summary>
    public int AnsweredCount { get; private set; }

    /// <summary>How many of them without an error.</summary>
    public int SucceededCount { get; private set; }

    public static async Task<RandomSession> Begin(K42Connection connection, CancellationToken stop)
    {
        var stream = connection.Calls.Session(cancellationToken: stop);
        await stream.RequestStream.WriteAsync(
            new SessionRequest { Hello = new Hello { Name = "random" } }, stop);
        await stream.ResponseStream.MoveNext(stop);
        return new RandomSession(stream, stop);
    }

    /// <summary>A tag that no call has had.</summary>
    public ulong NextTag() => ++_lastTag;

    public Task Send(Call[] calls)
    {
        lock (_gate)
        {
            _answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var call in calls) _outstanding.Add(call.Tag);
        }
        return Write(new SessionRequest { Calls = { calls } });
    }

    /// <summary>Gives up whatever is not answered.</summary>
    public Task CancelAll()
    {
        var request = new SessionRequest();
        lock (_gate) request.Cancel.AddRange(_outstanding);
        return Write(request);
    }

    /// <summary>Ends it as a program does, and gives the status.</summary>
    public async Task<StatusCode> Close()
    {
        if (!Ended.IsCompleted) _stream.Dispose();
        return await Ended;
    }

    public async ValueTask DisposeAsync()
    {
        _stream.Dispose();
        await Ended;
    }

    private async Task Write(SessionRequest request)
    {
        try
        {
            await _stream.RequestStream.WriteAsync(request, _stop);
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
            // The reader tells the status.
            await Ended;
        }
    }

    private async Task<StatusCode> Read()
    {
        try
        {
            while (await _stream.ResponseStream.MoveNext(_stop)) Take(_stream.ResponseStream.Current);
            return StatusCode.OK;
        }
        catch (RpcException ended)
        {
            return ended.StatusCode;
        }
        catch (Exception closed) when (closed is ObjectDisposedException or InvalidOperationException)
        {
            return StatusCode.Cancelled;
        }
    }

    private void Take(SessionReply reply)
    {
        lock (_gate)
        {
            foreach (var done in reply.Completions)
            {
                _outstanding.Remove(done.Tag);
                AnsweredCount++;
                if (done.Errno == 0) SucceededCount++;
                if (done.Forked is not null) _pids.Add((int)done.Result);
            }
            if (_outstanding.Count == 0) _answered.TrySetResult();
        }
    }
}
