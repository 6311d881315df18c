using System.Buffers;
using System.Buffers.Binary;

using K42.Contracts;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>Listings as getdents64(2) gives them: records of struct linux_dirent64.</summary>
internal static class DirectoryReader
{
    // d_ino 8, d_off 8, d_reclen 2, d_type 1, then the name and its terminator; padded to 8.
    private const int NameOffset = 19;
    private const int Alignment = 8;
    private const int RecordBytesMax = NameOffset + PathWalker.NameBytesMax + 1 + Alignment;
    private const long Dot = 0;
    private const long DotDot = 1;

    /// <summary>Whole records from a position on, at most so many bytes; empty at the end.</summary>
    /// <param name="position">A cookie, or 0 and 1 for "." and ".."; moves behind what was given.</param>
    /// <returns>ENOENT when the directory was removed, EINVAL when not even one record fits.</returns>
    public static Outcome<ReadOnlyMemory<byte>> Read(RamDirectory directory, ref long position, int countMax)
    {
        if (directory.Dead) return Errno.ENOENT;
        var likely = (directory.Entries.Count + 2L) * RecordBytesMax;
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(likely, 1, Math.Max(1, countMax)));
        try
        {
            var room = buffer.AsSpan(0, Math.Clamp(countMax, 0, buffer.Length));
            var full = !Fill(directory, ref position, room, out var written);
            if (full && written == 0) return Errno.EINVAL;
            return (ReadOnlyMemory<byte>)buffer.AsSpan(0, written).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool Fill(RamDirectory directory, ref long position, Span<byte> room, out int written)
    {
        written = 0;
        if (position == Dot)
        {
            if (!TryWrite(room, ref written, directory.Number, DotDot, directory.Mode, "."u8)) return false;
            position = DotDot;
        }
        if (position == DotDot)
        {
            var parent = directory.Parent;
            if (!TryWrite(room, ref written, parent.Number, EntryTable.FirstCookie, parent.Mode, ".."u8))
            {
                return false;
            }
            position = EntryTable.FirstCookie;
        }
        var index = directory.Entries.IndexFrom(position);
        while (directory.Entries.At(ref index) is { } entry)
        {
            var next = entry.Cookie + 1;
            if (!TryWrite(room, ref written, entry.Node.Number, next, entry.Node.Mode, entry.Name.Span))
            {
                return false;
            }
            position = next;
        }
        return true;
    }

    private static bool TryWrite(
        Span<byte> room, ref int written, ulong inode, long next, uint mode, ReadOnlySpan<byte> name)
    {
        var length = (NameOffset + name.Length + 1 + Alignment - 1) / Alignment * Alignment;
        if (room.Length - written < length) return false;
        var record = room.Slice(written, length);
        BinaryPrimitives.WriteUInt64LittleEndian(record, inode);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], next);
        BinaryPrimitives.WriteUInt16LittleEndian(record[16..], (ushort)length);
        record[18] = (byte)(mode >> 12);
        record[NameOffset..].Clear();
        name.CopyTo(record[NameOffset..]);
        written += length;
        return true;
    }
}
