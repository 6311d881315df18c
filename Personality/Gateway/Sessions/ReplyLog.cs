using K42.Linux.V1;

namespace K42.Gateway.Sessions;

/// <summary>One thing that a session tells its program: a completion or an event.</summary>
internal readonly record struct ReplyEntry(Completion? Completion, Event? Event, int Bytes);

/// <summary>Completions and events, numbered from 1: those not sent yet, and those that may have to be sent
/// again.</summary>
/// <remarks>Not safe for threads: the session's lock guards it.</remarks>
internal sealed class ReplyLog
{
    private ReplyEntry[] _entries = new ReplyEntry[16];
    private int _head;
    private int _count;

    /// <summary>The number of the last entry; 0 before the first.</summary>
    public ulong Last { get; private set; }

    /// <summary>The number of the first entry that is kept.</summary>
    public ulong First => Last - (ulong)_count + 1;

    /// <summary>Bytes of what is kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many are kept.</summary>
    public int Count => _count;

    /// <summary>An entry that is kept.</summary>
    public ref readonly ReplyEntry this[ulong number] =>
        ref _entries[(_head + (int)(number - First)) & (_entries.Length - 1)];

    /// <summary>Adds an entry.</summary>
    public void Add(ReplyEntry entry)
    {
        if (_count == _entries.Length) Grow();
        _entries[(_head + _count) & (_entries.Length - 1)] = entry;
        _count++;
        Last++;
        Bytes += entry.Bytes;
    }

    /// <summary>Forgets everything up to a number.</summary>
    public void Trim(ulong number, Action<ReplyEntry>? forgotten = null)
    {
        while (_count > 0 && First <= number)
        {
            ref var entry = ref _entries[_head];
            Bytes -= entry.Bytes;
            forgotten?.Invoke(entry);
            entry = default;
            _head = (_head + 1) & (_entries.Length - 1);
            _count--;
        }
    }

    private void Grow()
    {
        var larger = new ReplyEntry[_entries.Length * 2];
        for (var i = 0; i < _count; i++) larger[i] = _entries[(_head + i) & (_entries.Length - 1)];
        (_entries, _head) = (larger, 0);
    }
}
