namespace K42.Servers;

/// <summary>A parked call.</summary>
internal interface IWaiting
{
    /// <summary>True once it was answered, or its caller gave up.</summary>
    bool Abandoned { get; }
}

/// <summary>Parked calls in the order in which they came. Those that were answered or given up fall out by
/// themselves, so a caller that is interrupted again and again takes no room.</summary>
/// <param name="left">Told of each that falls out.</param>
internal sealed class WaitingLine<T>(Action<T>? left = null) where T : class, IWaiting
{
    private const int PurgeMin = 16;

    private readonly Queue<T> _line = new();
    private int _purgeAt = PurgeMin;

    /// <summary>The first that still waits; null when nobody does.</summary>
    public T? First
    {
        get
        {
            while (_line.TryPeek(out var first))
            {
                // Checked before anything is taken for it: bytes given to a caller that gave up would be
                // lost.
                if (!first.Abandoned) return first;
                _line.Dequeue();
                left?.Invoke(first);
            }
            return null;
        }
    }

    public void Add(T newcomer)
    {
        _line.Enqueue(newcomer);
        if (_line.Count >= _purgeAt) Purge();
    }

    /// <summary>Lets those fall out that were answered or given up.</summary>
    public void Purge()
    {
        for (var count = _line.Count; count > 0; count--)
        {
            var one = _line.Dequeue();
            if (!one.Abandoned) _line.Enqueue(one);
            else left?.Invoke(one);
        }
        _purgeAt = Math.Max(PurgeMin, 2 * _line.Count);
    }

    /// <summary>Lets all fall out: nobody will be served any more.</summary>
    public void Clear()
    {
        while (_line.TryDequeue(out var one)) left?.Invoke(one);
    }
}
