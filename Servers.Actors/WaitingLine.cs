namespace K42.Servers;

/// <summary>A parked call.</summary>
internal interface IWaiting
{
    /// <summary>True once it was answered, or its caller gave up.</summary>
    bool Abandoned { get; }
}

/// <summary>Parked calls in the order in which they came. Those that were answered or given up fall out by
/// themselves, so a caller that is interrupted again and again takes no room.</summary>
internal sealed class WaitingLine<T> where T : class, IWaiting
{
    private const int PurgeMin = 16;

    private Queue<T> _line = new();
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
            }
            return null;
        }
    }

    public void Add(T newcomer)
    {
        _line.Enqueue(newcomer);
        if (_line.Count < _purgeAt) return;
        _line = new Queue<T>(_line.Where(static one => !one.Abandoned));
        _purgeAt = Math.Max(PurgeMin, 2 * _line.Count);
    }
}
