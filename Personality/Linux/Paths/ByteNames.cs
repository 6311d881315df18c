using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace K42.Personality.Linux.Paths;

/// <summary>Linux's names are bytes, volumes keep text: bytes that are not UTF-8 travel as characters of a
/// private range, U+F780 to U+F7FF for 0x80 to 0xFF, and come back as the bytes they were.</summary>
/// <remarks>A name that holds a character of that range in UTF-8 is taken apart the same way, so that every
/// name comes back as it was. Such a name counts three times its length towards NAME_MAX.</remarks>
internal static class ByteNames
{
    private const char First = '\uF780', Last = '\uF7FF';
    private const int Base = 0xF700;

    // What the range looks like in UTF-8: EF 9E 80 to EF 9F BF.
    private const byte Lead = 0xEF, SecondLow = 0x9E, SecondHigh = 0x9F;

    private const int LengthAt = 16, NameAt = 19, RecordAlignment = 8;

    /// <summary>The text of a name's bytes.</summary>
    public static string ToText(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes)) return Encoding.ASCII.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var whole = Rune.DecodeFromUtf8(bytes, out var rune, out var count) == OperationStatus.Done;
            if (whole && rune.Value is (< First or > Last))
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var one in bytes[..count]) text.Append((char)(Base + one));
            }
            bytes = bytes[count..];
        }
        return text.ToString();
    }

    /// <summary>The bytes of a name's text.</summary>
    public static byte[] ToBytes(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return HasEscapes(bytes) ? Unescape(bytes) : bytes;
    }

    /// <summary>Directory records (struct linux_dirent64) with their names as bytes again.</summary>
    public static ReadOnlyMemory<byte> Records(ReadOnlyMemory<byte> records)
    {
        if (!HasEscapes(records.Span)) return records;
        var given = new byte[records.Length];
        var from = records.Span;
        var at = 0;
        while (from.Length > NameAt)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(from[LengthAt..]);
            var name = from[NameAt..length];
            var bytes = Unescape(name[..name.IndexOf((byte)0)]);
            var shorter = (NameAt + bytes.Length + RecordAlignment) & ~(RecordAlignment - 1);
            from[..NameAt].CopyTo(given.AsSpan(at));
            BinaryPrimitives.WriteUInt16LittleEndian(given.AsSpan(at + LengthAt), (ushort)shorter);
            bytes.CopyTo(given, at + NameAt);
            from = from[length..];
            at += shorter;
        }
        return given.AsMemory(0, at);
    }

    private static bool HasEscapes(ReadOnlySpan<byte> utf8)
    {
        for (var at = utf8.IndexOf(Lead); at >= 0 && at + 2 < utf8.Length;)
        {
            if (utf8[at + 1] is SecondLow or SecondHigh) return true;
            var next = utf8[(at + 1)..].IndexOf(Lead);
            at = next < 0 ? -1 : at + 1 + next;
        }
        return false;
    }

    private static byte[] Unescape(ReadOnlySpan<byte> utf8)
    {
        var bytes = new List<byte>(utf8.Length);
        for (var at = 0; at < utf8.Length; at++)
        {
            var leads = utf8[at] == Lead && at + 2 < utf8.Length;
            var escaped = leads && utf8[at + 1] is (SecondLow or SecondHigh);
            if (!escaped)
            {
                bytes.Add(utf8[at]);
                continue;
            }
            bytes.Add((byte)((utf8[at + 1] == SecondLow ? 0x80 : 0xC0) + (utf8[at + 2] & 0x3F)));
            at += 2;
        }
        return [.. bytes];
    }
}
