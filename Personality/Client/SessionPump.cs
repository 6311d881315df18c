using Grpc.Core;
using K42.Linux.V1;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<
    K42.Linux.V1.SessionRequest, K42.Linux.V1.SessionReply>;

namespace K42.Client;

/// <summary>Moves a session's calls out and its completions in, and resumes its stream.</summary>
/// <remarks>
/// Whoever adds a call while nobody writes becomes the writer until the queue is empty, so that calls that
/// arrive during a write leave together in the next message. One loop reads. The lock is held for
/// bookkeeping only.
/// </remarks>
internal sealed class SessionPump(
    K42Connection connection, K42SessionOptions options, Action<Event> happened,
    Action<K42SessionEndedException> ended)
{
    // A message larger than this is sent before more calls are added to it.
    private const int MessageBytesGoal = 1024 * 1024;
    private const int AcknowledgeEvery = 256;
    private const int AcknowledgeBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<CallGroup> _queue = new();
    private readonly Dictionary<ulong, (PendingCall Pending, CallGroup Group)> _sent = [];
    // Calls to be given up, by tag; true once the gateway was asked.
    private readonly Dictionary<ulong, bool> _cancels = [];
    private readonly TaskCompletionSource<K42SessionEndedException> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Stream? _stream;
    private bool _writing;
    private bool _connected;
    private bool _closing;
    private bool _closed;
    private ulong _lastNumber;
    private ulong _acknowledged;
    private int _unacknowledgedBytes;
    private K42SessionEndedException? _over;

    /// <summary>What the gateway said at the beginning.</summary>
    public Welcome Welcome { get; private set; } = new();

    /// <summary>Completes when the session is over.</summary>
    public Task<K42SessionEndedException> Completion => _completion.Task;

    /// <summary>Opens the stream and says hello.</summary>
    public async Task<Welcome> Begin(CancellationToken cancellation)
    {
        var hello = new Hello { Name = options.Name, Resumable = options.Resumable };
        if (options.Claim is { } child)
        {
            var token = Google.Protobuf.ByteString.CopyFrom(child.Token.Span);
            hello.Claim = new Claim { Pid = child.Pid, Token = token };
        }
        Welcome = await Open(hello, cancellation).ConfigureAwait(false);
        return Welcome;
    }

    /// <summary>Starts to read what comes back.</summary>
    public void Start()
    {
        lock (_gate) _connected = true;
        _ = ReadLoop();
    }

    /// <summary>Queues calls; they leave at once unless the limit of outstanding calls is reached.</summary>
    public void Send(CallGroup group)
    {
        lock (_gate)
        {
            if (_over == null && !_closing)
            {
                if (Welcome.CallsMax != 0 && group.Count > Welcome.CallsMax)
                    throw new ArgumentException($"a batch has at most {Welcome.CallsMax} calls");
                _queue.Enqueue(group);
                if (!TryBecomeWriter()) return;
            }
            else
            {
                Fail(group, _over ?? new K42SessionEndedException("The session was closed.", wasLost: false));
                return;
            }
        }
        _ = WriteLoop();
    }

    /// <summary>Asks the gateway to give a call up.</summary>
    public void Cancel(ulong tag)
    {
        lock (_gate)
        {
            if (_over != null) return;
            var isOpen = _sent.ContainsKey(tag) || _queue.Any(group => group.Has(tag));
            if (!isOpen) return;
            _cancels.TryAdd(tag, false);
            if (!TryBecomeWriter()) return;
        }
        _ = WriteLoop();
    }

    /// <summary>Breaks the stream off.</summary>
    public void Drop() => _stream?.Dispose();

    /// <summary>Closes the sending side, waits for the gateway to end the stream, then breaks it
    /// off.</summary>
    public async Task Close(TimeSpan timeMax)
    {
        var mayWrite = false;
        lock (_gate)
        {
            _closing = true;
            if (_over == null) mayWrite = TryBecomeWriter();
        }
        if (mayWrite) await WriteLoop().ConfigureAwait(false);
        try
        {
            await Completion.WaitAsync(timeMax).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            End(new K42SessionEndedException("The session was closed.", wasLost: true));
        }
        _stream?.Dispose();
    }

    private bool TryBecomeWriter()
    {
        if (_writing || !_connected) return false;
        return _writing = true;
    }

    private async Task WriteLoop()
    {
        Stream? stream = null;
        try
        {
            while (NextMessage(out stream, out var close) is { } message)
            {
                await stream.RequestStream.WriteAsync(message).ConfigureAwait(false);
                if (close) await stream.RequestStream.CompleteAsync().ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // The reader sees the same end and decides what is next.
            Broke(stream);
        }
    }

    // The reader may have resumed on another stream before the writer saw the end of this one.
    private void Broke(Stream? stream)
    {
        var mayWrite = false;
        lock (_gate)
        {
            _writing = false;
            if (_stream == stream) _connected = false;
            else mayWrite = TryBecomeWriter();
        }
        if (mayWrite) _ = WriteLoop();
    }

    private SessionRequest? NextMessage(out Stream stream, out bool close)
    {
        lock (_gate)
        {
            stream = _stream!;
            close = false;
            var message = new SessionRequest();
            var bytes = 0;
            while (bytes < MessageBytesGoal && _queue.TryPeek(out var group) && HasRoom(group))
            {
                _queue.Dequeue();
                bytes += group.Bytes;
                Put(group, message);
            }
            AddCancels(message);
            var due = AcknowledgeIsDue;
            if (message.Calls.Count == 0 && message.Cancel.Count == 0 && !due)
            {
                close = _closing && !_closed && _queue.Count == 0;
                if (!close)
                {
                    _writing = false;
                    return null;
                }
                _closed = true;
            }
            if (options.Resumable) (message.Acknowledged, _acknowledged) = (_lastNumber, _lastNumber);
            _unacknowledgedBytes = 0;
            return message;
        }
    }

    // A call that is not sent yet is given up with or after it; of one that was answered nothing is left.
    private void AddCancels(SessionRequest message)
    {
        if (_cancels.Count == 0) return;
        foreach (var (tag, asked) in _cancels)
        {
            if (asked || !_sent.ContainsKey(tag)) continue;
            message.Cancel.Add(tag);
        }
        foreach (var tag in message.Cancel) _cancels[tag] = true;
    }

    private bool AcknowledgeIsDue => options.Resumable
        && (_lastNumber - _acknowledged >= AcknowledgeEvery || _unacknowledgedBytes >= AcknowledgeBytes);

    private bool HasRoom(CallGroup group) =>
        Welcome.CallsMax == 0 || _sent.Count + group.Count <= Welcome.CallsMax;

    private void Put(CallGroup group, SessionRequest message)
    {
        if (group.Many == null) Add(group.Single!);
        else Array.ForEach(group.Many, Add);

        void Add(PendingCall pending)
        {
            if (pending.Task.IsCompleted) return;
            _sent[pending.Call.Tag] = (pending, group);
            message.Calls.Add(pending.Call);
        }
    }

    private async Task ReadLoop()
    {
        while (true)
        {
            try
            {
                var replies = _stream!.ResponseStream;
                while (await replies.MoveNext(CancellationToken.None).ConfigureAwait(false))
                    Take(replies.Current);
                End(new K42SessionEndedException("The session's process has ended.", wasLost: false));
                return;
            }
            catch (Exception e)
            {
                if (await Resume(e).ConfigureAwait(false)) continue;
                return;
            }
        }
    }

    private void Take(SessionReply reply)
    {
        var mayWrite = false;
        var done = new PendingCall?[reply.Completions.Count];
        lock (_gate)
        {
            for (var i = 0; i < done.Length; i++)
            {
                var completion = reply.Completions[i];
                if (_sent.Remove(completion.Tag, out var sent)) done[i] = sent.Pending;
                _cancels.Remove(completion.Tag);
                if (completion.OutCase == Linux.V1.Completion.OutOneofCase.Data)
                    _unacknowledgedBytes += completion.Data.Length;
            }
            var count = reply.Completions.Count + reply.Events.Count;
            if (count > 0) _lastNumber = reply.FirstNumber + (ulong)count - 1;
            if (_queue.Count > 0 || AcknowledgeIsDue) mayWrite = TryBecomeWriter();
        }
        for (var i = 0; i < done.Length; i++) done[i]?.Complete(reply.Completions[i]);
        foreach (var one in reply.Events) happened(one);
        if (mayWrite) _ = WriteLoop();
    }

    private async Task<Welcome> Open(Hello hello, CancellationToken cancellation)
    {
        var stream = connection.Calls.Session();
        using var armed = cancellation.UnsafeRegister(static s => ((Stream)s!).Dispose(), stream);
        try
        {
            await stream.RequestStream.WriteAsync(new SessionRequest { Hello = hello }, cancellation)
                .ConfigureAwait(false);
            if (!await stream.ResponseStream.MoveNext(cancellation).ConfigureAwait(false))
                throw new IOException("The gateway ended the session before it began.");
            var welcome = stream.ResponseStream.Current.Welcome
                ?? throw new IOException("The gateway did not answer the greeting.");
            _stream = stream;
            return welcome;
        }
        catch (Exception e)
        {
            // A refused stream fails its first write with a bare "call is done": the status says why.
            var why = e is InvalidOperationException ? new RpcException(stream.GetStatus()) : null;
            stream.Dispose();
            if (why != null) throw why;
            throw;
        }
    }

    private async Task<bool> Resume(Exception cause)
    {
        lock (_gate) _connected = false;
        var lost = new K42SessionEndedException(
            $"The session's connection was lost: {Reason(cause)}", wasLost: true, cause);
        if (_closing || Welcome.ResumeSeconds == 0 || !MayPass(cause))
        {
            End(lost);
            return false;
        }
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(Welcome.ResumeSeconds));
        for (var pause = TimeSpan.FromMilliseconds(20); ; pause *= 2)
        {
            try
            {
                var resume = new Resume { Session = Welcome.Session, LastNumber = _lastNumber };
                var hello = new Hello { Name = options.Name, Resumable = true, Resume = resume };
                await Open(hello, time.Token).ConfigureAwait(false);
                SendAgain();
                return true;
            }
            catch (Exception e) when (!time.IsCancellationRequested && MayPass(e))
            {
                var next = pause > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : pause;
                await Task.Delay(next, time.Token).ContinueWith(_ => { }, TaskScheduler.Default)
                    .ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // Whatever it was: a session that can't go on must say so, or its calls would wait for ever.
                End(new K42SessionEndedException($"The session could not be resumed: {Reason(e)}", true, e));
                return false;
            }
        }
    }

    // A message arrives whole or not at all, so of a group either every call is known to the gateway or none.
    private void SendAgain()
    {
        var mayWrite = false;
        lock (_gate)
        {
            var waiting = _queue.ToArray();
            _queue.Clear();
            foreach (var group in _sent.OrderBy(pair => pair.Key).Select(pair => pair.Value.Group).Distinct())
                _queue.Enqueue(group);
            foreach (var group in waiting) _queue.Enqueue(group);
            _sent.Clear();
            // Nobody knows whether the gateway heard of them.
            foreach (var tag in _cancels.Keys.ToArray()) _cancels[tag] = false;
            _closed = false;
            _connected = true;
            mayWrite = TryBecomeWriter();
        }
        if (mayWrite) _ = WriteLoop();
    }

    private void End(K42SessionEndedException why)
    {
        List<CallGroup> left;
        lock (_gate)
        {
            if (_over != null) return;
            (_over, _connected) = (why, false);
            left = [.. _sent.Values.Select(sent => new CallGroup(sent.Pending, null)), .. _queue];
            _sent.Clear();
            _queue.Clear();
        }
        foreach (var group in left) Fail(group, why);
        ended(why);
        _completion.TrySetResult(why);
    }

    private static void Fail(CallGroup group, Exception why)
    {
        group.Single?.Fail(why);
        if (group.Many != null) Array.ForEach(group.Many, call => call.Fail(why));
    }

    private static bool MayPass(Exception cause) => cause switch
    {
        RpcException e => e.StatusCode is StatusCode.Unavailable or StatusCode.Internal
            or StatusCode.Cancelled or StatusCode.Unknown or StatusCode.DeadlineExceeded,
        ObjectDisposedException or InvalidOperationException => true,
        _ => false,
    };

    private static string Reason(Exception cause) =>
        cause is RpcException e ? $"{e.StatusCode}: {K42Connection.Reason(e)}" : cause.Message;
}
