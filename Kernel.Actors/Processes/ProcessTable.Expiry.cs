using K42.Contracts;

namespace K42.Kernel.Processes;

/// <summary>Credentials' ends: what acts by a proof that has expired is ended.</summary>
/// <remarks>One timer, for the earliest end of all: a process costs nothing for it.</remarks>
internal sealed partial class ProcessTable
{
    // The clock that certificates go by may be stepped: it is looked at anew at least so often.
    private static readonly TimeSpan LookAgain = TimeSpan.FromHours(1);

    private IDisposable? _expiry;
    private long _nextExpiryNs;

    /// <summary>Whether a principal's proof holds now.</summary>
    public bool IsValid(Principal principal) =>
        principal.ExpiresNs == 0 || !principal.HasExpired(Clock.RealtimeNs);

    private void WatchExpiry(Principal principal)
    {
        var expiresNs = principal.ExpiresNs;
        if (expiresNs == 0 || (_nextExpiryNs != 0 && _nextExpiryNs <= expiresNs)) return;
        _nextExpiryNs = expiresNs;
        _expiry?.Dispose();
        var left = TimeSpan.FromTicks((expiresNs - Clock.RealtimeNs + 99) / 100);
        _expiry = Home.After(left < LookAgain ? left : LookAgain, EndExpired);
    }

    private void EndExpired()
    {
        _nextExpiryNs = 0;
        // One that is being forked is looked at once it lives.
        foreach (var process in _processes.Select(static process =>
            process.Life is ProcessLife.Running or ProcessLife.Stopped && process.Principal.ExpiresNs != 0))
        {
            if (IsValid(process.Principal)) WatchExpiry(process.Principal);
            else process.Expire();
        }
    }
}
