namespace K42.Contracts;

/// <summary>The answer that a call is owed: given in the same turn, or parked and given in a later
/// one.</summary>
/// <remarks>Answer from turns of the object's own actor only: while one runs on its caller's thread, nothing
/// else guards the answer. The first answer counts; later ones, and
/// answers to a call whose caller has given up, change nothing and say false.</remarks>
/// <typeparam name="T">What the call gives back.</typeparam>
public readonly struct Reply<T>
{
    private readonly Request<T> _request;
    private readonly long _generation;

    internal Reply(Request<T> request, long generation) => (_request, _generation) = (request, generation);

    /// <summary>True when the caller no longer waits: cancelled, expired or dead. Checked before anything is
    /// taken out of a queue for it, or what was taken would be lost.</summary>
    public bool Abandoned => _request is null || !_request.IsPending(_generation);

    /// <summary>Answers with a value.</summary>
    public bool Ok(T value) => _request.Succeed(_generation, value);

    /// <summary>Answers with an error.</summary>
    public bool Fail(Errno errno) => _request.Fail(_generation, errno);

    /// <summary>Answers with a value or an error.</summary>
    public bool Give(Outcome<T> outcome) => outcome.Failed ? Fail(outcome.Errno) : Ok(outcome.Value);

    /// <summary>What to do, in a turn of the object's actor, when the caller cancels while the reply is
    /// parked. Without it the reply is answered EINTR.</summary>
    public void WhenCancelled(Action<Reply<T>> cancelled)
    {
        var copy = this;
        if (!Abandoned) _request.OnCancel = _ => cancelled(copy);
    }

    /// <summary>Who waits for this reply, by the kernel's word.</summary>
    public CallerIdentity? Caller => Abandoned ? null : _request.Caller;
}

/// <summary>Short forms.</summary>
public static class ReplyExtensions
{
    /// <summary>Answers a call that gives nothing back.</summary>
    public static bool Ok(this Reply<Nothing> reply) => reply.Ok(default);
}
