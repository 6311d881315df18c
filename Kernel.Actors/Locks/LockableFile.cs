using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;

namespace K42.Locks;

/// <summary>An open file whose locks are in a table of its actor, and which keeps its owner and
/// signal.</summary>
public abstract class LockableFile : FileContract
{
    /// <summary>Whom it signals.</summary>
    protected FileSignals Signals => field ??= new FileSignals(this);

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
    public sealed override void Note(FileNote note, Reply<int> reply)
    {
        switch (note)
        {
            case FileNote.SignalOwner:
                var owner = Signals.Owner;
                reply.Ok(owner.Kind == OwnerKind.Group ? -owner.Number : owner.Number);
                break;
            case FileNote.Signal:
                reply.Ok(Signals.Signal);
                break;
            default:
                reply.Give(NoteOf(note));
                break;
        }
    }

    /// <inheritdoc/>
    public sealed override void SetNote(FileNote note, int value, Reply<Nothing> reply)
    {
        var who = reply.Caller?.Principal;
        var errno = note switch
        {
            _ when who is null => Errno.EPERM,
            FileNote.SignalOwner when value == int.MinValue => Errno.EINVAL,
            FileNote.SignalOwner => Signals.SetOwner(
                value < 0 ? OwnerKind.Group : OwnerKind.Process, Math.Abs(value), who),
            FileNote.Signal => Signals.SetSignal(value),
            _ => SetNoteOf(note, value, who),
        };
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(errno);
    }

    /// <inheritdoc/>
    public sealed override void SetSignalOwner(
        OwnerKind kind, int number, CallerIdentity caller, Reply<Nothing> reply)
    {
        var errno = Signals.SetOwner(kind, number, caller.Principal);
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(errno);
    }

    /// <inheritdoc/>
    public sealed override void OwnerOfSignals(Reply<SignalOwner> reply) => reply.Ok(Signals.Owner);

    /// <summary>A note that the kinds of files differ in.</summary>
    protected virtual Outcome<int> NoteOf(FileNote note) => note switch
    {
        FileNote.Lease => (int)LockType.Unlock,
        FileNote.Created or FileNote.WriteHint => 0,
        _ => Errno.EINVAL,
    };

    /// <summary>Sets a note that the kinds of files differ in.</summary>
    protected virtual Errno SetNoteOf(FileNote note, int value, Principal who) => Errno.EINVAL;

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
