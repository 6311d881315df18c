using K42.Contracts.Ports;
using K42.TestKit;

namespace K42.Personality.Tests.Gateway;

/// <summary>A clock that moves only when told, and tells when somebody begins to wait for a certain
/// time.</summary>
internal sealed class WatchedClock : IClock
{
    private readonly ManualClock _clock = new();
    private TimeSpan _awaited;
    private TaskCompletionSource _scheduled = new();

    public long MonotonicNs => _clock.MonotonicNs;

    public long RealtimeNs => _clock.RealtimeNs;

    /// <summary>Ends when a timer of exactly this length begins; ask before what begins it.</summary>
    public Task Scheduled(TimeSpan delay)
    {
        _scheduled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited = delay;
        return _scheduled.Task;
    }

    public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state)
    {
        var timer = _clock.Schedule(delay, action, state);
        if (delay == _awaited) _scheduled.TrySetResult();
        return timer;
    }

    public void Advance(TimeSpan time) => _clock.Advance(time);
}
