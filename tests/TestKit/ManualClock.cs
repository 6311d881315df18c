using K42.Contracts.Ports;

namespace K42.TestKit;

/// <summary>A clock that moves only when told. What becomes due runs on the thread that moves it.</summary>
public sealed class ManualClock : IClock
{
    private readonly SortedDictionary<(long DueNs, long Sequence), (
        Action<object?> Action, object? State)> _due = [];
    private readonly Lock _lock = new();
    private long _sequence;

    /// <inheritdoc/>
    public long MonotonicNs { get; private set; }

    /// <inheritdoc/>
    public long RealtimeNs => 1_767_225_600_000_000_000 + MonotonicNs;

    /// <inheritdoc/>
    public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state)
    {
        lock (_lock)
        {
            var key = (MonotonicNs + Math.Max(0, delay.Ticks * 100), ++_sequence);
            _due.Add(key, (action, state));
            return new Cancel(this, key);
        }
    }

    /// <summary>Moves time and runs what becomes due, in order.</summary>
    public void Advance(TimeSpan time)
    {
        var until = MonotonicNs + (time.Ticks * 100);
        while (TakeDue(until) is { } due) due.Action(due.State);
        MonotonicNs = until;
    }

    private (Action<object?> Action, object? State)? TakeDue(long until)
    {
        lock (_lock)
        {
            if (_due.Count == 0) return null;
            var (key, due) = _due.First();
            if (key.DueNs > until) return null;
            _due.Remove(key);
            MonotonicNs = key.DueNs;
            return due;
        }
    }

    private sealed class Cancel(ManualClock clock, (long, long) key) : IDisposable
    {
        public void Dispose()
        {
            lock (clock._lock) clock._due.Remove(key);
        }
    }
}
