using K42.Contracts;

namespace K42.Personality.Linux;

/// <summary>What ends the waits of the calls that are under way: the next signal with a handler.</summary>
/// <remarks>One object lives from one such signal to the next; a call takes the present one when it
/// begins.</remarks>
internal sealed class Interruption
{
    private readonly CancellationTokenSource _source = new();
    private volatile bool _restart;

    /// <summary>Cancelled when the signal comes.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>True once it came.</summary>
    public bool Fired => _source.IsCancellationRequested;

    /// <summary>Whether all handlers that ran have SA_RESTART, so that some calls start again.</summary>
    public bool Restart => _restart;

    /// <summary>Ends the waits.</summary>
    public void Fire(bool restart)
    {
        _restart = restart;
        _source.Cancel();
    }
}

/// <summary>Waiting for time, or for a signal, without a thread.</summary>
internal static class Waiting
{
    /// <summary>Waits a time by the node's clock.</summary>
    /// <returns>False when it was interrupted before.</returns>
    public static async ValueTask<bool> Sleep(IpcPort ipc, long ns, CancellationToken interrupted)
    {
        var passed = new Passing(ipc);
        // Ticks are 100 ns: rounded up, because a sleep is never shorter than asked.
        var ticks = ns / 100 + (ns % 100 == 0 ? 0 : 1);
        using var timer = ipc.Clock.Schedule(
            TimeSpan.FromTicks(ticks), static state => ((Passing)state!).End(true), passed);
        using var armed = interrupted.UnsafeRegister(static state => ((Passing)state!).End(false), passed);
        return await passed.Task;
    }

    /// <summary>Waits until interrupted.</summary>
    public static async ValueTask Forever(IpcPort ipc, CancellationToken interrupted)
    {
        var passed = new Passing(ipc);
        using var armed = interrupted.UnsafeRegister(static state => ((Passing)state!).End(false), passed);
        await passed.Task;
    }

    // Continuations run on the node's executor, never inside a timer or a canceller.
    private sealed class Passing(IpcPort ipc)
    {
        private readonly TaskCompletionSource<bool> _done = new();
        private bool _passed;
        private int _ended;

        public Task<bool> Task => _done.Task;

        public void End(bool passed)
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0) return;
            _passed = passed;
            ipc.Executor.Post(
                static state =>
                {
                    var waiting = (Passing)state!;
                    waiting._done.SetResult(waiting._passed);
                },
                this);
        }
    }
}

/// <summary>Wakes everybody who waits for the next change, on the node's executor.</summary>
internal sealed class Turnstile(IpcPort ipc)
{
    private TaskCompletionSource _next = new();

    /// <summary>Ends with the next change. Take it while holding the lock that guards what changes.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Something changed.</summary>
    public void Open() => ipc.Executor.Post(
        static state => ((TaskCompletionSource)state!).SetResult(),
        Interlocked.Exchange(ref _next, new TaskCompletionSource()));
}
