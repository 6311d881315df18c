using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Locks;

/// <summary>Limits of the locks of one actor; ENOLCK beyond.</summary>
/// <param name="LocksMax">Locks held on all files.</param>
/// <param name="FileLocksMax">Locks of one kind held on one file.</param>
/// <param name="FileWaitersMax">Calls that wait for locks of one kind on one file.</param>
/// <param name="UserLocksMax">Locks of one user on all files. Root is not counted.</param>
/// <param name="UserFileLocksMax">Locks of one kind of one user on one file. Root is not counted.</param>
public sealed record LockLimits(
    int LocksMax = 1_048_576, int FileLocksMax = 8_192, int FileWaitersMax = 1_024,
    int UserLocksMax = 524_288, int UserFileLocksMax = 4_096);

/// <summary>The locks of an actor's files, and who waits for them.</summary>
/// <remarks>
/// A lock that somebody waits for goes to the waiters in the order in which they came, as far as they don't
/// exclude each other; a newcomer who finds no conflict does not wait behind them. Both as Linux does.
/// Only turns of the actor may call it.
/// </remarks>
public sealed class LockTable(LockLimits limits)
{
    private readonly LockCounts _counts = new();
    private readonly Dictionary<object, FileLocks> _files = [];
    private readonly Dictionary<LockOwner, List<LockWaiter>> _waits = [];

    /// <summary>Locks held on all files.</summary>
    public int HeldCount => _counts.All;

    /// <summary>Calls that wait.</summary>
    public int WaitingCount { get; private set; }

    /// <summary>Sets or clears a record lock: F_SETLK and F_SETLKW. EAGAIN, EDEADLK, ENOLCK, EINTR.</summary>
    /// <param name="file">The file, the same object for all who have it open.</param>
    /// <param name="wait">Whether to wait for those who hold it.</param>
    /// <param name="handle">The handle that the call came in by.</param>
    public void Record(
        object file, LockOwner owner, LockType type, LockRange range, bool wait, HandleRow handle,
        Reply<Nothing> reply)
    {
        var locks = Of(file);
        Take(new LockWaiter(locks.Records, owner, type, range, handle, reply), wait);
        Tidy(locks, file);
    }

    /// <summary>Sets or clears the lock of a whole file: flock(2). EAGAIN, ENOLCK, EINTR.</summary>
    public void Whole(
        object file, object description, LockType type, bool wait, HandleRow handle, Reply<Nothing> reply)
    {
        var owner = new LockOwner(0, description);
        var locks = Of(file);
        var had = locks.Whole.Held.Own(owner, LockRange.All);
        if (had?.Type == type) reply.Ok();
        else
        {
            // A conversion gives the old lock up first, even when the new one is then refused (flock(2)).
            if (had is not null) Drop(locks.Whole, owner);
            Take(new LockWaiter(locks.Whole, owner, type, LockRange.All, handle, reply), wait);
        }
        Tidy(locks, file);
    }

    /// <summary>The first lock that keeps an owner from one: F_GETLK. With <see cref="LockType.Unlock"/> the
    /// first that the owner has there itself.</summary>
    public RecordLock? Find(object file, LockOwner owner, LockType type, LockRange range)
    {
        if (!_files.TryGetValue(file, out var locks)) return null;
        var held = type == LockType.Unlock
            ? locks.Records.Held.Own(owner, range)
            : locks.Records.Held.Conflict(owner, type, range);
        if (held is null) return null;
        return new RecordLock(
            (int)held.Type, 0, held.Start, held.Range.ShownLength, held.Owner.ShownPid);
    }

    /// <summary>A process closed a descriptor of a file: its record locks on it go (close(2)).</summary>
    public void Closed(object file, int process)
    {
        if (!_files.TryGetValue(file, out var locks)) return;
        Drop(locks.Records, new LockOwner(process, null));
        Tidy(locks, file);
    }

    /// <summary>A handle is gone: so are the waits that came in by it.</summary>
    public void Dropped(object file, HandleRow handle)
    {
        if (WaitingCount == 0 || !_files.TryGetValue(file, out var locks)) return;
        foreach (var queue in new[] { locks.Records, locks.Whole })
        {
            foreach (var waiter in queue.Waiters.FindAll(one => one.Handle == handle))
            {
                Leave(waiter);
                waiter.Reply.Fail(Errno.EBADF);
            }
        }
        Tidy(locks, file);
    }

    /// <summary>An open file description is no more: its locks go.</summary>
    public void Ended(object file, object description)
    {
        if (!_files.TryGetValue(file, out var locks)) return;
        var owner = new LockOwner(0, description);
        Drop(locks.Records, owner);
        Drop(locks.Whole, owner);
        Tidy(locks, file);
    }

    private FileLocks Of(object file)
    {
        if (!_files.TryGetValue(file, out var locks)) _files[file] = locks = new FileLocks(file, _counts);
        return locks;
    }

    private void Tidy(FileLocks locks, object file)
    {
        if (locks.IsIdle) _files.Remove(file);
    }

    private void Take(LockWaiter newcomer, bool wait)
    {
        var queue = newcomer.Queue;
        var conflict = Conflict(newcomer);
        if (conflict is null)
        {
            if (!HasRoom(newcomer)) newcomer.Reply.Fail(Errno.ENOLCK);
            else if (Grant(newcomer)) Wake(queue);
        }
        else if (!wait) newcomer.Reply.Fail(Errno.EAGAIN);
        else if (Deadlocks(newcomer, conflict)) newcomer.Reply.Fail(Errno.EDEADLK);
        else if (queue.Waiters.Count >= limits.FileWaitersMax) newcomer.Reply.Fail(Errno.ENOLCK);
        else Enter(newcomer, conflict);
    }

    private static HeldLock? Conflict(LockWaiter waiter) => waiter.Type == LockType.Unlock
        ? null
        : waiter.Queue.Held.Conflict(waiter.Owner, waiter.Type, waiter.Range);

    // A call adds a lock, and may cut an old one in two; to give back needs room only where it does that.
    private bool HasRoom(LockWaiter waiter)
    {
        var held = waiter.Queue.Held;
        var added = 2;
        if (waiter.Type == LockType.Unlock)
        {
            if (!held.Cuts(waiter.Owner, waiter.Range)) return true;
            added = 1;
        }
        if (held.Count > limits.FileLocksMax - added || HeldCount > limits.LocksMax - added) return false;
        return waiter.User == 0 || (held.CountOf(waiter.User) <= limits.UserFileLocksMax - added
            && _counts.Of(waiter.User) <= limits.UserLocksMax - added);
    }

    /// <summary>Answers and gives the lock; true when others may go on by that.</summary>
    private bool Grant(LockWaiter waiter)
    {
        // A caller that gave up gets none.
        if (!waiter.Reply.Ok()) return false;
        return waiter.Queue.Held.Set(waiter.Owner, waiter.Type, waiter.Range, waiter.User);
    }

    private void Drop(LockQueue queue, LockOwner owner)
    {
        if (queue.Held.Drop(owner) > 0) Wake(queue);
    }

    private void Enter(LockWaiter waiter, HeldLock conflict)
    {
        waiter.BlockedBy = conflict.Owner;
        waiter.Queue.Waiters.Add(waiter);
        if (!_waits.TryGetValue(waiter.Owner, out var waits)) _waits[waiter.Owner] = waits = [];
        waits.Add(waiter);
        WaitingCount++;
        waiter.Reply.WhenCancelled(reply =>
        {
            Leave(waiter);
            if (_files.TryGetValue(waiter.Queue.File, out var locks)) Tidy(locks, waiter.Queue.File);
            reply.Fail(Errno.EINTR);
        });
    }

    private void Leave(LockWaiter waiter)
    {
        if (!waiter.Queue.Waiters.Remove(waiter)) return;
        WaitingCount--;
        var waits = _waits[waiter.Owner];
        waits.Remove(waiter);
        if (waits.Count == 0) _waits.Remove(waiter.Owner);
    }

    /// <summary>Something was given back: those who wait look again, in their order.</summary>
    private void Wake(LockQueue queue)
    {
        var again = queue.Waiters.Count > 0;
        while (again)
        {
            again = false;
            foreach (var waiter in queue.Waiters.ToArray()) again |= Retry(waiter);
        }
    }

    private bool Retry(LockWaiter waiter)
    {
        if (waiter.Reply.Abandoned)
        {
            Leave(waiter);
            return false;
        }
        var conflict = Conflict(waiter);
        if (conflict is not null)
        {
            if (conflict.Owner == waiter.BlockedBy) return false;
            if (Deadlocks(waiter, conflict))
            {
                Leave(waiter);
                waiter.Reply.Fail(Errno.EDEADLK);
            }
            waiter.BlockedBy = conflict.Owner;
            return false;
        }
        Leave(waiter);
        if (HasRoom(waiter)) return Grant(waiter);
        waiter.Reply.Fail(Errno.ENOLCK);
        return false;
    }

    /// <summary>Whether the owner of a lock waits, perhaps by way of others, for the newcomer. As on Linux,
    /// neither a description's request nor a wait for a description's lock counts.</summary>
    private bool Deadlocks(LockWaiter newcomer, HeldLock conflict)
    {
        if (!newcomer.Queue.FindsDeadlocks || !newcomer.Owner.IsProcess) return false;
        var seen = new HashSet<LockOwner> { conflict.Owner };
        var next = new Stack<LockOwner>(seen);
        while (next.TryPop(out var owner))
        {
            if (!_waits.TryGetValue(owner, out var waits)) continue;
            foreach (var wait in waits)
            {
                var counts = wait != newcomer && wait.Queue.FindsDeadlocks && wait.BlockedBy.IsProcess
                    && !wait.Reply.Abandoned;
                if (!counts) continue;
                if (wait.BlockedBy == newcomer.Owner) return true;
                if (seen.Add(wait.BlockedBy)) next.Push(wait.BlockedBy);
            }
        }
        return false;
    }
}
