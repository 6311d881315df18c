using System.Collections.Concurrent;
using Grpc.Core;
using K42.Contracts;
using K42.Contracts.Ports;
using K42.Gateway.Calls;
using K42.Linux.V1;
using K42.Personality.Linux;

namespace K42.Gateway.Sessions;

/// <summary>A program at the other end of a stream: its tasks, its calls, and what is to be told to
/// it.</summary>
/// <remarks>One stream feeds it at a time. Calls complete on any thread.</remarks>
internal sealed partial class GatewaySession
{
    private readonly GatewayOptions _options;
    private readonly ConcurrentDictionary<uint, LinuxTask> _tasks = new();
    private readonly ConcurrentDictionary<ulong, OutstandingCall> _waiting = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SessionBytes _bytes;
    private readonly ReplyChannel _replies;
    private TaskCompletionSource? _idle;
    private int _outstanding;
    private long _outstandingBytes;
    private uint _lastTask;
    private int _live;

    public GatewaySession(
        GatewayOptions options, string key, Principal principal, bool isResumable, LinuxTask main,
        SessionBytes bytes)
    {
        (_options, _bytes) = (options, bytes);
        (Key, Principal, IsResumable, Main) = (key, principal, isResumable, main);
        _replies = new ReplyChannel(isResumable, options.UnacknowledgedBytesMax, bytes);
        _tasks[0] = main;
        _live = 1;
        _ = PumpEvents(0, main);
    }

    /// <summary>The secret that opens it.</summary>
    public string Key { get; }

    /// <summary>Whose it is.</summary>
    public Principal Principal { get; }

    /// <summary>Whether it outlives its stream for a while.</summary>
    public bool IsResumable { get; }

    /// <summary>The session's own process.</summary>
    public LinuxTask Main { get; }

    /// <summary>Completes when every process of it has ended.</summary>
    public Task Over => _over.Task;

    /// <summary>Makes one call for somebody beside the stream.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: the node serves nobody now.</exception>
    public ValueTask<Completion> RunBeside(Call call, CancellationToken giveUp)
    {
        Services.Channel.CheckServing(_options);
        return CallRunner.Run(Main, call, giveUp);
    }

    /// <summary>Takes a message in: starts the calls in their order, then gives up what is to be given up,
    /// which may be among them.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: it has too many calls. UNAVAILABLE: the node serves
    /// nobody now; it ends its programs as soon as it gets to it.</exception>
    public ValueTask Take(SessionRequest request)
    {
        Services.Channel.CheckServing(_options);
        if (request.Calls.Count > _options.MessageCallsMax)
            throw new RpcException(new Status(StatusCode.InvalidArgument,
                $"a message has at most {_options.MessageCallsMax} calls"));
        _replies.Acknowledged(request.Acknowledged);
        _replies.Hold();
        if (IsChained(request)) new CallChain(this, request.Calls).Start();
        else foreach (var call in request.Calls) Start(call);
        foreach (var tag in request.Cancel)
        {
            if (_waiting.TryGetValue(tag, out var waiting)) waiting.GiveUp();
        }
        return _replies.Let();
    }

    /// <summary>Starts one call; its completion is told when it is there.</summary>
    public void Start(Call call)
    {
        if (Admit(call, BlockingCalls.MayWait(call.CallCase)) is not { } admitted) return;
        var answer = CallRunner.Run(admitted.Task, call, admitted.Waiting?.Token ?? default);
        if (answer.IsCompletedSuccessfully)
        {
            Tell(call, admitted, answer.Result);
            return;
        }
        if (admitted.Waiting == null)
        {
            // A resumed program may send it again: it must be known while it runs.
            admitted = admitted with { Waiting = new OutstandingCall() };
            _waiting.TryAdd(call.Tag, admitted.Waiting);
        }
        _ = TellLater(call, admitted, answer);
    }

    /// <summary>A call that may be made; null when it may not, which the program is told unless the call is
    /// known already.</summary>
    /// <param name="mayWait">Whether it is kept as a call that waits.</param>
    public AdmittedCall? Admit(Call call, bool mayWait)
    {
        if (_replies.IsKnown(call.Tag)) return null;
        var weight = CallWeight.Of(call);
        var refusal = !_tasks.TryGetValue(call.Task, out var task) ? Skipped.NoTask
            : Volatile.Read(ref _outstanding) >= _options.CallsMax ? Skipped.TooManyCalls
            : _replies.IsFull || Volatile.Read(ref _outstandingBytes) >= _options.OutstandingBytesMax
                ? Skipped.TooManyBytes
            : !_bytes.TryHold(weight) ? Skipped.TooManyBytes
            : Skipped.No;
        if (refusal != Skipped.No)
        {
            _replies.Add(CallDecoder.Skip(call.Tag, refusal));
            return null;
        }
        var waiting = mayWait ? new OutstandingCall() : null;
        // A tag that is in use: the program repeats a call that is under way.
        if (waiting != null && !_waiting.TryAdd(call.Tag, waiting))
        {
            _bytes.LetGo(weight);
            return null;
        }
        Interlocked.Increment(ref _outstanding);
        Interlocked.Add(ref _outstandingBytes, weight);
        return new AdmittedCall(task!, weight, waiting);
    }

    /// <summary>Tells the program of a completion.</summary>
    public void Tell(Call call, AdmittedCall admitted, Completion completion)
    {
        var (task, weight, waiting) = admitted;
        var child = call.CallCase == Call.CallOneofCase.Fork && completion.Errno == 0
            ? task.TakeChild((int)completion.Result) : null;
        if (child != null) completion.Forked = new ForkedTask { Task = Adopt(child) };
        Interlocked.Add(ref _outstandingBytes, -weight);
        _bytes.LetGo(weight);
        _replies.Add(completion);
        // Only now: a call is known by being under way or by its completion, at every moment.
        if (waiting != null) _waiting.TryRemove(call.Tag, out _);
        if (child != null) _ = PumpEvents(completion.Forked.Task, child);
        if (Interlocked.Decrement(ref _outstanding) == 0) Volatile.Read(ref _idle)?.TrySetResult();
    }

    private async Task TellLater(Call call, AdmittedCall admitted, ValueTask<Completion> answer)
    {
        Completion completion;
        try
        {
            completion = await answer.ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A call must be answered whatever went wrong inside.
            completion = new Completion { Tag = call.Tag, Errno = (int)Contracts.Errno.EIO };
        }
        Tell(call, admitted, completion);
    }

    private static bool IsChained(SessionRequest request)
    {
        foreach (var call in request.Calls)
        {
            if (call.Linked || call.Use.Count > 0) return true;
        }
        return false;
    }

    private uint Adopt(LinuxTask task)
    {
        var id = Interlocked.Increment(ref _lastTask);
        _tasks[id] = task;
        Interlocked.Increment(ref _live);
        // Whoever hung up, or ended the session, did not see this one.
        if (Volatile.Read(ref _hungUp) || Over.IsCompleted) _options.Host.Abandon(task.Hosted);
        return id;
    }

    private async Task PumpEvents(uint id, LinuxTask task)
    {
        while (true)
        {
            var next = await task.NextEvent(CancellationToken.None).ConfigureAwait(false);
            if (next.Kind == TaskEventKind.Ended)
            {
                _tasks.TryRemove(id, out _);
                _replies.Add(new Event { Task = id, Ended = new TaskEnded { WaitStatus = next.Status } });
                if (Interlocked.Decrement(ref _live) == 0) _over.TrySetResult();
                return;
            }
            _replies.Add(new Event
            {
                Task = id,
                Signal = new SignalEvent
                {
                    Number = next.Signal.Number,
                    Sender = next.Signal.Sender,
                    Uid = next.Signal.Uid,
                    Code = next.Signal.Code,
                    Status = next.Signal.Status,
                    Fd = next.Signal.Descriptor,
                    Band = next.Signal.Band,
                },
            });
        }
    }
}
