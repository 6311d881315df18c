using System.Diagnostics;

using K42.Contracts.Ports;

namespace K42.Kernel.Ipc;

/// <summary>What a link's reader thread may do itself: idle targets' turns and callers' continuations, for a
/// while.</summary>
/// <remarks>Posting each to the pool costs several times the throughput; but a reader that is busy with other
/// people's turns reads nothing, so beyond the budget of a batch everything is posted.</remarks>
internal static class ReaderTurn
{
    /// <summary>How long one batch may be worked on by the reader itself: a millisecond. On a slow machine
    /// the continuations of a few bulk calls, which encrypt and send the next ones, take half of
    /// it.</summary>
    private static readonly long s_budgetTicks = Stopwatch.Frequency / 1_000;

    [ThreadStatic]
    private static long t_until;

    public static void Begin(bool inline) => t_until = inline ? Stopwatch.GetTimestamp() + s_budgetTicks : 0;

    public static void End() => t_until = 0;

    /// <summary>True on a reader's thread within a batch whose budget is not used up.</summary>
    public static bool MayRun => t_until != 0 && Stopwatch.GetTimestamp() < t_until;
}

/// <summary>Runs continuations of answers from a link on its reader thread, within the budget.</summary>
/// <remarks>Other than the executor behind it, it may run an action before Post returns: whoever posts here
/// holds no lock and has nothing left to do.</remarks>
internal sealed class ReaderExecutor(IExecutor otherwise) : IExecutor
{
    public void Post(Action<object?> action, object? state)
    {
        if (ReaderTurn.MayRun) action(state);
        else otherwise.Post(action, state);
    }
}
