namespace K42.Gateway.Sessions;

/// <summary>A call that waits: what is needed to give it up.</summary>
internal sealed class OutstandingCall
{
    private readonly CancellationTokenSource _source = new();

    /// <summary>Cancelled when the program gives the call up.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Gives the call up. Continuations of the call don't run inside.</summary>
    public void GiveUp() => _ = _source.CancelAsync();
}
