using K42.Contracts;

namespace K42.Personality.Linux;

/// <summary>A handle that several descriptors or calls of one task use: given back with the last
/// use.</summary>
/// <remarks>A call holds what it works on, so that a close(2) meanwhile does not pull it away.</remarks>
internal abstract class SharedHandle : IDisposable
{
    private int _uses = 1;

    /// <summary>Takes part in it; false when it was given back already.</summary>
    public bool TryHold()
    {
        var uses = Volatile.Read(ref _uses);
        while (uses > 0)
        {
            var before = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (before == uses) return true;
            uses = before;
        }
        return false;
    }

    /// <summary>Ends one use.</summary>
    public void Dispose()
    {
        if (EndUse()) Released();
    }

    /// <summary>Ends one use; true when it was the last, and the handle is the caller's to give
    /// back.</summary>
    protected bool EndUse() => Interlocked.Decrement(ref _uses) == 0;

    /// <summary>The last use ended.</summary>
    protected abstract void Released();
}
