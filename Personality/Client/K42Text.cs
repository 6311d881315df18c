using System.Buffers;
using System.Text;

using Google.Protobuf;

namespace K42.Client;

/// <summary>Names and paths: bytes to Linux, strings to .NET.</summary>
/// <remarks>A string stands for its UTF-8. Bytes that are not UTF-8 become the lone surrogates U+DC80 to
/// U+DCFF, one each (Python's surrogateescape, PEP 383), so that every name comes back as the
/// bytes that it is.</remarks>
public static class K42Text
{
    private const char EscapeFirst = '\uDC80', EscapeLast = '\uDCFF';
    private const int EscapeBase = 0xDC00;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The bytes of a name or path.</summary>
    /// <exception cref="ArgumentException">It has half a surrogate pair that stands for no byte.</exception>
    public static ByteString Encode(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange(EscapeFirst, EscapeLast) < 0)
            return UnsafeByteOperations.UnsafeWrap(s_strict.GetBytes(text));
        var bytes = new ArrayBufferWriter<byte>(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var length = char.IsSurrogatePair(text, at) ? 2 : 1;
            var isByte = length == 1 && text[at] is >= EscapeFirst and <= EscapeLast;
            if (isByte) bytes.Write([(byte)(text[at] - EscapeBase)]);
            else s_strict.GetBytes(text.AsSpan(at, length), bytes);
            at += length;
        }
        return ByteString.CopyFrom(bytes.WrittenSpan);
    }

    /// <summary>The string that stands for a name's or path's bytes.</summary>
    public static string Decode(ByteString bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes.Span)) return bytes.ToStringUtf8();
        var text = new StringBuilder(bytes.Length);
        for (var rest = bytes.Span; !rest.IsEmpty;)
        {
            var done = Rune.DecodeFromUtf8(rest, out var rune, out var count) == OperationStatus.Done;
            if (done) text.Append(rune.ToString());
            else foreach (var one in rest[..count]) text.Append((char)(EscapeBase + one));
            rest = rest[count..];
        }
        return text.ToString();
    }

    /// <summary>Whether a name or path is UTF-8.</summary>
    public static bool IsUtf8(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsSurrogatePair(text, at)) at++;
            else if (char.IsSurrogate(text[at])) return false;
        }
        return true;
    }

    /// <summary>A name or path for people to read: as it is, or quoted for a shell, as ls(1) of GNU does,
    /// when it has control characters, quotes or bytes that are not UTF-8: <c>'caf'$'\351'</c>.</summary>
    public static string Show(string text)
    {
        if (IsUtf8(text) && !text.Any(static one => one == '\'' || char.IsControl(one))) return text;
        var shown = new StringBuilder(text.Length + 8);
        var open = '\0';
        for (var at = 0; at < text.Length; at++)
        {
            var isPair = char.IsSurrogatePair(text, at);
            var one = text[at];
            if (one == '\'')
            {
                Turn(shown, ref open, '\0');
                shown.Append("\\'");
            }
            else if (isPair || !(char.IsControl(one) || char.IsSurrogate(one)))
            {
                Turn(shown, ref open, '\'');
                shown.Append(one);
                if (isPair) shown.Append(text[++at]);
            }
            else
            {
                Turn(shown, ref open, '$');
                foreach (var octet in Encode(one.ToString()).Span) shown.Append('\\').Append(Octal(octet));
            }
        }
        Turn(shown, ref open, '\0');
        return shown.ToString();
    }

    private static string Octal(byte octet) =>
        Convert.ToString(octet, 8).PadLeft(3, '0');

    // Ends one kind of quotes and begins another.
    private static void Turn(StringBuilder shown, ref char open, char next)
    {
        if (open == next) return;
        if (open != '\0') shown.Append('\'');
        if (next == '$') shown.Append("$'");
        else if (next == '\'') shown.Append('\'');
        open = next;
    }
}
