using K42.Contracts;
using K42.Locks;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>The leases of a volume's files: who has them, who breaks them, who waits (fcntl(2)).</summary>
/// <remarks>As fs/locks.c has them: who waits counts as having the file open already; breaking is told once
/// for reading and once more for writing; a lease that breaks ends, or is lowered, when its time is over.
/// Only turns of the volume touch it.</remarks>
internal sealed class LeaseTable(VolumeServer server, VolumeSettings settings)
{
    // Of all files; those who gave up leave when room is needed.
    private readonly List<LeaseWaiter> _waiters = [];

    /// <summary>Leases held.</summary>
    public int HeldCount { get; private set; }

    /// <summary>F_SETLEASE. EINVAL, EACCES, EAGAIN, ENOLCK.</summary>
    /// <param name="descriptor">What the caller calls the file.</param>
    public Errno Set(OpenFile holder, LockType type, int descriptor, CallerIdentity caller)
    {
        if (type is < LockType.Read or > LockType.Unlock) return Errno.EINVAL;
        if (!Access.Owns(holder.Node, caller.Principal)) return Errno.EACCES;
        if (holder.Node is not RamFile file) return Errno.EINVAL;
        var own = file.Leases?.Of(holder);
        if (type == LockType.Unlock)
        {
            if (own is null) return Errno.EAGAIN;
            Change(file, own, type);
            return Errno.None;
        }
        if (IsOpenOtherwise(file, holder, type) || OthersForbid(file, own, type)) return Errno.EAGAIN;
        if (own is not null) Change(file, own, type);
        else if (HeldCount >= settings.LeasesMax) return Errno.ENOLCK;
        else
        {
            own = new Lease(holder, type);
            (file.Leases ??= new FileLeases()).Held.Add(own);
            HeldCount++;
        }
        own.Descriptor = descriptor;
        holder.Notices.SetDefaultOwner(caller);
        return Errno.None;
    }

    /// <summary>F_GETLEASE.</summary>
    public static LockType TypeOf(OpenFile holder) =>
        (holder.Node as RamFile)?.Leases?.Of(holder)?.Target ?? LockType.Unlock;

    /// <summary>Breaks the leases that stand against an open(2) or truncate(2), and goes on without
    /// them.</summary>
    /// <param name="access">The access mode; O_NONBLOCK makes it EAGAIN instead of a wait.</param>
    /// <param name="then">Goes on, in this turn or a later one, unless the caller gave up.</param>
    public void Break<T>(RamFile file, int access, Reply<T> reply, Action then)
    {
        var writing = (access & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY;
        if (file.Leases is not { } leases || !leases.Forbid(writing))
        {
            then();
            return;
        }
        foreach (var lease in leases.Held)
        {
            if (lease.Forbids(writing) && lease.Break(writing, () => Timer(file, lease, writing)))
                lease.Holder.Notices.Send(PollReason.Message, lease.Descriptor);
        }
        var uid = reply.Caller?.Principal.Uid ?? 0;
        if ((access & OpenFlags.O_NONBLOCK) != 0) reply.Fail(Errno.EAGAIN);
        else if (!HasRoomFor(uid)) reply.Fail(Errno.ENFILE);
        else Wait(leases, access, uid, reply, then);
    }

    /// <summary>An open file description is no more: its lease goes.</summary>
    public void Closed(OpenFile holder)
    {
        if (holder.Node is not RamFile { Leases: { } leases } file) return;
        if (leases.Of(holder) is not { } own) return;
        own.Become(LockType.Unlock);
        Drop(file, own);
    }

    // However many of one user wait, others find a place.
    private bool HasRoomFor(uint uid)
    {
        bool Fits(int own) => own < settings.LeaseWaitersMax - _waiters.Count;
        if (Fits(_waiters.Count)) return true;
        _waiters.RemoveAll(static waiter => waiter.IsAbandoned);
        return Fits(_waiters.Count(waiter => waiter.Uid == uid));
    }

    private void Wait<T>(FileLeases leases, int access, uint uid, Reply<T> reply, Action then)
    {
        var mode = access & OpenFlags.O_ACCMODE;
        var writing = mode is OpenFlags.O_WRONLY or OpenFlags.O_RDWR;
        var waiter = new LeaseWaiter(
            uid, writing, mode == OpenFlags.O_RDONLY, () => reply.Abandoned, then);
        leases.Waiters.RemoveAll(static one => one.IsAbandoned);
        leases.Waiters.Add(waiter);
        _waiters.Add(waiter);
        // What is broken stays broken; the caller has opened nothing.
        reply.WhenCancelled(given =>
        {
            Forget(leases, waiter);
            given.Fail(Errno.EINTR);
        });
    }

    private void Forget(FileLeases leases, LeaseWaiter waiter)
    {
        leases.Waiters.Remove(waiter);
        _waiters.Remove(waiter);
    }

    private IDisposable? Timer(RamFile file, Lease lease, bool writing)
    {
        if (settings.LeaseBreakTime <= TimeSpan.Zero) return null;
        return server.Home.After(settings.LeaseBreakTime, () =>
        {
            var isDue = writing ? lease.IsToEnd : lease.IsToLower;
            if (isDue) Change(file, lease, writing ? LockType.Unlock : LockType.Read);
        });
    }

    // check_conflicting_open: who waits for a lease's end has the file open already.
    private static bool IsOpenOtherwise(RamFile file, OpenFile holder, LockType type)
    {
        var (writers, readers) = (file.Writers, file.Readers);
        foreach (var waiter in file.Leases?.Waiters ?? [])
        {
            if (waiter.IsAbandoned) continue;
            if (waiter.Writing) writers++;
            else if (waiter.Reading) readers++;
        }
        if (type == LockType.Read) return writers > 0;
        return writers != (holder.IsWriter ? 1 : 0) || readers != (holder.IsReader ? 1 : 0);
    }

    private static bool OthersForbid(RamFile file, Lease? own, LockType type)
    {
        foreach (var lease in file.Leases?.Held ?? [])
        {
            if (lease != own && (type == LockType.Write || lease.IsToEnd)) return true;
        }
        return false;
    }

    private void Change(RamFile file, Lease lease, LockType type)
    {
        lease.Become(type);
        if (type == LockType.Unlock)
        {
            // As on Linux, who gives a lease up gives up owner and signal of the description with it.
            lease.Holder.Notices.Clear();
            Drop(file, lease);
        }
        else LetGo(file);
    }

    private void Drop(RamFile file, Lease lease)
    {
        if (file.Leases!.Held.Remove(lease)) HeldCount--;
        LetGo(file);
    }

    private void LetGo(RamFile file)
    {
        var leases = file.Leases!;
        foreach (var waiter in leases.Waiters.ToArray())
        {
            if (!waiter.IsAbandoned && leases.Forbid(waiter.Writing || !waiter.Reading)) continue;
            Forget(leases, waiter);
            if (!waiter.IsAbandoned) waiter.GoOn();
        }
        if (leases.Held.Count == 0 && leases.Waiters.Count == 0) file.Leases = null;
    }
}
