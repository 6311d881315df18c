using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>Bytes between a program's memory and an open file, in pieces that a call carries.</summary>
/// <remarks>
/// At the shared offset the pieces go one after the other, each atomic with its part of the offset. At an
/// offset of their own several are under way at once. What was moved before an error is the result, as in
/// Linux. A pipe whose node died is a pipe whose other end is closed.
/// </remarks>
internal static class Transfer
{
    private const int PieceMax = FileContract.CallBytesMax;
    private const int UnderWayMax = 8;

    /// <summary>Reads.</summary>
    public static ValueTask<SysResult> Read(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset, CancellationToken interrupted)
    {
        if (file.Type is Abi.FileMode.S_IFREG or Abi.FileMode.S_IFDIR) interrupted = CancellationToken.None;
        var together = offset != FileContract.SharedOffset && buffer.Count > PieceMax;
        return together
            ? ReadTogether(task, file, buffer, offset)
            : ReadInTurn(task, file, buffer, offset, interrupted);
    }

    /// <summary>Writes; a broken pipe sends the task SIGPIPE.</summary>
    public static async ValueTask<SysResult> Write(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset, CancellationToken interrupted)
    {
        if (file.Type == Abi.FileMode.S_IFREG) interrupted = CancellationToken.None;
        var together = offset != FileContract.SharedOffset && buffer.Count > PieceMax;
        var (moved, errno) = together
            ? await WriteTogether(task, file, buffer, offset)
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

    private static async ValueTask<SysResult> ReadTogether(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset)
    {
        var underWay = new Queue<(int Asked, ValueTask<Outcome<ReadOnlyMemory<byte>>> Answer)>(UnderWayMax);
        long moved = 0, sent = 0;
        var (errno, ended) = (Errno.None, false);
        while (underWay.Count > 0 || (!ended && sent < buffer.Count))
        {
            while (!ended && sent < buffer.Count && underWay.Count < UnderWayMax)
            {
                var piece = (int)Math.Min(buffer.Count - sent, PieceMax);
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
        return Result(moved, errno);
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

    private static async ValueTask<(long Moved, Errno Errno)> WriteTogether(
        LinuxTask task, OpenFile file, UserBuffer buffer, long offset)
    {
        var underWay = new Queue<(int Asked, ValueTask<Outcome<int>> Answer)>(UnderWayMax);
        long moved = 0, sent = 0;
        var (errno, ended) = (Errno.None, false);
        while (underWay.Count > 0 || (!ended && sent < buffer.Count))
        {
            while (!ended && sent < buffer.Count && underWay.Count < UnderWayMax)
            {
                var piece = (int)Math.Min(buffer.Count - sent, PieceMax);
                if (!buffer.Read(sent, piece, out var bytes))
                {
                    (ended, errno) = (true, Errno.EFAULT);
                    break;
                }
                underWay.Enqueue((piece, task.Patient(
                    (file.Client, bytes, At: offset + sent),
                    static ask => ask.Client.Write(ask.bytes, ask.At))));
                sent += piece;
            }
            if (underWay.Count == 0) break;
            var (asked, answer) = underWay.Dequeue();
            var taken = await answer;
            if (ended) continue;
            ended = taken.Failed || taken.Value < asked;
            errno = taken.Errno;
            if (!taken.Failed) moved += taken.Value;
        }
        return (moved, errno);
    }
}
