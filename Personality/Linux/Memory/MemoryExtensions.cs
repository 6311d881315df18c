using System.Buffers.Binary;

using K42.Contracts;

namespace K42.Personality.Linux.Memory;

/// <summary>Whole values in a program's memory.</summary>
public static class TaskMemoryExtensions
{
    private const int PageBytes = 4_096;

    /// <summary>Reads bytes up to a zero byte.</summary>
    /// <param name="countMax">How long the string may be, without the zero.</param>
    /// <returns>The bytes; EFAULT, or ENAMETOOLONG when there is no zero within the limit.</returns>
    public static Outcome<ReadOnlyMemory<byte>> ReadString(
        this ITaskMemory memory, ulong address, int countMax)
    {
        var limit = countMax + 1;
        var there = (int)memory.Readable(address, Math.Min(limit, PageBytes));
        var read = 0;
        var bytes = new byte[there];
        while (there > 0)
        {
            if (bytes.Length < read + there) Array.Resize(ref bytes, read + there);
            if (!memory.TryRead(address + (ulong)read, bytes.AsSpan(read, there))) return Errno.EFAULT;
            var end = bytes.AsSpan(read, there).IndexOf((byte)0);
            if (end >= 0) return new Outcome<ReadOnlyMemory<byte>>(bytes.AsMemory(0, read + end));
            read += there;
            if (read >= limit) return Errno.ENAMETOOLONG;
            there = (int)memory.Readable(address + (ulong)read, Math.Min(limit - read, PageBytes));
        }
        return Errno.EFAULT;
    }

    /// <summary>Reads 8 bytes.</summary>
    public static bool TryReadInt64(this ITaskMemory memory, ulong address, out long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        var read = memory.TryRead(address, bytes);
        value = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return read;
    }

    /// <summary>Writes 8 bytes.</summary>
    public static bool TryWriteInt64(this ITaskMemory memory, ulong address, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return memory.TryWrite(address, bytes);
    }

    /// <summary>Writes 4 bytes.</summary>
    public static bool TryWriteInt32(this ITaskMemory memory, ulong address, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return memory.TryWrite(address, bytes);
    }
}
