using K42.Linux.V1;

namespace K42.Client;

/// <summary>One process of a session: the session's own, or a child that fork made. Its calls throw on
/// errors.</summary>
/// <remarks>Every method is the system call of its name; the manual page tells the errors, which come as
/// <see cref="K42Exception"/>. A cancelled token gives the call up as a signal would.</remarks>
public sealed partial class K42Task
{
    private readonly TaskCompletionSource<int> _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal K42Task(K42Session session, uint id, int pid) => (Session, Id, Pid) = (session, id, pid);

    /// <summary>Its session.</summary>
    public K42Session Session { get; }

    /// <summary>What Call.task of its calls is; 0 for the session's own process.</summary>
    public uint Id { get; }

    /// <summary>Its process number.</summary>
    public int Pid { get; }

    /// <summary>Completes with the wait status when the process has ended. Faulted when the session is
    /// lost.</summary>
    public Task<int> Exited => _ended.Task;

    /// <summary>A new batch of calls that this process makes.</summary>
    public K42Batch NewBatch() => new(Session, Id);

    /// <summary>Makes any call as this process. Errors are told in the completion.</summary>
    public Task<Completion> CallAsync(Call call, CancellationToken cancellation = default)
    {
        call.Task = Id;
        return Session.CallAsync(call, cancellation);
    }

    /// <summary>Makes any call as this process.</summary>
    /// <param name="subject">What an exception shall name.</param>
    /// <exception cref="K42Exception">It failed.</exception>
    public async Task<Completion> MakeAsync(
        Call call, string? subject = null, CancellationToken cancellation = default)
    {
        var completion = await CallAsync(call, cancellation).ConfigureAwait(false);
        if (completion.Errno == 0) return completion;
        if (completion.Errno == (int)Errno.EINTR) cancellation.ThrowIfCancellationRequested();
        var name = SystemCalls.NameOf(call);
        throw new K42Exception((Errno)completion.Errno, name, subject, completion.Skipped);
    }

    internal void End(int waitStatus) => _ended.TrySetResult(waitStatus);

    internal void Fail(Exception why)
    {
        _ended.TrySetException(why);
        // Nobody need wait for the end of a process.
        _ = _ended.Task.Exception;
    }

    private async Task<int> Number(
        Call call, string? subject = null, CancellationToken cancellation = default) =>
        (int)(await MakeAsync(call, subject, cancellation).ConfigureAwait(false)).Result;
}
