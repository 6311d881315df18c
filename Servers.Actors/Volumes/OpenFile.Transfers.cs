using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>Bytes in and out, at the shared offset or another.</summary>
internal sealed partial class OpenFile
{
    public override void Read(int countMax, long offset, Reply<ReadOnlyMemory<byte>> reply)
    {
        var shared = offset == SharedOffset;
        var at = shared ? _offset : offset;
        if (countMax < 0 || at < 0 || at > long.MaxValue - countMax)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        if (node is not RamFile file)
        {
            reply.Fail(Errno.EISDIR);
            return;
        }
        var bytes = ReadAt(file, at, Math.Min(countMax, CallBytesMax));
        // A caller that gave up has read nothing, so the offset stays.
        if (reply.Ok(bytes) && shared) _offset = at + bytes.Length;
    }

    public override void Advance(long countMax, Reply<FileExtent> reply)
    {
        if (countMax < 0 || _offset > long.MaxValue - countMax)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        if (node is not RamFile file)
        {
            reply.Fail(Errno.EISDIR);
            return;
        }
        var count = Math.Clamp(file.Size - _offset, 0, countMax);
        // What is there notes the time when it is read.
        if (count == 0) ReadAt(file, _offset, 0);
        if (reply.Ok(new FileExtent(_offset, count))) _offset += count;
    }

    public override void Retreat(long from, long to, Reply<Nothing> reply)
    {
        if (to < 0 || to > from)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        if (_offset == from) _offset = to;
        reply.Ok();
    }

    public override void Write(ReadOnlyMemory<byte> data, long offset, Reply<int> reply)
    {
        var at = WritePosition(offset, data.Length);
        if (at.Failed)
        {
            reply.Fail(at.Errno);
            return;
        }
        var (file, mode) = ((RamFile)node, node.Mode);
        var taken = server.Files.Write(file, at.Value, data.Span, By(Caller(reply)));
        Written(taken, at.Value, offset == SharedOffset, mode);
        reply.Give(taken);
    }

    public override void WritePiece(
        ulong transfer, int total, int position, ReadOnlyMemory<byte> data, HandleRow handle,
        Reply<Nothing> reply)
    {
        var errno = node is RamFile
            ? server.Staged.Keep(handle, Caller(reply).Uid, transfer, total, position, data.Span)
            : Errno.EINVAL;
        Give(errno, reply);
    }

    public override void WriteWhole(
        ulong transfer, int count, long offset, HandleRow handle, Reply<int> reply)
    {
        var pieces = server.Staged.Take(handle, transfer);
        var at = count < 0 ? Errno.EINVAL : WritePosition(offset, count);
        if (at.Failed) reply.Fail(at.Errno);
        else if (count == 0) reply.Ok(0);
        else if (pieces is null || !pieces.Has(count)) reply.Fail(Errno.ESTALE);
        else
        {
            var mode = node.Mode;
            var taken = Write(pieces, count, at.Value, By(Caller(reply)));
            Written(taken, at.Value, offset == SharedOffset, mode);
            reply.Give(taken);
        }
    }

    private ReadOnlyMemory<byte> ReadAt(RamFile file, long offset, int count)
    {
        var touch = (_flags & OpenFlags.O_NOATIME) == 0;
        var bytes = server.Files.Read(file, offset, count, touch, view);
        if (!bytes.IsEmpty) Tell(DirectoryEvents.Access);
        return bytes;
    }

    /// <summary>Where a write goes. EINVAL, EFBIG.</summary>
    private Outcome<long> WritePosition(long offset, int count)
    {
        var at = offset == SharedOffset ? _offset : offset;
        if (at < 0 || at > long.MaxValue - count || node is not RamFile file) return Errno.EINVAL;
        if ((_flags & OpenFlags.O_APPEND) != 0) at = file.Size;
        return at > long.MaxValue - count ? Errno.EFBIG : at;
    }

    /// <summary>How much was taken, or the error when nothing was.</summary>
    private Outcome<int> Write(StagedWrite pieces, int count, long at, Visitor who)
    {
        var sum = 0;
        while (sum < count)
        {
            var piece = pieces.PieceAt(sum, count);
            var taken = server.Files.Write((RamFile)node, at + sum, piece, who);
            if (taken.Failed) return sum > 0 ? sum : taken;
            sum += taken.Value;
            if (taken.Value < piece.Length) break;
        }
        return sum;
    }

    private void Written(Outcome<int> taken, long at, bool shared, uint modeBefore)
    {
        if (node.Mode != modeBefore) Tell(DirectoryEvents.Attribute);
        if (taken.Failed || taken.Value == 0) return;
        Tell(DirectoryEvents.Modify);
        if (shared) _offset = at + taken.Value;
    }
}
