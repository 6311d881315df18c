using System.Buffers.Binary;
using System.Text;

namespace K42.Servers.Tests.Volumes;

/// <summary>One record of struct linux_dirent64.</summary>
internal sealed record DirectoryRecord(ulong Inode, long Next, byte Type, string Name)
{
    public string Shown => $"{Name}:{Type}";
}

/// <summary>Reads what getdents64(2) gives.</summary>
internal static class DirectoryRecords
{
    /// <summary>Names and types, ordered.</summary>
    public static string Shown(ReadOnlySpan<byte> records) =>
        string.Join(' ', Parse(records).Select(static one => one.Shown).Order(StringComparer.Ordinal));

    public static List<DirectoryRecord> Parse(ReadOnlySpan<byte> records)
    {
        var parsed = new List<DirectoryRecord>();
        while (!records.IsEmpty)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(records[16..]);
            var name = records[19..length];
            parsed.Add(new DirectoryRecord(
                BinaryPrimitives.ReadUInt64LittleEndian(records),
                BinaryPrimitives.ReadInt64LittleEndian(records[8..]),
                records[18],
                Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)])));
            records = records[length..];
        }
        return parsed;
    }
}

/// <summary>Bytes to write, and a short form of bytes that were read.</summary>
internal static class SampleBytes
{
    public static byte[] Make(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = (byte)((i * 31) + (i >> 8) + count);
        return bytes;
    }

    public static string Digest(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 14_695_981_039_346_656_037;
        foreach (var one in bytes) sum = (sum ^ one) * 1_099_511_628_211;
        return $"{bytes.Length} bytes {sum:x}";
    }
}
