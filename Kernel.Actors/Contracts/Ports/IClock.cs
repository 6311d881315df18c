namespace K42.Contracts.Ports;

/// <summary>Time, and waking up at a time. The only clock that kernel and servers may read.</summary>
public interface IClock
{
    /// <summary>Nanoseconds since an arbitrary start; never goes back (CLOCK_MONOTONIC).</summary>
    long MonotonicNs { get; }

    /// <summary>Nanoseconds since 1970-01-01 UTC (CLOCK_REALTIME); may be stepped.</summary>
    long RealtimeNs { get; }

    /// <summary>Runs an action once, at or after a delay, on the executor of the node.</summary>
    /// <param name="delay">From now; zero and less mean "as soon as possible".</param>
    /// <param name="action">What to run; it must be short and must not throw.</param>
    /// <param name="state">Given to the action.</param>
    /// <returns>Dispose it to cancel; a no-op once the action has begun.</returns>
    IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state);
}
