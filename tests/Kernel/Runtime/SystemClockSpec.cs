using System.Diagnostics;

using K42.Kernel.Runtime;

using Xunit;

namespace K42.Kernel.Tests.Runtime;

public sealed class SystemClockSpec
{
    [Theory]
    [InlineData(49.8)]
    [InlineData(50_000)]
    [InlineData(10_675_199)]
    public void A_timer_may_be_longer_than_the_runtimes_own(double days)
    {
        var clock = new SystemClock(new PoolExecutor());
        using var timer = clock.Schedule(
            TimeSpan.FromDays(days), static _ => throw new InvalidOperationException("too early"), null);
    }

    [Fact]
    public async Task A_timer_that_is_due_runs_once_and_a_cancelled_one_never()
    {
        var clock = new SystemClock(new PoolExecutor());
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = clock.Schedule(
            TimeSpan.FromHours(1), static _ => throw new InvalidOperationException("it was cancelled"), null);
        cancelled.Dispose();
        using var due = clock.Schedule(TimeSpan.FromMilliseconds(-5), _ => ran.SetResult(), null);
        await ran.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_timer_that_wakes_early_waits_for_the_rest()
    {
        // Of a delay of 1 ms 0.9 have passed when the runtime's timer wakes for the first time.
        var looks = 0;
        long Now() => Interlocked.Increment(ref looks) switch
        {
            1 => 0,
            2 => Stopwatch.Frequency * 9 / 10_000,
            _ => Stopwatch.Frequency,
        };
        var clock = new SystemClock(new PoolExecutor()) { Timestamp = Now };
        var ran = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var due = clock.Schedule(
            TimeSpan.FromMilliseconds(1), _ => ran.SetResult(Volatile.Read(ref looks)), null);
        Assert.Equal(3, await ran.Task.WaitAsync(TestContext.Current.CancellationToken));
    }
}
