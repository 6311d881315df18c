namespace K42.Locks;

/// <summary>One lock that is held.</summary>
internal sealed class HeldLock(LockOwner owner, LockType type, long start, long end, uint user)
{
    public LockOwner Owner => owner;

    public LockType Type => type;

    /// <summary>Who made it, and is charged with it.</summary>
    public uint User => user;

    public long Start { get; set; } = start;

    public long End { get; set; } = end;

    public LockRange Range => new(Start, End);
}

/// <summary>The locks that are held on one file.</summary>
/// <remarks>An owner's locks stand together, by their start and without overlap; owners stand in the order in
/// which they came. That is the order in which Linux searches (posix_lock_inode in its fs/locks.c), so that
/// F_GETLK names the same lock.</remarks>
/// <param name="all">Counts those of all files.</param>
internal sealed class HeldLocks(LockCounts all)
{
    private readonly List<HeldLock> _locks = [];
    private readonly LockCounts _counts = new();

    public int Count => _locks.Count;

    /// <summary>How many a user is charged with.</summary>
    public int CountOf(uint user) => _counts.Of(user);

    /// <summary>Whether giving a range back makes two locks of one.</summary>
    public bool Cuts(LockOwner owner, LockRange range) => _locks.Exists(
        held => held.Owner == owner && held.Start < range.Start && held.End > range.End);

    /// <summary>The first lock that keeps an owner from a lock.</summary>
    public HeldLock? Conflict(LockOwner owner, LockType type, LockRange range)
    {
        foreach (var held in _locks)
        {
            var excludes = type == LockType.Write || held.Type == LockType.Write;
            if (excludes && range.Overlaps(held.Start, held.End) && held.Owner != owner) return held;
        }
        return null;
    }

    /// <summary>The first lock of an owner in a range.</summary>
    public HeldLock? Own(LockOwner owner, LockRange range) =>
        _locks.Find(held => held.Owner == owner && range.Overlaps(held.Start, held.End));

    /// <summary>Takes all locks of an owner away; how many there were.</summary>
    public int Drop(LockOwner owner)
    {
        foreach (var held in _locks)
        {
            if (held.Owner == owner) Charge(held, -1);
        }
        return _locks.RemoveAll(held => held.Owner == owner);
    }

    /// <summary>Gives an owner a lock that conflicts with nobody's, or unlocks; true when that may let
    /// somebody else go on.</summary>
    public bool Set(LockOwner owner, LockType type, LockRange range, uint user)
    {
        var request = new HeldLock(owner, type, range.Start, range.End, user);
        HeldLock? left = null, right = null;
        var (added, frees, done) = (false, false, false);
        var at = _locks.FindIndex(held => held.Owner == owner);
        if (at < 0) at = _locks.Count;
        while (!done && at < _locks.Count && _locks[at].Owner == owner)
        {
            var held = _locks[at];
            if (held.Type == type) done = Merge(held, ref request, ref added, ref at);
            else if (held.End < request.Start) at++;
            else if (held.Start > request.End) done = true;
            else
            {
                frees = true;
                added |= type == LockType.Unlock;
                if (held.Start < request.Start) left = held;
                if (held.End > request.End) right = held;
                done = right is not null;
                if (!done) at += Replace(at, held.Start >= request.Start, request, ref added);
            }
        }
        if (!added && type == LockType.Unlock) return frees;
        if (!added) Insert(at, request);
        Trim(at, left, right, request);
        return frees;
    }

    /// <summary>Joins a lock of the same type that touches the new one; true when the rest lies
    /// behind.</summary>
    private bool Merge(HeldLock held, ref HeldLock request, ref bool added, ref int at)
    {
        // Start - 1, as End + 1 may not exist.
        if (held.Start - 1 > request.End) return true;
        if (held.End < request.Start - 1)
        {
            at++;
            return false;
        }
        held.Start = request.Start = Math.Min(held.Start, request.Start);
        held.End = request.End = Math.Max(held.End, request.End);
        if (added) RemoveAt(at);
        else
        {
            (request, added) = (held, true);
            at++;
        }
        return false;
    }

    /// <summary>Puts the new lock in place of one of another type that it covers; by how much to go
    /// on.</summary>
    private int Replace(int at, bool covered, HeldLock request, ref bool added)
    {
        if (!covered) return 1;
        if (added)
        {
            RemoveAt(at);
            return 0;
        }
        Charge(_locks[at], -1);
        Charge(request, +1);
        _locks[at] = request;
        added = true;
        return 1;
    }

    /// <summary>What an older lock keeps before and behind the new one.</summary>
    private void Trim(int at, HeldLock? left, HeldLock? right, HeldLock request)
    {
        if (right is not null && left == right)
        {
            left = new HeldLock(right.Owner, right.Type, right.Start, right.End, right.User);
            Insert(at, left);
        }
        if (right is not null) right.Start = request.End + 1;
        if (left is not null) left.End = request.Start - 1;
    }

    private void Insert(int at, HeldLock added)
    {
        _locks.Insert(at, added);
        Charge(added, +1);
    }

    private void RemoveAt(int at)
    {
        Charge(_locks[at], -1);
        _locks.RemoveAt(at);
    }

    private void Charge(HeldLock held, int change)
    {
        _counts.Change(held.User, change);
        all.Change(held.User, change);
    }
}

/// <summary>How many locks users hold.</summary>
internal sealed class LockCounts
{
    private readonly Dictionary<uint, int> _byUser = new(1);

    /// <summary>Of everybody.</summary>
    public int All { get; private set; }

    public int Of(uint user) => _byUser.GetValueOrDefault(user);

    public void Change(uint user, int change)
    {
        All += change;
        var now = Of(user) + change;
        if (now > 0) _byUser[user] = now;
        else _byUser.Remove(user);
    }
}
