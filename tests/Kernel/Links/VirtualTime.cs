using K42.Contracts.Ports;

namespace K42.Kernel.Tests.Links;

/// <summary>A clock and executor in which time passes only when told to, and ties keep their order.</summary>
internal sealed class VirtualTime : IClock, IExecutor
{
    private sealed class Entry(Action<object?> action, object? state) : IDisposable
    {
        public Action<object?>? Action = action;
        public readonly object? State = state;

        public void Dispose() => Action = null;
    }

    private readonly PriorityQueue<Entry, (long DueNs, long Order)> _entries = new();
    private long _order;

    public long MonotonicNs { get; private set; }

    public long RealtimeNs => 1_750_000_000_000_000_000 + MonotonicNs;

    public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state)
    {
        var entry = new Entry(action, state);
        _entries.Enqueue(entry, (MonotonicNs + Math.Max(0, delay.Ticks * 100), _order++));
        return entry;
    }

    public void Post(Action<object?> action, object? state) => Schedule(TimeSpan.Zero, action, state);

    /// <summary>Lets time pass until a condition holds; false when it did not within the limit.</summary>
    public bool RunUntil(Func<bool> holds, TimeSpan limit)
    {
        var endNs = MonotonicNs + limit.Ticks * 100;
        while (!holds())
        {
            if (!_entries.TryPeek(out var entry, out var key) || key.DueNs > endNs)
            {
                MonotonicNs = endNs;
                return holds();
            }
            _entries.Dequeue();
            MonotonicNs = Math.Max(MonotonicNs, key.DueNs);
            var action = entry.Action;
            entry.Action = null;
            action?.Invoke(entry.State);
        }
        return true;
    }

    public void RunFor(TimeSpan time) => RunUntil(static () => false, time);
}

/// <summary>Repeatable chance.</summary>
internal sealed class SeededRandomness(int seed) : IRandomness
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> bytes) => _random.NextBytes(bytes);

    public ulong Next() => (ulong)_random.NextInt64() << 1 ^ (ulong)_random.NextInt64();
}
