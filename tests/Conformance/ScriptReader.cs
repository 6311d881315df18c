using System.Text;
using System.Text.RegularExpressions;

namespace K42.Conformance;

/// <summary>A case file is not well formed; the message starts with file and line.</summary>
public sealed class ScriptSyntaxException(string file, int line, string problem)
    : Exception($"{file}:{line}: {problem}");

/// <summary>Turns the words of a script into values.</summary>
public static partial class ScriptReader
{
    private const int BytesMax = 4 * 1024 * 1024;

    /// <summary>
    /// The words of a line: quoted strings stay whole, brackets stand alone, # starts a comment.
    /// </summary>
    /// <exception cref="FormatException">Something is no word.</exception>
    public static List<string> Words(string line)
    {
        var words = new List<string>();
        for (var at = 0; at < line.Length;)
        {
            if (char.IsWhiteSpace(line[at])) { at++; continue; }
            if (line[at] == '#') break;
            var match = WordPattern().Match(line, at);
            if (!match.Success || match.Index != at) throw new FormatException($"can't read '{line[at..]}'");
            words.Add(match.Value);
            at += match.Length;
        }
        return words;
    }

    /// <summary>The value of a word for a parameter of this kind.</summary>
    /// <exception cref="FormatException">The word does not fit the parameter.</exception>
    public static ScriptValue Value(string word, ParameterKind kind)
    {
        if (word == "null") return new NullValue();
        if (word.StartsWith('$')) return new VariableValue(word[1..], IsNegated: false);
        if (word.StartsWith("-$", StringComparison.Ordinal))
            return new VariableValue(word[2..], IsNegated: true);
        return kind switch
        {
            ParameterKind.PathName or ParameterKind.InBytes or ParameterKind.InVector => Bytes(word),
            ParameterKind.Times or ParameterKind.Time => Time(word),
            ParameterKind.Action => Action(word),
            ParameterKind.SignalSet => new SignalSetValue(SignalSet(word)),
            ParameterKind.NumberOrLock when word.StartsWith("lock:", StringComparison.Ordinal) => Lock(word),
            _ => new NumberValue(Number(word)),
        };
    }

    /// <summary>The number that a word stands for.</summary>
    /// <exception cref="FormatException">It is no number and no known name.</exception>
    public static long Number(string word) => ConstantTable.TryEvaluate(word, out var value)
        ? value
        : throw new FormatException($"'{word}' is no number and no known constant");

    /// <summary>Bytes: pieces joined by +, each "text", hex:6162 or repeat:"text"*COUNT.</summary>
    /// <exception cref="FormatException">A piece is malformed, or they are too many bytes.</exception>
    public static BytesValue Bytes(string word)
    {
        var pieces = new List<(byte[], int)>();
        for (var at = 0; at < word.Length;)
        {
            var match = PiecePattern().Match(word, at);
            if (!match.Success || match.Index != at)
                throw new FormatException($"'{word[at..]}' are no bytes");
            var count = match.Groups["count"].Success ? (int)Number(match.Groups["count"].Value) : 1;
            var pattern = match.Groups["hex"].Success
                ? Convert.FromHexString(match.Groups["hex"].Value)
                : Unescape(match.Groups["text"].Value);
            pieces.Add((pattern, count));
            at += match.Length;
            if (at < word.Length && word[at++] != '+')
                throw new FormatException($"'{word[(at - 1)..]}': + expected");
        }
        var bytes = new BytesValue(pieces);
        if (bytes.Length > BytesMax)
            throw new FormatException($"{bytes.Length} bytes; the most is {BytesMax}");
        return bytes;
    }

    /// <summary>A set of signals, {SIGUSR1,SIGTERM}.</summary>
    /// <exception cref="FormatException">It is no set, or a signal is unknown.</exception>
    public static ulong SignalSet(string word)
    {
        if (!word.StartsWith('{') || !word.EndsWith('}'))
            throw new FormatException($"'{word}' is no {{set}} of signals");
        return Mask(word[1..^1]);
    }

    private static ulong Mask(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(0UL, (mask, name) => mask | 1UL << ((int)Number(name) - 1));

    private static TimeValue Time(string word)
    {
        if (word == "now") return new TimeValue(0, Number("UTIME_NOW"));
        if (word == "omit") return new TimeValue(0, Number("UTIME_OMIT"));
        var parts = word.Split(':');
        if (parts.Length != 2)
            throw new FormatException($"'{word}' is no time: SECONDS:NANOSECONDS, now or omit");
        return new TimeValue(Number(parts[0]), Number(parts[1]));
    }

    private static ActionValue Action(string word)
    {
        var parts = word.Split(':');
        var disposition = parts[0] switch
        {
            "default" => Disposition.Default,
            "ignore" => Disposition.Ignore,
            "handler" => Disposition.Handler,
            _ => throw new FormatException(
                $"'{word}' is no action: default, ignore or handler[:FLAGS[:SIGNALS]]"),
        };
        var flags = parts.Length > 1 && parts[1].Length > 0 ? Number(parts[1]) : 0;
        return new ActionValue(disposition, flags, parts.Length > 2 ? Mask(parts[2]) : 0);
    }

    private static LockValue Lock(string word)
    {
        var parts = word.Split(':');
        if (parts.Length != 5) throw new FormatException($"'{word}' is no lock:TYPE:WHENCE:START:LENGTH");
        return new LockValue((short)Number(parts[1]), (short)Number(parts[2]), Number(parts[3]),
            Number(parts[4]));
    }

    private static byte[] Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\') { bytes.AddRange(Encoding.UTF8.GetBytes(text[at].ToString())); continue; }
            at++;
            if (text[at] == 'x') { bytes.Add(Convert.ToByte(text.Substring(at + 1, 2),
                16)); at += 2; continue; }
            bytes.Add(text[at] switch { 'n' => 10, 't' => 9, '0' => 0, var other => (byte)other });
        }
        return [.. bytes];
    }

    [GeneratedRegex("""\[|\]|(?:"(?:\\.|[^"\\])*"|[^\s\[\]"])+""")]
    private static partial Regex WordPattern();

    [GeneratedRegex("""
        (?:repeat:)?"(?<text>(?:\\.|[^"\\])*)"(?:\*(?<count>[A-Z_0-9]+))?|hex:(?<hex>[0-9a-f]*)
        """)]
    private static partial Regex PiecePattern();
}
