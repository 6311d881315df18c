using Google.Protobuf;

using K42.Client;

namespace K42.Node.Commands;

/// <summary>The words of a line at the prompt: parted by blanks, kept together by quotes. What
/// <see cref="K42Text.Show"/> prints is read back as the name it was: <c>'caf'$'\351'</c>.</summary>
internal static class ShellWords
{
    private const char OctalFirst = '0', OctalLast = '7';

    /// <summary>Takes a line apart.</summary>
    public static List<string> Split(string line)
    {
        var words = new List<string>();
        for (var at = 0; at < line.Length;)
        {
            if (char.IsWhiteSpace(line[at])) at++;
            else words.Add(Word(line, ref at));
        }
        return words;
    }

    private static string Word(string line, ref int at)
    {
        using var bytes = new MemoryStream();
        while (at < line.Length && !char.IsWhiteSpace(line[at]))
        {
            var isEscape = line[at] == '$' && at + 1 < line.Length && line[at + 1] == '\'';
            if (isEscape)
            {
                at += 2;
                Escapes(line, ref at, bytes);
            }
            else if (line[at] is '\'' or '"')
            {
                var end = line.IndexOf(line[at], at + 1);
                Put(line[(at + 1)..(end < 0 ? line.Length : end)], bytes);
                at = end < 0 ? line.Length : end + 1;
            }
            else
            {
                if (line[at] == '\\' && at + 1 < line.Length) at++;
                var length = char.IsSurrogatePair(line, at) ? 2 : 1;
                Put(line.Substring(at, length), bytes);
                at += length;
            }
        }
        return K42Text.Decode(ByteString.CopyFrom(bytes.ToArray()));
    }

    // $'...' as in bash(1): \ooo is a byte.
    private static void Escapes(string line, ref int at, MemoryStream bytes)
    {
        while (at < line.Length && line[at] != '\'')
        {
            if (line[at] != '\\' || at + 1 >= line.Length)
            {
                var length = char.IsSurrogatePair(line, at) ? 2 : 1;
                Put(line.Substring(at, length), bytes);
                at += length;
                continue;
            }
            at++;
            if (line[at] is >= OctalFirst and <= OctalLast)
            {
                var value = 0;
                var end = Math.Min(at + 3, line.Length);
                while (at < end && line[at] is >= OctalFirst and <= OctalLast)
                    value = (value << 3) | (line[at++] - OctalFirst);
                bytes.WriteByte((byte)value);
                continue;
            }
            Put(line[at] switch { 'n' => "\n", 't' => "\t", 'r' => "\r", var other => $"{other}" }, bytes);
            at++;
        }
        at = Math.Min(at + 1, line.Length);
    }

    private static void Put(string text, MemoryStream bytes) => bytes.Write(K42Text.Encode(text).Span);
}
