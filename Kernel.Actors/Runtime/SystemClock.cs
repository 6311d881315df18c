using System.Diagnostics;

using K42.Contracts.Ports;

namespace K42.Kernel.Runtime;

/// <summary>The machine's clocks and timers.</summary>
/// <param name="executor">Where due actions run.</param>
public sealed class SystemClock(IExecutor executor) : IClock
{
    // The runtime's timers reach 49 days; programs may ask for centuries (alarm(2) for 136 years).
    private static readonly TimeSpan s_pieceMax = TimeSpan.FromDays(1);

    private static readonly long s_ticksToNs = 1_000_000_000L / Stopwatch.Frequency;

    /// <summary>The machine's ticks, by which timers are held to their time.</summary>
    internal Func<long> Timestamp { get; init; } = Stopwatch.GetTimestamp;

    /// <inheritdoc/>
    public long MonotonicNs => Stopwatch.GetTimestamp() * s_ticksToNs;

    /// <inheritdoc/>
    public long RealtimeNs => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <inheritdoc/>
    public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state)
    {
        var due = new Due(this, executor, action, state);
        due.Start(delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
        return due;
    }

    // The runtime's timers go by another clock, which a busy or virtual machine lets run a few milliseconds
    // ahead: what wakes early waits for the rest.
    private sealed class Due(SystemClock clock, IExecutor executor, Action<object?> action, object? state)
        : IDisposable
    {
        private Timer? _timer;
        private TimeSpan _delay;
        private long _begun;
        private int _over;

        public void Start(TimeSpan delay)
        {
            (_delay, _begun) = (delay, clock.Timestamp());
            _timer = new Timer(
                static self => ((Due)self!).Run(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Arm(delay);
        }

        public void Dispose()
        {
            Interlocked.Exchange(ref _over, 1);
            _timer?.Dispose();
        }

        private void Arm(TimeSpan left)
        {
            // A timer counts whole milliseconds.
            var piece = Math.Ceiling((left < s_pieceMax ? left : s_pieceMax).TotalMilliseconds);
            try
            {
                _timer!.Change(TimeSpan.FromMilliseconds(piece), Timeout.InfiniteTimeSpan);
            }
            catch (ObjectDisposedException)
            {
                // Cancelled meanwhile.
            }
        }

        private void Run()
        {
            var left = _delay - Stopwatch.GetElapsedTime(_begun, clock.Timestamp());
            if (left > TimeSpan.Zero)
            {
                Arm(left);
                return;
            }
            if (Interlocked.Exchange(ref _over, 1) != 0) return;
            _timer?.Dispose();
            executor.Post(action, state);
        }
    }
}
