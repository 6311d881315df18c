using System.Buffers.Binary;
using Google.Protobuf;
using K42.Linux.V1;
using static K42.Linux.V1.Call.CallOneofCase;

namespace K42.Gateway.Calls;

/// <summary>Turns a typed message into registers and memory, as a program's library would.</summary>
/// <remarks>It checks nothing: a wrong argument is for the system call to find, in Linux's order.</remarks>
internal static partial class CallEncoder
{
    /// <summary>Field numbers of calls in Call are this and the call's number.</summary>
    private const int NumberBase = 1_000;

    // Any address that is neither SIG_DFL nor SIG_IGN: a session's handlers are events.
    private const long HandlerAddress = 0x1000;

    private const int SignalSetBytes = 8;

    // struct f_owner_ex, and the ids of F_GETOWNER_UIDS.
    private const int PairBytes = 8;

    /// <summary>Fills the frame; false when the message has no call that has a number.</summary>
    public static bool TryEncode(Call call, CallFrame frame)
    {
        var number = (int)call.CallCase - NumberBase;
        if (number is < 0 or >= NumberBase)
            return call.CallCase == Numeric && EncodeNumeric(call.Numeric, frame);
        return TryIo(call, frame, number) || TryFiles(call, frame, number) || TryNames(call, frame, number)
            || TryProcesses(call, frame, number) || TryCredentials(call, frame, number);
    }

    private static bool EncodeNumeric(NumericRequest call, CallFrame frame)
    {
        if (call.Number > int.MaxValue) return false;
        frame.Set((int)call.Number);
        for (var i = 0; i < Math.Min(call.Args.Count, CallFrame.ArgumentsMax); i++)
            frame.TrySet((uint)i + 1, call.Args[i]);
        return true;
    }

    private static bool TryIo(Call call, CallFrame frame, int number)
    {
        switch (call.CallCase)
        {
            case Read: Reading(frame, number, call.Read.Fd, call.Read.Count, 0); return true;
            case Pread64:
                Reading(frame, number, call.Pread64.Fd, call.Pread64.Count, call.Pread64.Offset);
                return true;
            case Write: Writing(frame, number, call.Write.Fd, call.Write.Data, 0); return true;
            case Pwrite64:
                Writing(frame, number, call.Pwrite64.Fd, call.Pwrite64.Data, call.Pwrite64.Offset);
                return true;
            case Readv: ReadVector(frame, number, call.Readv); return true;
            case Writev: WriteVector(frame, number, call.Writev); return true;
            case Lseek: frame.Set(number, call.Lseek.Fd, call.Lseek.Offset, call.Lseek.Whence); return true;
            case Fsync: frame.Set(number, call.Fsync.Fd); return true;
            case Flock: frame.Set(number, call.Flock.Fd, call.Flock.Operation); return true;
            case Fdatasync: frame.Set(number, call.Fdatasync.Fd); return true;
            case Truncate:
                frame.Set(number, frame.Text(call.Truncate.Path), call.Truncate.Length);
                return true;
            case Ftruncate: frame.Set(number, call.Ftruncate.Fd, call.Ftruncate.Length); return true;
            case Open:
                frame.Set(number, frame.Text(call.Open.Path), call.Open.Flags, call.Open.Mode);
                return true;
            case Openat:
                var open = call.Openat;
                frame.Set(number, open.Dirfd, frame.Text(open.Path), open.Flags, open.Mode);
                return true;
            case Creat: frame.Set(number, frame.Text(call.Creat.Path), call.Creat.Mode); return true;
            case Close: frame.Set(number, call.Close.Fd); return true;
            case Dup: frame.Set(number, call.Dup.Oldfd); return true;
            case Dup2: frame.Set(number, call.Dup2.Oldfd, call.Dup2.Newfd); return true;
            case Dup3: frame.Set(number, call.Dup3.Oldfd, call.Dup3.Newfd, call.Dup3.Flags); return true;
            case Fcntl: Control(frame, number, call.Fcntl); return true;
            case Pipe: frame.Set(number, frame.Room(OutKind.Descriptors, 8)); return true;
            case Pipe2: frame.Set(number, frame.Room(OutKind.Descriptors, 8), call.Pipe2.Flags); return true;
            default: return false;
        }
    }

    private static void Reading(CallFrame frame, int number, int fd, ulong count, long offset)
    {
        // read(2) may give less than was asked; a count that is negative as ssize_t is for the call to
        // refuse.
        var wanted = count <= long.MaxValue ? (long)Math.Min(count, CallLimits.ReadBytesMax) : (long)count;
        frame.Set(number, fd, frame.Room(OutKind.Data, wanted), wanted, offset);
    }

    private static void Writing(CallFrame frame, int number, int fd, ByteString data, long offset) =>
        frame.Set(number, fd, frame.In(data.Memory), data.Length, offset);

    private static void ReadVector(CallFrame frame, int number, ReadvRequest call)
    {
        // One room for all buffers, one behind the other, so that what was read is in one piece.
        var count = Math.Min(call.Counts.Count, CallLimits.VectorsMax + 1);
        var total = 0L;
        var vectors = new byte[count * 16];
        for (var i = 0; i < count; i++)
        {
            // One that is negative as ssize_t is for the call to refuse.
            var length = call.Counts[i] > long.MaxValue
                ? -1
                : (long)Math.Min(call.Counts[i], (ulong)(CallLimits.ReadBytesMax - total));
            BinaryPrimitives.WriteInt64LittleEndian(vectors.AsSpan(i * 16), total);
            BinaryPrimitives.WriteInt64LittleEndian(vectors.AsSpan(i * 16 + 8), length);
            total += Math.Max(0, length);
        }
        var room = frame.Room(OutKind.Data, total);
        for (var i = 0; i < count; i++)
        {
            var at = vectors.AsSpan(i * 16);
            BinaryPrimitives.WriteInt64LittleEndian(at, room + BinaryPrimitives.ReadInt64LittleEndian(at));
        }
        frame.Set(number, call.Fd, frame.In(vectors), count);
    }

    private static void WriteVector(CallFrame frame, int number, WritevRequest call)
    {
        var count = Math.Min(call.Data.Count, CallLimits.VectorsMax + 1);
        var vectors = new byte[count * 16];
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(vectors.AsSpan(i * 16), frame.In(call.Data[i].Memory));
            BinaryPrimitives.WriteInt64LittleEndian(vectors.AsSpan(i * 16 + 8), call.Data[i].Length);
        }
        frame.Set(number, call.Fd, frame.In(vectors), count);
    }

    private static void Control(CallFrame frame, int number, FcntlRequest call)
    {
        // F_GETLK and F_OFD_GETLK write the lock that they found; the others only read.
        const int getLock = 5, getOfDescription = 36, getOwner = 16, getIds = 17, getHint = 1035;
        switch (call.Cmd)
        {
            case getLock or getOfDescription when call.Lock is not null:
                var lockBytes = Structure(call);
                var room = frame.Room(OutKind.Lock, lockBytes.Length);
                frame.Memory.TryWrite((ulong)room, lockBytes.Span);
                frame.Set(number, call.Fd, call.Cmd, room);
                break;
            case getOwner:
                frame.Set(number, call.Fd, call.Cmd, frame.Room(OutKind.Owner, PairBytes));
                break;
            case getIds:
                frame.Set(number, call.Fd, call.Cmd, frame.Room(OutKind.OwnerIds, PairBytes));
                break;
            case getHint:
                frame.Set(number, call.Fd, call.Cmd, frame.Room(OutKind.Hint, sizeof(ulong)));
                break;
            default:
                var bytes = Structure(call);
                frame.Set(number, call.Fd, call.Cmd, bytes.IsEmpty ? call.Arg : frame.In(bytes));
                break;
        }
    }

    // What stands behind the pointer; empty when the argument is a number.
    private static ReadOnlyMemory<byte> Structure(FcntlRequest call)
    {
        var bytes = Array.Empty<byte>();
        if (call.Lock is { } given)
        {
            bytes = new byte[StructLayout.FlockBytes];
            StructLayout.Write(given, bytes);
        }
        else if (call.Owner is { } owner)
        {
            bytes = new byte[PairBytes];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, owner.Type);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(sizeof(int)), owner.Pid);
        }
        else if (call.HasHint)
        {
            bytes = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, call.Hint);
        }
        return bytes;
    }
}
