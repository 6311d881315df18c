using K42.Contracts;

namespace K42.Personality.Linux;

public sealed partial class LinuxTask
{
    private const long PauseNsMin = 500_000;
    private const long PauseNsMax = 64_000_000;

    /// <summary>Makes a call again, after growing pauses, as long as a server's queue has no room for
    /// it.</summary>
    /// <remarks>Overload is no error that Linux knows, so no program hears of it. A signal does not end the
    /// pauses, because only some calls may answer EINTR; the end of the task does.</remarks>
    internal ValueTask<Outcome<T>> Patient<TState, T>(TState state, Func<TState, ValueTask<Outcome<T>>> call)
    {
        var answer = call(state);
        if (!answer.IsCompletedSuccessfully) return Insist(answer, state, call);
        var outcome = answer.Result;
        return outcome.Errno != Errno.Overloaded ? new(outcome) : Insist(new(outcome), state, call);
    }

    private async ValueTask<Outcome<T>> Insist<TState, T>(
        ValueTask<Outcome<T>> answer, TState state, Func<TState, ValueTask<Outcome<T>>> call)
    {
        var outcome = await answer;
        for (var pauseNs = PauseNsMin; outcome.Errno == Errno.Overloaded;)
        {
            if (HasEnded) return Errno.EINTR;
            await Waiting.Sleep(Context.Ipc, pauseNs, CancellationToken.None);
            pauseNs = Math.Min(pauseNs * 2, PauseNsMax);
            outcome = await call(state);
        }
        return outcome;
    }
}
