using K42.Contracts;

namespace K42.Personality.Linux;

public sealed partial class LinuxTask
{
    private const long PauseNsMin = 500_000;
    private const long PauseNsMax = 64_000_000;

    /// <summary>Makes a call again, after growing pauses, as long as a server's queue has no room for it; and
    /// at once, when the credentials that it was made with are outdated by now.</summary>
    /// <remarks>Overload is no error that Linux knows, so no program hears of it; nor does a call of Linux
    /// fail because its process's credentials change beside it. A signal does not end the
    /// pauses, because only some calls may answer EINTR; the end of the task does.</remarks>
    internal ValueTask<Outcome<T>> Patient<TState, T>(TState state, Func<TState, ValueTask<Outcome<T>>> call)
    {
        var caller = Context.Identity;
        var answer = call(state);
        if (!answer.IsCompletedSuccessfully) return Insist(answer, caller, state, call);
        var outcome = answer.Result;
        return IsToRepeat(outcome.Errno, caller) ? Insist(new(outcome), caller, state, call) : new(outcome);
    }

    private async ValueTask<Outcome<T>> Insist<TState, T>(
        ValueTask<Outcome<T>> answer, CallerIdentity caller, TState state,
        Func<TState, ValueTask<Outcome<T>>> call)
    {
        var outcome = await answer;
        for (var pauseNs = PauseNsMin; IsToRepeat(outcome.Errno, caller);)
        {
            if (HasEnded) return Errno.EINTR;
            if (outcome.Errno == Errno.Overloaded)
            {
                await Waiting.Sleep(Context.Ipc, pauseNs, CancellationToken.None);
                pauseNs = Math.Min(pauseNs * 2, PauseNsMax);
            }
            caller = Context.Identity;
            outcome = await call(state);
        }
        return outcome;
    }

    private static bool IsToRepeat(Errno errno, CallerIdentity caller) =>
        errno == Errno.Overloaded || (errno == Errno.EPERM && caller.Revocation == Revocation.Outdated);
}
