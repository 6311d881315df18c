using System.Runtime.CompilerServices;
using K42.Linux.V1;

namespace K42.Client;

/// <summary>Calls that leave in one message: independent ones, or chains that use each other's
/// results.</summary>
/// <example><code>
/// var batch = session.NewBatch();
/// var open = batch.Add(SystemCalls.Open("/etc/motd", OpenFlags.ReadOnly));
/// var read = batch.Then(SystemCalls.Read(0, 4096)).Using(open);
/// var close = batch.Then(SystemCalls.Close(0)).Using(open);
/// await batch.SendAsync();
/// </code></example>
public sealed class K42Batch
{
    private readonly K42Session _session;
    private readonly uint _task;
    private readonly List<BatchCall> _calls = [];
    private bool _isSent;

    internal K42Batch(K42Session session, uint task) => (_session, _task) = (session, task);

    /// <summary>Adds a call that runs whatever becomes of the others.</summary>
    public BatchCall Add(Call call) => Put(call, linked: false);

    /// <summary>Adds a call that runs after the one before it, and only when that succeeded.</summary>
    public BatchCall Then(Call call) => Put(call, linked: true);

    /// <summary>Sends the calls and waits for all completions, in the order of the calls. Their errnos are
    /// in them.</summary>
    /// <exception cref="K42SessionEndedException">The session is over.</exception>
    public async Task<IReadOnlyList<Completion>> SendAsync()
    {
        Post();
        return await Task.WhenAll(_calls.Select(call => call.Completion)).ConfigureAwait(false);
    }

    /// <summary>Sends the calls; each is awaited by itself.</summary>
    public void Post()
    {
        if (_isSent) throw new InvalidOperationException("a batch is sent once");
        _isSent = true;
        if (_calls.Count > 0) _session.SendBatch([.. _calls.Select(call => call.Pending)]);
    }

    private BatchCall Put(Call call, bool linked)
    {
        if (_isSent) throw new InvalidOperationException("the batch was sent");
        call.Tag = _session.NextTag();
        call.Linked = linked;
        if (call.Task == 0) call.Task = _task;
        var added = new BatchCall(new PendingCall(call));
        _calls.Add(added);
        return added;
    }
}

/// <summary>One call of a batch.</summary>
public sealed class BatchCall
{
    internal BatchCall(PendingCall pending) => Pending = pending;

    internal PendingCall Pending { get; }

    /// <summary>What came of it, once the batch was sent.</summary>
    public Task<Completion> Completion => Pending.Task;

    /// <summary>Awaits what came of it.</summary>
    public TaskAwaiter<Completion> GetAwaiter() => Pending.Task.GetAwaiter();

    /// <summary>Takes an argument from an earlier call's result.</summary>
    /// <param name="earlier">A call that was added to the same batch before.</param>
    /// <param name="field">Which argument: its field number in the call's message; 1, the first, is mostly
    /// the descriptor.</param>
    /// <param name="index">0 the return value; 1 and 2 the descriptors of a pipe.</param>
    public BatchCall Using(BatchCall earlier, uint field = 1, uint index = 0)
    {
        Pending.Call.Use.Add(new UseResult { Tag = earlier.Pending.Call.Tag, Field = field, Index = index });
        return this;
    }
}
