using K42.Contracts;

namespace K42.Locks;

/// <summary>A call that waits for a lock.</summary>
internal sealed class LockWaiter(
    LockQueue queue, LockOwner owner, LockType type, LockRange range, HandleRow handle, Reply<Nothing> reply)
{
    public LockQueue Queue => queue;

    public LockOwner Owner => owner;

    public LockType Type => type;

    public LockRange Range => range;

    /// <summary>The handle that the call came in by: the wait ends with it.</summary>
    public HandleRow Handle => handle;

    public Reply<Nothing> Reply => reply;

    /// <summary>The user whom the lock will count for.</summary>
    public uint User { get; } = reply.Caller?.Principal.UserIds.Real ?? 0;

    /// <summary>Who held what it waited for when that was last looked at.</summary>
    public LockOwner BlockedBy { get; set; }
}

/// <summary>One kind of lock of one file: what is held, and who waits, in order of arrival.</summary>
/// <param name="file">The file.</param>
/// <param name="findsDeadlocks">Record locks do, flock(2) does not.</param>
/// <param name="counts">Of all files.</param>
internal sealed class LockQueue(object file, bool findsDeadlocks, LockCounts counts)
{
    public object File => file;

    public bool FindsDeadlocks => findsDeadlocks;

    public HeldLocks Held { get; } = new(counts);

    public List<LockWaiter> Waiters { get; } = [];

    public bool IsIdle => Held.Count == 0 && Waiters.Count == 0;
}

/// <summary>The locks of one file; the two kinds don't know each other.</summary>
internal sealed class FileLocks(object file, LockCounts counts)
{
    /// <summary>fcntl(2).</summary>
    public LockQueue Records { get; } = new(file, findsDeadlocks: true, counts);

    /// <summary>flock(2).</summary>
    public LockQueue Whole { get; } = new(file, findsDeadlocks: false, counts);

    public bool IsIdle => Records.IsIdle && Whole.IsIdle;
}
