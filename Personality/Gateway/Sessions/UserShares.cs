using K42.Contracts;

namespace K42.Gateway.Sessions;

/// <summary>Something that all users of the node share: each may have as much as is left, so that whoever
/// takes all that he can leaves as much for the next. Root may have all that is left.</summary>
/// <remarks>Safe for threads.</remarks>
internal sealed class UserShares(long max)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, long> _ofUser = [];
    private long _total;

    /// <summary>Takes a part; false when there is not so much for this user.</summary>
    public bool TryTake(Principal who, long count)
    {
        lock (_gate)
        {
            var has = who.IsRoot ? 0 : _ofUser.GetValueOrDefault(who.LoginUid);
            if (has + count > max - _total) return false;
            Add(who.LoginUid, count);
            return true;
        }
    }

    /// <summary>Takes a part that is there already, whether or not there is room for it.</summary>
    public void Take(Principal who, long count)
    {
        lock (_gate) Add(who.LoginUid, count);
    }

    /// <summary>Gives a part back.</summary>
    public void Give(Principal who, long count)
    {
        lock (_gate) Add(who.LoginUid, -count);
    }

    private void Add(uint user, long count)
    {
        _total += count;
        var has = _ofUser.GetValueOrDefault(user) + count;
        if (has == 0) _ofUser.Remove(user);
        else _ofUser[user] = has;
    }
}

/// <summary>The memory that one session holds for its calls and results, taken from its user's share in
/// blocks.</summary>
/// <remarks>Safe for threads. What a session always may hold is not asked for, so that most calls touch
/// nothing that users share.</remarks>
internal sealed class SessionBytes(UserShares shares, Principal who)
{
    private const long Free = 128 * 1024;
    private const long Block = 256 * 1024;

    private readonly Lock _gate = new();
    private long _held;
    private long _taken;
    private bool _closed;

    /// <summary>Holds some more; false when the user has no room for it.</summary>
    public bool TryHold(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= Free + Volatile.Read(ref _taken)) return true;
        lock (_gate)
        {
            var missing = Missing();
            if (missing <= 0 || _closed) return true;
            if (shares.TryTake(who, missing))
            {
                _taken += missing;
                return true;
            }
        }
        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    /// <summary>Holds what is there already.</summary>
    public void Hold(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= Free + Volatile.Read(ref _taken)) return;
        lock (_gate)
        {
            var missing = Missing();
            if (missing <= 0 || _closed) return;
            shares.Take(who, missing);
            _taken += missing;
        }
    }

    /// <summary>Lets some go.</summary>
    public void LetGo(long bytes)
    {
        var (held, taken) = (Interlocked.Add(ref _held, -bytes), Volatile.Read(ref _taken));
        // Two blocks are kept, or a session at the edge of one would ask each time; but not by one that
        // needs none.
        if (taken == 0 || (held > Free / 2 && held + (2 * Block) >= taken)) return;
        lock (_gate)
        {
            var over = Volatile.Read(ref _held) - Free;
            var needed = over <= 0 ? 0 : (over / Block * Block) + Block;
            if (needed >= _taken) return;
            shares.Give(who, _taken - needed);
            _taken = needed;
        }
    }

    /// <summary>The session is over: nothing counts any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            if (_taken > 0) shares.Give(who, _taken);
            _taken = 0;
        }
    }

    private long Missing()
    {
        var over = Volatile.Read(ref _held) - Free - _taken;
        return over <= 0 ? 0 : (over + Block - 1) / Block * Block;
    }
}
