using K42.Linux.V1;

namespace K42.Client;

/// <summary>A call that was given to a session and is not complete.</summary>
internal sealed class PendingCall(Call call)
{
    private readonly TaskCompletionSource<Completion> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was asked.</summary>
    public Call Call { get; } = call;

    /// <summary>Completes with the gateway's answer.</summary>
    public Task<Completion> Task => _done.Task;

    /// <summary>Hands the answer over; the awaiting code runs elsewhere, so it can't hold up the
    /// session.</summary>
    public void Complete(Completion completion) => _done.TrySetResult(completion);

    /// <summary>Ends it without an answer.</summary>
    public void Fail(Exception cause) => _done.TrySetException(cause);

    /// <summary>About how many bytes it takes in a message.</summary>
    public int Bytes => 64 + Call.CallCase switch
    {
        Call.CallOneofCase.Write => Call.Write.Data.Length,
        Call.CallOneofCase.Pwrite64 => Call.Pwrite64.Data.Length,
        Call.CallOneofCase.Writev => Call.Writev.Data.Sum(part => part.Length),
        Call.CallOneofCase.Symlink => Call.Symlink.Target.Length + Call.Symlink.Linkpath.Length,
        _ => 256,
    };
}

/// <summary>Calls that go out in one message, because they are linked or use each other's results.</summary>
internal readonly record struct CallGroup(PendingCall? Single, PendingCall[]? Many)
{
    public int Count => Many?.Length ?? 1;

    public bool Has(ulong tag) =>
        Single?.Call.Tag == tag || (Many is { } many && Array.Exists(many, call => call.Call.Tag == tag));

    public int Bytes => Many == null ? Single!.Bytes : Many.Sum(call => call.Bytes);
}
