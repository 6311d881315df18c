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

    /// <inheritdoc/>
    public long MonotonicNs => Stopwatch.GetTimestamp() * s_ticksToNs;

    /// <inheritdoc/>
    public long RealtimeNs => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <inheritdoc/>
    public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state)
    {
        var due = new Due(executor, action, state);
        due.Start(delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
        return due;
    }

    private sealed class Due(IExecutor executor, Action<object?> action, object? state) : IDisposable
    {
        private Timer? _timer;
        private TimeSpan _left;
        private int _over;

        public void Start(TimeSpan delay)
        {
            _left = delay;
            _timer = new Timer(
                static self => ((Due)self!).Run(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Arm();
        }

        public void Dispose()
        {
            Interlocked.Exchange(ref _over, 1);
            _timer?.Dispose();
        }

        private void Arm()
        {
            var piece = _left < s_pieceMax ? _left : s_pieceMax;
            _left -= piece;
            try
            {
                _timer!.Change(piece, Timeout.InfiniteTimeSpan);
            }
            catch (ObjectDisposedException)
            {
                // Cancelled meanwhile.
            }
        }

        private void Run()
        {
            if (_left > TimeSpan.Zero)
            {
                Arm();
                return;
            }
            if (Interlocked.Exchange(ref _over, 1) != 0) return;
            _timer?.Dispose();
            executor.Post(action, state);
        }
    }
}
