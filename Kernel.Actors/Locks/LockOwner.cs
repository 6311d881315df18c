using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Locks;

/// <summary>Whose a lock is: a process's, or an open file description's.</summary>
/// <param name="Process">The process; 0 when it is a description's.</param>
/// <param name="Description">The open file; null when it is a process's.</param>
public readonly record struct LockOwner(int Process, object? Description)
{
    /// <summary>What F_GETLK says for a description's lock (fcntl_locking(2)).</summary>
    public const int NoProcess = -1;

    /// <summary>Whether it is a process's.</summary>
    public bool IsProcess => Description is null;

    /// <summary>l_pid of struct flock.</summary>
    public int ShownPid => IsProcess ? Process : NoProcess;
}

/// <summary>F_RDLCK, F_WRLCK, F_UNLCK.</summary>
public enum LockType
{
    /// <summary>Shared.</summary>
    Read = 0,

    /// <summary>Exclusive.</summary>
    Write = 1,

    /// <summary>None.</summary>
    Unlock = 2,
}

/// <summary>The bytes that a lock is about.</summary>
/// <param name="Start">The first, from 0.</param>
/// <param name="End">The last; <see cref="long.MaxValue"/> for all that follow, however long the file
/// gets.</param>
public readonly record struct LockRange(long Start, long End)
{
    private const int FromStart = 0, FromPosition = 1, FromEnd = 2;

    /// <summary>The whole file.</summary>
    public static LockRange All => new(0, long.MaxValue);

    /// <summary>l_len of struct flock.</summary>
    public long ShownLength => End == long.MaxValue ? 0 : End - Start + 1;

    /// <summary>Whether a byte is in both.</summary>
    public bool Overlaps(long start, long end) => Start <= end && start <= End;

    /// <summary>The bytes that a struct flock names. EINVAL for an unknown whence or bytes before the file,
    /// EOVERFLOW for bytes that no offset reaches.</summary>
    /// <param name="wanted">What was asked.</param>
    /// <param name="position">The open file's offset.</param>
    /// <param name="size">The file's size.</param>
    public static Outcome<LockRange> Of(in RecordLock wanted, long position, long size)
    {
        var origin = wanted.Whence switch
        {
            FromStart => 0,
            FromPosition => position,
            FromEnd => size,
            _ => -1,
        };
        if (origin < 0) return Errno.EINVAL;
        if (wanted.Start > long.MaxValue - origin) return Errno.EOVERFLOW;
        var start = origin + wanted.Start;
        if (start < 0) return Errno.EINVAL;
        switch (wanted.Length)
        {
            case 0:
                return new LockRange(start, long.MaxValue);
            case > 0 when wanted.Length - 1 > long.MaxValue - start:
                return Errno.EOVERFLOW;
            case > 0:
                return new LockRange(start, start + (wanted.Length - 1));
            default:
                // POSIX: a negative length locks what lies before.
                var first = start + wanted.Length;
                return first < 0 ? Errno.EINVAL : new LockRange(first, start - 1);
        }
    }
}
