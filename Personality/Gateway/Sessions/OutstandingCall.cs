using K42.Personality.Linux;

namespace K42.Gateway.Sessions;

/// <summary>A call that may be made.</summary>
/// <param name="Task">By whom.</param>
/// <param name="Weight">What it counts for until it is answered.</param>
/// <param name="Waiting">By which it is given up; null while it can't wait.</param>
internal readonly record struct AdmittedCall(LinuxTask Task, long Weight, OutstandingCall? Waiting);

/// <summary>A call that waits: what is needed to give it up.</summary>
internal sealed class OutstandingCall
{
    private readonly CancellationTokenSource _source = new();

    /// <summary>Cancelled when the program gives the call up.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Gives the call up. Continuations of the call don't run inside.</summary>
    public void GiveUp() => _ = _source.CancelAsync();
}
