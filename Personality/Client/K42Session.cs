using System.Collections.Concurrent;
using System.Threading.Channels;
using K42.Linux.V1;

namespace K42.Client;

/// <summary>A process in K42 and its system calls: many at a time, in batches, completed in any
/// order.</summary>
/// <remarks>
/// Safe for use by many threads. A stream that drops is resumed on the same node (unless the options say
/// no): calls are not lost and not run twice. What can't be resumed ends the session, and every outstanding
/// call fails with
/// <see cref="K42SessionEndedException"/>. Nothing else is repeated by the client.
/// </remarks>
public sealed class K42Session : IAsyncDisposable
{
    /// <summary>How many events are kept for a program that doesn't read them; then the oldest are
    /// dropped.</summary>
    public const int EventsMax = 4_096;

    private static readonly TimeSpan CloseTimeMax = TimeSpan.FromSeconds(5);

    private readonly SessionPump _pump;
    private readonly ConcurrentDictionary<uint, K42Task> _tasks = new();
    private readonly Channel<SignalArrived> _signals = Channel.CreateBounded<SignalArrived>(
        new BoundedChannelOptions(EventsMax) { FullMode = BoundedChannelFullMode.DropOldest });
    private ulong _tag;

    private K42Session(K42Connection connection, K42SessionOptions options)
    {
        Connection = connection;
        Options = options;
        _pump = new SessionPump(connection, options, Take, Ended);
        Main = new K42Task(this, 0, 0);
    }

    /// <summary>What carries it.</summary>
    public K42Connection Connection { get; }

    /// <summary>How it began.</summary>
    public K42SessionOptions Options { get; }

    /// <summary>The session's own process.</summary>
    public K42Task Main { get; private set; }

    /// <summary>The number of the session's own process.</summary>
    public int Pid => Main.Pid;

    /// <summary>The node that the session lives on.</summary>
    public string Node => _pump.Welcome.Node;

    /// <summary>Opens this session to single calls of the same user (metadata "k42-session"). Keep it
    /// secret.</summary>
    public string Key => _pump.Welcome.Session;

    /// <summary>Limits that the gateway set.</summary>
    public Welcome Limits => _pump.Welcome;

    /// <summary>Signals with handlers, in the order of delivery.</summary>
    public ChannelReader<SignalArrived> Signals => _signals.Reader;

    /// <summary>Completes when the session is over, and says why.</summary>
    public Task<K42SessionEndedException> Completion => _pump.Completion;

    internal static async Task<K42Session> Begin(
        K42Connection connection, K42SessionOptions options, CancellationToken cancellation)
    {
        var session = new K42Session(connection, options);
        var welcome = await session._pump.Begin(cancellation).ConfigureAwait(false);
        session.Main = new K42Task(session, 0, welcome.Pid);
        session._tasks[0] = session.Main;
        session._pump.Start();
        return session;
    }

    /// <summary>Makes any call. The completion tells its errno; nothing is thrown for it.</summary>
    /// <param name="call">Its tag is set here. It must not be changed or used again until it is
    /// complete.</param>
    /// <param name="cancellation">Asks the gateway to give the call up; it then completes with EINTR, or as
    /// done.</param>
    /// <exception cref="K42SessionEndedException">The session is over.</exception>
    public Task<Completion> CallAsync(Call call, CancellationToken cancellation = default)
    {
        call.Tag = NextTag();
        var pending = new PendingCall(call);
        _pump.Send(new CallGroup(pending, null));
        if (!cancellation.CanBeCanceled) return pending.Task;
        return Cancellable(pending, cancellation);
    }

    /// <summary>A new batch: calls that go out together and may be linked.</summary>
    public K42Batch NewBatch() => new(this, 0);

    /// <summary>Drops the stream without ending the session, as a lost network would; it is then
    /// resumed.</summary>
    /// <remarks>For tests of programs.</remarks>
    public void DropStream() => _pump.Drop();

    /// <summary>Ends the process (exit status 0) if it has not ended, and the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        await _pump.Close(CloseTimeMax).ConfigureAwait(false);
        _signals.Writer.TryComplete();
    }

    internal ulong NextTag() => Interlocked.Increment(ref _tag);

    internal void SendBatch(PendingCall[] calls)
    {
        if (calls.Length == 1) _pump.Send(new CallGroup(calls[0], null));
        else _pump.Send(new CallGroup(null, calls));
    }

    internal K42Task AddTask(uint task, int pid) => _tasks.GetOrAdd(task, id => new K42Task(this, id, pid));

    private async Task<Completion> Cancellable(PendingCall pending, CancellationToken cancellation)
    {
        using var armed = cancellation.UnsafeRegister(
            static state =>
            {
                var (session, tag) = ((K42Session, ulong))state!;
                session._pump.Cancel(tag);
            },
            (this, pending.Call.Tag));
        return await pending.Task.ConfigureAwait(false);
    }

    private void Take(Event happened)
    {
        switch (happened.EventCase)
        {
            case Event.EventOneofCase.Signal:
                _signals.Writer.TryWrite(new SignalArrived(happened.Task, happened.Signal));
                break;
            case Event.EventOneofCase.Ended:
                AddTask(happened.Task, 0).End(happened.Ended.WaitStatus);
                break;
        }
    }

    private void Ended(K42SessionEndedException why)
    {
        foreach (var task in _tasks.Values) task.Fail(why);
        _signals.Writer.TryComplete();
    }
}

/// <summary>A signal came for a task that has a handler for it.</summary>
/// <param name="Task">Which: <see cref="K42Task.Id"/>.</param>
/// <param name="Signal">Number, sender and so on.</param>
public sealed record SignalArrived(uint Task, SignalEvent Signal);
