using System.Diagnostics;

namespace K42.Benchmarks.Harness;

/// <summary>A row of one or more callers, each making its next call after the last answer.</summary>
public abstract class CallRow : IBenchRow
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract BenchGroup Group { get; }

    /// <inheritdoc/>
    public abstract string Note { get; }

    /// <summary>How many callers work at the same time.</summary>
    public virtual int Callers => 1;

    /// <summary>How many calls are timed as one. A clock reading costs about 30 ns, so calls of a microsecond
    /// are timed in bunches (their p99 is then that of the bunches' means); slower ones singly.</summary>
    public virtual int CallsPerSample => 1;

    /// <summary>Whether callers block, so that each needs a thread of its own.</summary>
    protected virtual bool IsBlocking => false;

    /// <summary>Payload bytes that one call moves, for rows about bulk; otherwise null.</summary>
    protected virtual long? PayloadBytesPerCall => null;

    /// <inheritdoc/>
    public abstract Task SetupAsync(BenchContext context);

    /// <summary>Makes <paramref name="count"/> calls one after another and checks every answer.</summary>
    /// <param name="caller">Which caller calls, from 0 to <see cref="Callers"/> - 1.</param>
    /// <param name="count">How many calls to make.</param>
    /// <exception cref="InvalidDataException">An answer is wrong.</exception>
    protected abstract ValueTask CallAsync(int caller, int count);

    /// <inheritdoc/>
    public async Task<PassResult> RunPassAsync(TimeSpan duration, CancellationToken cancel)
    {
        var histograms = new LatencyHistogram[Callers];
        for (var i = 0; i < histograms.Length; i++) histograms[i] = new LatencyHistogram();
        GC.Collect();
        var allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        var deadline = started + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var callers = new Task[Callers];
        for (var i = 0; i < callers.Length; i++) callers[i] = StartCaller(i, histograms[i], deadline, cancel);
        await Task.WhenAll(callers);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;

        var all = new LatencyHistogram();
        foreach (var histogram in histograms) all.Add(histogram);
        var calls = all.Count * CallsPerSample;
        return new PassResult(
            all.Quantile(0.5),
            all.Quantile(0.99),
            Math.Max(0, (double)allocated / calls),
            calls / seconds,
            PayloadBytesPerCall is { } bytes ? bytes * calls / seconds / 1e6 : null);
    }

    private Task StartCaller(int caller, LatencyHistogram times, long deadline, CancellationToken cancel)
    {
        var options = IsBlocking ? TaskCreationOptions.LongRunning : TaskCreationOptions.None;
        return Task.Factory.StartNew(
            () => RunCallerAsync(caller, times, deadline, cancel),
            cancel,
            options,
            TaskScheduler.Default).Unwrap();
    }

    private async Task RunCallerAsync(
        int caller, LatencyHistogram times, long deadline, CancellationToken cancel)
    {
        var count = CallsPerSample;
        var nanosecondsPerTickAndCall = 1e9 / Stopwatch.Frequency / count;
        var before = Stopwatch.GetTimestamp();
        do
        {
            await CallAsync(caller, count).ConfigureAwait(false);
            var after = Stopwatch.GetTimestamp();
            times.Record((long)((after - before) * nanosecondsPerTickAndCall));
            before = after;
        }
        while (before < deadline && !cancel.IsCancellationRequested);
    }
}
