using Google.Protobuf;
using K42.Linux.V1;
using K42.Personality.Linux;

namespace K42.Gateway.Calls;

/// <summary>Turns what a call returned and wrote into its completion.</summary>
internal static class CallDecoder
{
    private const int IdBytes = 4;

    /// <summary>The completion of a call that the system made.</summary>
    public static Completion Decode(ulong tag, CallFrame frame, SysResult result)
    {
        if (result.Failed) return new Completion { Tag = tag, Errno = (int)result.Errno };
        var completion = new Completion { Tag = tag, Result = result.Raw };
        if (frame.Out != OutKind.None) Write(completion, frame, result.Raw);
        return completion;
    }

    /// <summary>The completion of a call that never reached the system.</summary>
    public static Completion Skip(ulong tag, Skipped why) => new()
    {
        Tag = tag,
        Skipped = why,
        Errno = (int)(why switch
        {
            Skipped.LinkFailed or Skipped.NoResult => Contracts.Errno.ECANCELED,
            Skipped.TooManyCalls or Skipped.TooManyBytes => Contracts.Errno.EAGAIN,
            Skipped.NoTask => Contracts.Errno.ESRCH,
            _ => Contracts.Errno.ENOSYS,
        }),
    };

    private static void Write(Completion to, CallFrame frame, long result)
    {
        var kind = frame.Out;
        var memory = frame.Written;
        if (kind is OutKind.Data or OutKind.Path)
        {
            var count = Math.Clamp(kind == OutKind.Path ? result - 1 : result, 0, memory.Length);
            to.Data = UnsafeByteOperations.UnsafeWrap(memory[..(int)count]);
            return;
        }
        var bytes = memory.Span;
        switch (kind)
        {
            case OutKind.Entries: to.Entries = StructLayout.Entries(bytes[..(int)result]); break;
            case OutKind.Groups: to.Groups = Groups(bytes); break;
            case OutKind.ChildInfo: to.Child = bytes.Length >= 28
                ? StructLayout.Child(bytes) : new ChildInfo(); break;
            case OutKind.WaitStatus when result > 0:
                to.WaitStatus = StructLayout.Wait(bytes);
                break;
            default:
                if (!bytes.IsEmpty) Fixed(to, kind, bytes);
                break;
        }
    }

    private static void Fixed(Completion to, OutKind kind, ReadOnlySpan<byte> written)
    {
        // What was not written is zero, as in memory that a program cleared.
        Span<byte> bytes = stackalloc byte[StructLayout.BytesMax];
        bytes.Clear();
        written[..Math.Min(written.Length, bytes.Length)].CopyTo(bytes);
        switch (kind)
        {
            case OutKind.Stat: to.Stat = StructLayout.Stat(bytes); break;
            case OutKind.Statfs: to.Statfs = StructLayout.Statfs(bytes); break;
            case OutKind.Utsname: to.Utsname = StructLayout.Utsname(bytes); break;
            case OutKind.Time: to.Time = StructLayout.Time(bytes); break;
            case OutKind.Action: to.Action = StructLayout.Action(bytes); break;
            case OutKind.Lock: to.Lock = StructLayout.Lock(bytes); break;
            case OutKind.Owner:
                to.Owner = new FileOwner
                {
                    Type = StructLayout.Int32(bytes, 0),
                    Pid = StructLayout.Int32(bytes, IdBytes),
                };
                break;
            case OutKind.OwnerIds:
                to.OwnerIds = new OwnerIds
                {
                    Uid = (uint)StructLayout.Int32(bytes, 0),
                    Euid = (uint)StructLayout.Int32(bytes, IdBytes),
                };
                break;
            case OutKind.Hint: to.Hint = (ulong)StructLayout.Int64(bytes, 0); break;
            case OutKind.Signals:
                to.Signals = new SignalSet { Mask = (ulong)StructLayout.Int64(bytes, 0) };
                break;
            case OutKind.Ids: to.Ids = Ids(bytes); break;
            case OutKind.Descriptors:
                to.Descriptors = new Descriptors { Fds =
                    { StructLayout.Int32(bytes, 0), StructLayout.Int32(bytes, 4) } };
                break;
        }
    }

    private static Ids Ids(ReadOnlySpan<byte> bytes) => new()
    {
        Real = (uint)StructLayout.Int32(bytes, 0),
        Effective = (uint)StructLayout.Int32(bytes, IdBytes),
        Saved = (uint)StructLayout.Int32(bytes, 2 * IdBytes),
    };

    private static Groups Groups(ReadOnlySpan<byte> bytes)
    {
        var groups = new Groups();
        for (; bytes.Length >= 4; bytes = bytes[4..]) groups.Gids.Add((uint)StructLayout.Int32(bytes, 0));
        return groups;
    }
}
