using K42.Contracts;
using K42.Locks;

namespace K42.Servers.Volumes;

/// <summary>A lease of an open file description on its file (fcntl(2)).</summary>
internal sealed class Lease(OpenFile holder, LockType type)
{
    public OpenFile Holder => holder;

    /// <summary>What it is until it was given up or lowered, however long it has been breaking.</summary>
    public LockType Type { get; set; } = type;

    /// <summary>What the holder calls its file: si_fd.</summary>
    public int Descriptor { get; set; }

    /// <summary>What ends it when time is up; null unless somebody wants to write.</summary>
    public IDisposable? Ending { get; private set; }

    /// <summary>What makes it one for reading when time is up; null unless somebody wants to read.</summary>
    public IDisposable? Lowering { get; private set; }

    /// <summary>Somebody waits for its end.</summary>
    public bool IsToEnd { get; private set; }

    /// <summary>Somebody waits until it allows reading.</summary>
    public bool IsToLower { get; private set; }

    /// <summary>F_GETLEASE: what it is to become.</summary>
    public LockType Target => IsToEnd ? LockType.Unlock : IsToLower ? LockType.Read : Type;

    /// <summary>Whether an open(2) has to wait for it.</summary>
    public bool Forbids(bool writing) => writing || Type == LockType.Write;

    /// <summary>Begins to break it; false when that was begun before.</summary>
    /// <param name="timer">Starts the time that the holder has; null for as long as it likes.</param>
    public bool Break(bool writing, Func<IDisposable?> timer)
    {
        if (IsToEnd || (!writing && IsToLower)) return false;
        if (writing) (IsToEnd, Ending) = (true, timer());
        else (IsToLower, Lowering) = (true, timer());
        return true;
    }

    /// <summary>The holder, or time, made something else of it.</summary>
    public void Become(LockType type)
    {
        Type = type;
        if (type == LockType.Write) return;
        Lowering?.Dispose();
        (IsToLower, Lowering) = (false, null);
        if (type == LockType.Read) return;
        Ending?.Dispose();
        (IsToEnd, Ending) = (false, null);
    }
}

/// <summary>A call that waits for leases of a file to be given up.</summary>
/// <param name="uid">Whose it is.</param>
/// <param name="writing">Whether it counts as having the file open for writing meanwhile.</param>
/// <param name="reading">Whether it counts as having the file open for reading only.</param>
/// <param name="isAbandoned">Whether its caller gave up.</param>
/// <param name="then">Goes on with it.</param>
internal sealed class LeaseWaiter(
    uint uid, bool writing, bool reading, Func<bool> isAbandoned, Action then)
{
    public uint Uid => uid;

    public bool Writing => writing;

    public bool Reading => reading;

    public bool IsAbandoned => isAbandoned();

    public void GoOn() => then();
}

/// <summary>The leases of one file, and who waits for their end.</summary>
internal sealed class FileLeases
{
    public List<Lease> Held { get; } = [];

    /// <summary>In the order of arrival.</summary>
    public List<LeaseWaiter> Waiters { get; } = [];

    public Lease? Of(OpenFile holder) => Held.Find(lease => lease.Holder == holder);

    /// <summary>Whether somebody who opens the file has to wait.</summary>
    public bool Forbid(bool writing)
    {
        foreach (var lease in Held)
        {
            if (lease.Forbids(writing)) return true;
        }
        return false;
    }
}
