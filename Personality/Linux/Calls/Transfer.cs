using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>Bytes between a program's memory and an open file, in pieces that a call carries.</summary>
/// <remarks>
/// A long read at a file's shared offset takes its part of the offset first, a long write brings all of its
/// bytes first, so that each is one, as on Linux. What was moved before an error is the result, as in Linux.
/// A pipe whose node died is a pipe whose other end is closed.
/// </remarks>
internal static class Transfer
{
    private const int PieceMax = FileContract.CallBytesMax;
    private const int UnderWayMax = 8;

    /// <summary>Reads.</summary>
    public static async ValueTask<SysResult> Read(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset, CancellationToken interrupted)
    {
        if (file.Type is Abi.FileMode.S_IFREG or Abi.FileMode.S_IFDIR) interrupted = CancellationToken.None;
        if (buffer.Count <= PieceMax) return await ReadInTurn(task, file, buffer, offset, interrupted);
        if (offset != FileContract.SharedOffset)
        {
            if (offset > long.MaxValue - buffer.Asked) return Errno.EINVAL;
            var (moved, errno) = await ReadTogether(task, file, buffer, offset, buffer.Count);
            return Result(moved, errno);
        }
        return await file.KnowType(task) == Abi.FileMode.S_IFREG
            ? await ReadWhole(task, file, buffer)
            : await ReadInTurn(task, file, buffer, offset, interrupted);
    }

    /// <summary>Writes; a broken pipe sends the task SIGPIPE.</summary>
    public static async ValueTask<SysResult> Write(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset, CancellationToken interrupted)
    {
        if (file.Type == Abi.FileMode.S_IFREG) interrupted = CancellationToken.None;
        var isWhole = buffer.Count > PieceMax && await file.KnowType(task) == Abi.FileMode.S_IFREG;
        var (moved, errno) = isWhole
            ? await WriteWhole(task, file, buffer, offset)
            : await WriteInTurn(task, file, buffer, offset, interrupted);
        if (errno == Errno.EPIPE) await task.Raise(Signal.SIGPIPE);
        return Result(moved, errno);
    }

    private static SysResult Result(long moved, Errno errno) => moved > 0 ? moved : errno;

    private static async ValueTask<SysResult> ReadInTurn(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset, CancellationToken interrupted)
    {
        long moved = 0;
        while (true)
        {
            var piece = (int)Math.Min(buffer.Count - moved, PieceMax);
            var at = offset == FileContract.SharedOffset ? offset : offset + moved;
            var bytes = await task.Patient(
                (file.Client, piece, at, interrupted),
                static ask => ask.Client.Read(ask.piece, ask.at, ask.interrupted));
            if (bytes.Failed)
                return Result(moved, task.System.LostHomes.Answer(file, bytes.Errno, lost: Errno.None));
            if (buffer.Count == 0) return await Unreachable(task, file, buffer, offset);
            var count = bytes.Value.Length;
            if (!buffer.Write(moved, bytes.Value)) return Result(moved, Errno.EFAULT);
            moved += count;
            if (count < piece || moved == buffer.Count) return moved;
            // A pipe or socket gives what it has; only what never waits is asked for more.
            var type = await file.KnowType(task);
            if (type is not (Abi.FileMode.S_IFREG or Abi.FileMode.S_IFCHR)) return moved;
        }
    }

    // Nothing can be copied out. At the end of a file nothing has to be; anywhere else nothing may be taken.
    private static async ValueTask<SysResult> Unreachable(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset)
    {
        if (buffer.Asked == 0) return 0;
        if (file.Type != Abi.FileMode.S_IFREG) return Errno.EFAULT;
        const int seekCurrent = 1;
        var at = offset != FileContract.SharedOffset
            ? offset
            : await task.Patient(file.Client, static client => client.Seek(0, seekCurrent));
        if (at.Failed) return at.Errno;
        var next = await task.Patient(
            (file.Client, at.Value), static ask => ask.Client.Read(1, ask.Value));
        return next.Failed ? next.Errno : next.Value.IsEmpty ? 0 : Errno.EFAULT;
    }

    private static async ValueTask<SysResult> ReadWhole(LinuxTask task, OpenFile file, UserBuffer buffer)
    {
        var taken = await task.Patient(
            (file.Client, buffer.Count), static ask => ask.Client.Advance(ask.Count));
        if (taken.Failed) return taken.Errno;
        var (start, count) = (taken.Value.Offset, taken.Value.Count);
        var (moved, errno) = await ReadTogether(task, file, buffer, start, count);
        if (moved < count)
        {
            await task.Patient(
                (file.Client, From: start + count, To: start + moved),
                static ask => ask.Client.Retreat(ask.From, ask.To));
        }
        return Result(moved, errno);
    }

    private static async ValueTask<(long Moved, Errno Errno)> ReadTogether(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset, long count)
    {
        var underWay = new Queue<(int Asked, ValueTask<Outcome<ReadOnlyMemory<byte>>> Answer)>(UnderWayMax);
        long moved = 0, sent = 0;
        var (errno, ended) = (Errno.None, false);
        while (underWay.Count > 0 || (!ended && sent < count))
        {
            while (!ended && sent < count && underWay.Count < UnderWayMax)
            {
                var piece = (int)Math.Min(count - sent, PieceMax);
                underWay.Enqueue((piece, task.Patient(
                    (file.Client, piece, At: offset + sent),
                    static ask => ask.Client.Read(ask.piece, ask.At))));
                sent += piece;
            }
            var (asked, answer) = underWay.Dequeue();
            var bytes = await answer;
            if (ended) continue;
            ended = bytes.Failed || bytes.Value.Length < asked;
            errno = bytes.Errno;
            if (bytes.Failed) continue;
            if (!buffer.Write(moved, bytes.Value)) (ended, errno) = (true, Errno.EFAULT);
            else moved += bytes.Value.Length;
        }
        return (moved, errno);
    }

    private static async ValueTask<(long Moved, Errno Errno)> WriteInTurn(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset, CancellationToken interrupted)
    {
        long moved = 0;
        if (buffer.Count == 0 && buffer.Asked > 0) return (0, Errno.EFAULT);
        do
        {
            var piece = (int)Math.Min(buffer.Count - moved, PieceMax);
            if (!buffer.Read(moved, piece, out var bytes)) return (moved, Errno.EFAULT);
            var at = offset == FileContract.SharedOffset ? offset : offset + moved;
            var taken = await task.Patient(
                (file.Client, bytes, at, interrupted),
                static ask => ask.Client.Write(ask.bytes, ask.at, ask.interrupted));
            if (taken.Failed)
            {
                var lost = buffer.Asked == 0 ? Errno.None : Errno.EPIPE;
                return (moved, task.System.LostHomes.Answer(file, taken.Errno, lost));
            }
            moved += taken.Value;
            // After a part that no signal cut short, who is asked again says why there was no more: a pipe
            // whose readers are gone is due SIGPIPE, though what went in is the result.
            if (taken.Value < piece && (taken.Value == 0 || interrupted.IsCancellationRequested)) break;
        }
        while (moved < buffer.Count);
        return (moved, Errno.None);
    }

    private static async ValueTask<(long Moved, Errno Errno)> WriteWhole(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset)
    {
        long moved = 0;
        while (moved < buffer.Count)
        {
            var count = (int)Math.Min(buffer.Count - moved, FileContract.WholeBytesMax);
            var at = offset == FileContract.SharedOffset ? offset : offset + moved;
            var taken = await WriteWhole(task, file, buffer, moved, count, at);
            if (taken.Failed) return (moved, taken.Errno);
            moved += taken.Value;
            if (taken.Value < count) break;
        }
        return (moved, Errno.None);
    }

    private static async ValueTask<Outcome<int>> WriteWhole(
        LinuxTask task, OpenFile file, UserBuffer buffer, long start, int count, long at)
    {
        if (count <= PieceMax)
        {
            return !buffer.Read(start, count, out var bytes)
                ? Errno.EFAULT
                : await task.Patient(
                    (file.Client, bytes, at), static ask => ask.Client.Write(ask.bytes, ask.at));
        }
        while (true)
        {
            var transfer = task.NextTransfer();
            var (brought, errno) = await Bring(task, file, buffer, start, count, transfer);
            var taken = await task.Patient(
                (file.Client, transfer, brought, at),
                static ask => ask.Client.WriteWhole(ask.transfer, ask.brought, ask.at));
            if (brought == 0) return errno;
            // It took so long that others were given its room.
            if (taken.Errno != Errno.ESTALE) return taken;
        }
    }

    /// <summary>Brings the bytes of a write to its file: how many came, and why not all.</summary>
    private static async ValueTask<(int Brought, Errno Errno)> Bring(
        LinuxTask task, OpenFile file, UserBuffer buffer, long start, int count, ulong transfer)
    {
        var underWay = new Queue<(int Length, ValueTask<Outcome<Nothing>> Answer)>(UnderWayMax);
        var (brought, sent, errno) = (0, 0, Errno.None);
        while (underWay.Count > 0 || (errno == Errno.None && sent < count))
        {
            while (errno == Errno.None && sent < count && underWay.Count < UnderWayMax)
            {
                var length = Math.Min(count - sent, PieceMax);
                if (!buffer.Read(start + sent, length, out var bytes)) errno = Errno.EFAULT;
                else
                {
                    underWay.Enqueue((length, task.Patient(
                        (file.Client, transfer, count, sent, bytes),
                        static ask => ask.Client.WritePiece(ask.transfer, ask.count, ask.sent, ask.bytes))));
                    sent += length;
                }
            }
            if (underWay.Count == 0) break;
            var (piece, answer) = underWay.Dequeue();
            var kept = await answer;
            if (kept.Failed) errno = kept.Errno;
            else if (errno is Errno.None or Errno.EFAULT) brought += piece;
        }
        return (brought, errno);
    }
}
