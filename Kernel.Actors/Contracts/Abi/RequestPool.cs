namespace K42.Contracts;

/// <summary>Requests of one method, to be used again: a local call allocates nothing.</summary>
/// <typeparam name="T">The method's request.</typeparam>
/// <param name="make">Makes a new one when none is free.</param>
public sealed class RequestPool<T>(Func<T> make) where T : Request
{
    private const int SharedMax = 1_024;

    // One per thread and method first: caller and answer are usually on one thread.
    [ThreadStatic]
    private static T? t_own;

    private readonly Stack<T> _shared = new();
    private readonly Lock _lock = new();

    /// <summary>A free request, or a new one.</summary>
    public T Rent()
    {
        var own = t_own;
        if (own is not null)
        {
            t_own = null;
            return own;
        }
        lock (_lock)
        {
            if (_shared.TryPop(out var free)) return free;
        }
        return make();
    }

    /// <summary>Gives a request back; nobody else may hold it.</summary>
    public void Return(T request)
    {
        if (t_own is null)
        {
            t_own = request;
            return;
        }
        lock (_lock)
        {
            if (_shared.Count < SharedMax) _shared.Push(request);
        }
    }
}
