using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using K42.Contracts.Ports;

namespace K42.TestKit.Simulation;

/// <summary>One thread that runs everything of a simulated cluster, in an order that one seed
/// decides.</summary>
/// <remarks>
/// Mailboxes, continuations and due timers are work items. Among those that are ready, the seed picks; when
/// none is, virtual time moves to the next timer. Nothing else may run: work posted from another thread is
/// refused. </remarks>
public sealed class SimulationLoop
{
    private readonly List<WorkItem> _ready = [];
    private readonly SortedSet<DueTimer> _timers = new(DueTimer.Order);
    private readonly IncrementalHash _trace = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly SimulatedRandomness _choices;
    private readonly LoopScheduler _scheduler;
    private Thread? _thread;
    private Exception? _failure;
    private long _sequence;

    /// <summary>A loop whose every choice follows from the seed.</summary>
    public SimulationLoop(ulong seed)
    {
        Seed = seed;
        _choices = new SimulatedRandomness(seed);
        _scheduler = new LoopScheduler(this);
    }

    /// <summary>What decides.</summary>
    public ulong Seed { get; }

    /// <summary>Virtual nanoseconds since the start.</summary>
    public long NowNs { get; private set; }

    /// <summary>Work items run so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Local calls that ran on their caller's stack, as the seed chose.</summary>
    public long InlineCalls { get; private set; }

    /// <summary>Local calls that could have run on their caller's stack and were queued, as the seed
    /// chose.</summary>
    public long QueuedCalls { get; private set; }

    /// <summary>Called after every work item: invariants.</summary>
    public Action? AfterStep { get; set; }

    /// <summary>Numbers in the order of creation: mailboxes, nodes.</summary>
    internal long NextNumber() => ++_sequence;

    /// <summary>Adds a line to the trace.</summary>
    public void Trace(string line)
    {
        _trace.AppendData(Encoding.UTF8.GetBytes(line));
        _trace.AppendData("\n"u8);
    }

    /// <summary>The hash of all that happened so far, in hexadecimal.</summary>
    public string TraceHash() => Convert.ToHexStringLower(_trace.GetCurrentHash());

    /// <summary>Runs a scenario to its end.</summary>
    /// <param name="scenario">Awaits calls; its continuations run in the loop.</param>
    /// <param name="stepsMax">After this many work items it has hung: TimeoutException with the seed.</param>
    public void Run(Func<Task> scenario, long stepsMax = 10_000_000)
    {
        Task? running = null;
        var whole = new Task(() =>
        {
            _thread = Thread.CurrentThread;
            running = scenario();
            while (!running.IsCompleted) Step(stepsMax);
        });
        whole.RunSynchronously(_scheduler);
        _thread = null;
        whole.GetAwaiter().GetResult();
        running!.GetAwaiter().GetResult();
        if (_failure is not null) throw new InvalidOperationException(
            $"seed {Seed}: a work item failed", _failure);
    }

    /// <summary>Runs everything that is ready, without moving time.</summary>
    public void RunReady()
    {
        while (_ready.Count > 0) RunOne();
    }

    /// <summary>False within a task scheduler of somebody else, such as an actor's own.</summary>
    internal bool OwnsCurrentTask =>
        TaskScheduler.Current == TaskScheduler.Default || TaskScheduler.Current == _scheduler;

    /// <summary>Whether a local call to an idle actor runs on the caller's stack.</summary>
    internal bool ChoosesInline()
    {
        var inline = (_choices.Next() & 1) == 0;
        if (inline) InlineCalls++;
        else QueuedCalls++;
        Trace(inline ? "call inline" : "call queued");
        return inline;
    }

    internal void Add(long key, NodeLife life, Action<object?> action, object? state)
    {
        if (_thread is not null && _thread != Thread.CurrentThread)
            throw new InvalidOperationException($"seed {Seed}: work was posted from another thread");
        var item = new WorkItem(key, ++_sequence, life, action, state);
        // Kept sorted by key, because the order in which Akka posts siblings follows a random string hash.
        var at = _ready.BinarySearch(item, WorkItem.Order);
        _ready.Insert(~at, item);
    }

    internal IDisposable AddTimer(TimeSpan delay, NodeLife life, Action<object?> action, object? state)
    {
        var dueNs = NowNs + Math.Max(0, delay.Ticks * 100);
        var timer = new DueTimer(dueNs, ++_sequence, life, action, state, _timers);
        _timers.Add(timer);
        return timer;
    }

    private void Step(long stepsMax)
    {
        if (_ready.Count == 0) MoveTime();
        RunOne();
        if (Steps > stepsMax) throw new TimeoutException($"seed {Seed}: no end after {stepsMax} steps");
    }

    private void MoveTime()
    {
        var next = _timers.Min
            ?? throw new TimeoutException($"seed {Seed}: everything waits and no timer is set");
        _timers.Remove(next);
        NowNs = next.DueNs;
        Add(next.Sequence, next.Life, next.Action, next.State);
    }

    private void RunOne()
    {
        var at = _ready.Count == 1 ? 0 : (int)(_choices.Next() % (ulong)_ready.Count);
        var item = _ready[at];
        _ready.RemoveAt(at);
        if (item.Life.Ended) return;
        Steps++;
        Trace(string.Create(CultureInfo.InvariantCulture, $"{NowNs} {item.Life.Name} {item.Key}"));
        try
        {
            item.Action(item.State);
        }
#pragma warning disable CA1031 // Whatever it is, the scenario must hear of it with the seed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure ??= exception;
        }
        AfterStep?.Invoke();
    }

    private sealed record WorkItem(
        long Key, long Sequence, NodeLife Life, Action<object?> Action, object? State)
    {
        public static readonly Comparer<WorkItem> Order = Comparer<WorkItem>.Create(static (left, right) =>
        {
            var byKey = left.Key.CompareTo(right.Key);
            return byKey != 0 ? byKey : left.Sequence.CompareTo(right.Sequence);
        });
    }

    private sealed record DueTimer(
        long DueNs, long Sequence, NodeLife Life, Action<object?> Action, object? State,
            SortedSet<DueTimer> Timers)
        : IDisposable
    {
        public static readonly Comparer<DueTimer> Order = Comparer<DueTimer>.Create(static (left, right) =>
        {
            var byTime = left.DueNs.CompareTo(right.DueNs);
            return byTime != 0 ? byTime : left.Sequence.CompareTo(right.Sequence);
        });

        public void Dispose() => Timers.Remove(this);
    }

    private sealed class LoopScheduler(SimulationLoop loop) : TaskScheduler
    {
        private static readonly NodeLife s_scenario = new("scenario");

        protected override void QueueTask(Task task) =>
            loop.Add(loop.NextNumber(), s_scenario, state => TryExecuteTask((Task)state!), task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
            !taskWasPreviouslyQueued && loop._thread is null && TryExecuteTask(task);

        protected override IEnumerable<Task>? GetScheduledTasks() => [];
    }
}

/// <summary>One life of a simulated node: when it has ended, what it still had to do is dropped.</summary>
/// <param name="name">For the trace.</param>
public sealed class NodeLife(string name)
{
    /// <summary>For the trace.</summary>
    public string Name { get; } = name;

    /// <summary>True once the node was killed.</summary>
    public bool Ended { get; private set; }

    /// <summary>Kills it.</summary>
    public void End() => Ended = true;
}
