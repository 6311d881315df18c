using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;

namespace K42.Locks;

/// <summary>An open file whose locks are in a table of its actor.</summary>
public abstract class LockableFile : SignallingFile
{
    /// <summary>The actor's locks.</summary>
    protected abstract LockTable Locks { get; }

    /// <summary>The file, the same object for all who have it open.</summary>
    protected abstract object LockedFile { get; }

    /// <summary>Where SEEK_CUR counts from.</summary>
    protected virtual long Position => 0;

    /// <summary>Where SEEK_END counts from.</summary>
    protected virtual long EndPosition => 0;

    /// <inheritdoc/>
    public sealed override void Lock(
        RecordLock wanted, LockScope scope, bool wait, CallerIdentity caller, HandleRow handle,
        Reply<Nothing> reply)
    {
        var type = (LockType)wanted.Type;
        var range = LockRange.All;
        // What a lock is given by has to be its owner's: the end of that handle is the end of the lock.
        var errno = caller.Pid == handle.Owner ? Errno.None : Errno.EPERM;
        if (errno == Errno.None)
            errno = scope == LockScope.Whole ? CheckType(wanted) : Check(wanted, out range);
        if (errno == Errno.None) errno = CheckAccess(type, scope, handle);
        if (errno == Errno.None && scope == LockScope.Description && wanted.Pid != 0) errno = Errno.EINVAL;
        if (errno != Errno.None) reply.Fail(errno);
        else if (scope == LockScope.Whole) Locks.Whole(LockedFile, this, type, wait, handle, reply);
        else Locks.Record(LockedFile, Owner(scope, caller), type, range, wait, handle, reply);
    }

    /// <inheritdoc/>
    public sealed override void FindLock(
        RecordLock wanted, LockScope scope, CallerIdentity caller, Reply<RecordLock> reply)
    {
        var type = (LockType)wanted.Type;
        var range = default(LockRange);
        var asksOwn = scope == LockScope.Description && type == LockType.Unlock;
        var errno = asksOwn || type is LockType.Read or LockType.Write
            ? Check(wanted, out range)
            : Errno.EINVAL;
        if (errno == Errno.None && scope == LockScope.Description && wanted.Pid != 0) errno = Errno.EINVAL;
        if (errno != Errno.None)
        {
            reply.Fail(errno);
            return;
        }
        var found = Locks.Find(LockedFile, Owner(scope, caller), type, range);
        reply.Ok(found ?? wanted with { Type = (int)LockType.Unlock });
    }

    /// <inheritdoc/>
    public sealed override void DropLocks(CallerIdentity caller, Reply<Nothing> reply)
    {
        Locks.Closed(LockedFile, caller.Pid);
        DescriptorClosed(caller.Pid);
        reply.Ok();
    }

    /// <summary>A process closed one of its descriptors, and has others.</summary>
    protected virtual void DescriptorClosed(int process)
    {
    }

    /// <inheritdoc/>
    protected override void HandleDropped(HandleRow row)
    {
        Locks.Dropped(LockedFile, row);
        Locks.Closed(LockedFile, row.Owner);
    }

    /// <inheritdoc/>
    protected override void LastHandleDropped() => Locks.Ended(LockedFile, this);

    private LockOwner Owner(LockScope scope, CallerIdentity caller) =>
        scope == LockScope.Description ? new LockOwner(0, this) : new LockOwner(caller.Pid, null);

    private Errno Check(in RecordLock wanted, out LockRange range)
    {
        var resolved = LockRange.Of(wanted, Position, EndPosition);
        range = resolved.Failed ? default : resolved.Value;
        if (resolved.Failed) return resolved.Errno;
        return CheckType(wanted);
    }

    private static Errno CheckType(in RecordLock wanted) =>
        wanted.Type is >= (int)LockType.Read and <= (int)LockType.Unlock ? Errno.None : Errno.EINVAL;

    /// <summary>A lock needs the access mode that it is for; flock(2) any.</summary>
    private static Errno CheckAccess(LockType type, LockScope scope, HandleRow handle)
    {
        var held = handle.Matched | handle.Unmatched;
        var needed = (scope, type) switch
        {
            (_, LockType.Unlock) => Rights.None,
            (LockScope.Whole, _) => Rights.Read | Rights.Write,
            (_, LockType.Read) => Rights.Read,
            _ => Rights.Write,
        };
        return needed == Rights.None || (held & needed) != 0 ? Errno.None : Errno.EBADF;
    }
}
