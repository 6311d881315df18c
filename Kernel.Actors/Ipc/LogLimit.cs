using K42.Contracts.Ports;

namespace K42.Kernel.Ipc;

/// <summary>Keeps what strangers can cause from flooding a log: so many lines a second are written, the rest
/// is counted. Used by any thread.</summary>
internal sealed class LogLimit(IClock clock)
{
    private const int LinesPerSecond = 20;

    private readonly Lock _lock = new();
    private long _secondBeganNs = long.MinValue / 2;
    private int _lines;

    /// <summary>Whether one more line may be written.</summary>
    /// <param name="unsaid">How many were not written in the second before; told once.</param>
    public bool MayWrite(out int unsaid)
    {
        unsaid = 0;
        lock (_lock)
        {
            var now = clock.MonotonicNs;
            if (now - _secondBeganNs >= 1_000_000_000)
            {
                unsaid = Math.Max(0, _lines - LinesPerSecond);
                (_secondBeganNs, _lines) = (now, 0);
            }
            return ++_lines <= LinesPerSecond;
        }
    }
}
