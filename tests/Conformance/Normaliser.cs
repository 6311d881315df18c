using System.Text;

namespace K42.Conformance;

/// <summary>A result in the form in which two sides are compared and people read it.</summary>
/// <param name="Line">The script line's number.</param>
/// <param name="Result">A number, an error name, a process (p1), blocked or gone.</param>
/// <param name="Fields">What the call wrote, without what two correct systems may differ in.</param>
public sealed record NormalResult(int Line, string Result, IReadOnlyDictionary<string, string> Fields);

/// <summary>Takes out of one case's results what two correct systems may differ in.</summary>
/// <remarks>
/// Every rule is stated in README.md, with its reason; a rule that is not there is a defect.
/// </remarks>
public sealed class Normaliser
{
    private const long OldestClockSecond = 1_000_000_000;
    private const long NewestClockSecond = 4_000_000_000;
    private const int DataShownBytesMax = 512;
    private const long KernelSaRestorer = 0x04000000;

    private static readonly HashSet<string> LeftOut =
        ["type", "bsize", "nodename", "release", "version"];

    private readonly Dictionary<string, string> _processes = [];
    private readonly Dictionary<string, string> _inodes = [];
    private readonly Dictionary<string, string> _devices = [];
    private readonly List<(long Seconds, long Nanoseconds)> _ticks = [];

    private Normaliser()
    {
    }

    /// <summary>The normal form of a case's results, in the order of its lines.</summary>
    public static IReadOnlyList<NormalResult> Normalise(ScriptCase script, IReadOnlyList<CallResult> results)
    {
        var normaliser = new Normaliser();
        foreach (var (line, result) in script.Lines.Zip(results))
            if (line.Kind == LineKind.Tick) normaliser._ticks.Add(Time(result.Fields["time"]));
        return [.. script.Lines.Zip(results, normaliser.One)];
    }

    private NormalResult One(ScriptLine line, CallResult result)
    {
        if (line.Kind == LineKind.Tick)
            return new NormalResult(line.Number, "0", new Dictionary<string, string>());
        var fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in result.Fields)
            if (Field(name, value, result.Fields) is { } normal)
                fields[name] = normal;
        return new NormalResult(line.Number, Value(line, result), fields);
    }

    private string Value(ScriptLine line, CallResult result)
    {
        if (result.Outcome != Outcome.Returned) return result.Outcome == Outcome.Gone ? "gone" : "blocked";
        var text = result.Return.ToString(CultureInfo.InvariantCulture);
        // A group's number comes back negated, and looks like an error when it is small (fcntl(2), BUGS).
        var asksOwner = IsGetOwner(line);
        if (asksOwner && result.Return < 0 && _processes.ContainsKey(text[1..])) return Process(text);
        if (result.Return < 0) return ConstantTable.ErrorName((int)-result.Return);
        var isProcess = line.Kind == LineKind.Start || line.Call?.Returns == ReturnKind.Process;
        return isProcess || asksOwner ? Process(text) : text;
    }

    private static bool IsGetOwner(ScriptLine line) => line.Call?.Name == "fcntl"
        && line.Arguments is [_, NumberValue command, ..]
        && command.Number == ConstantTable.Values["F_GETOWN"];

    private string? Field(string name, string value, IReadOnlyDictionary<string, string> all)
    {
        if (LeftOut.Contains(name)) return null;
        return name switch
        {
            "dev" => FirstSeen(_devices, value, "#"),
            "ino" => FirstSeen(_inodes, $"{all["dev"]}/{value}", "#"),
            "mode" => Mode(value),
            "size" when IsDirectory(all) => null,
            "atime" or "mtime" or "ctime" when IsPipe(all) => null,
            "atime" or "mtime" or "ctime" or "time" => Moment(value),
            "si_pid" or "l_pid" or "owner_pid" => Process(value),
            "status" => WaitStatus(value),
            "data" or "sysname" or "machine" => Data(value),
            "entries" => string.Join(' ', Entries(value).Order(StringComparer.Ordinal)),
            "signals" => string.Join(',', Numbers(value).Order().Select(ConstantTable.SignalName)),
            "infos" => string.Join(',', value.Split(',').Order(StringComparer.Ordinal)),
            "flags" => $"{long.Parse(value, CultureInfo.InvariantCulture) & ~KernelSaRestorer}",
            _ => value,
        };
    }

    private string Process(string number)
    {
        if (number is "0" or "1" or "-1") return number;
        return number.StartsWith('-')
            ? "-" + FirstSeen(_processes, number[1..], "p")
            : FirstSeen(_processes, number, "p");
    }

    private static string FirstSeen(Dictionary<string, string> seen, string value, string prefix)
    {
        if (!seen.TryGetValue(value, out var name)) seen.Add(value, name = $"{prefix}{seen.Count + 1}");
        return name;
    }

    private static string Mode(string decimalMode) =>
        "0" + Convert.ToString(long.Parse(decimalMode, CultureInfo.InvariantCulture), 8);

    private static bool IsDirectory(IReadOnlyDictionary<string, string> fields) => Type(fields) == 0x4000;

    private static bool IsPipe(IReadOnlyDictionary<string, string> fields) => Type(fields) == 0x1000;

    private static long Type(IReadOnlyDictionary<string, string> fields) =>
        fields.TryGetValue("mode", out var mode)
            ? long.Parse(mode, CultureInfo.InvariantCulture) & 0xF000 : 0;

    /// <summary>
    /// @n: between the case's n-th tick and the next. Times that no clock shows were set: they stay.
    /// </summary>
    private string Moment(string value)
    {
        var time = Time(value);
        if (time.Seconds is < OldestClockSecond or > NewestClockSecond) return value;
        return $"@{_ticks.Count(tick => tick.CompareTo(time) <= 0)}";
    }

    private static (long Seconds, long Nanoseconds) Time(string value)
    {
        var parts = value.Split(':');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture),
            long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private static string WaitStatus(string value)
    {
        var status = int.Parse(value, CultureInfo.InvariantCulture);
        if (status == 0xFFFF) return "continued";
        if ((status & 0xFF) == 0x7F) return $"stopped:{ConstantTable.SignalName(status >> 8)}";
        var signal = status & 0x7F; // bit 0x80, a core dump, depends on the host's settings
        return signal == 0 ? $"exited:{status >> 8}" : $"killed:{ConstantTable.SignalName(signal)}";
    }

    /// <summary>Bytes as text; of many, length and hash.</summary>
    public static string Data(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        if (bytes.Length > DataShownBytesMax)
        {
            var hash = System.Security.Cryptography.SHA256.HashData(bytes);
            return $"{bytes.Length} bytes {Convert.ToHexStringLower(hash)[..16]}";
        }
        var text = new StringBuilder("\"");
        foreach (var one in bytes)
        {
            var isPlain = one is >= 32 and <= 126 and not ((byte)'"' or (byte)'\\');
            text.Append(isPlain ? ((char)one).ToString() : $"\\x{one:x2}");
        }
        return text.Append('"').ToString();
    }

    private IEnumerable<string> Entries(string value)
    {
        foreach (var entry in value.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = entry.Split(':');
            yield return $"{Data(parts[0])}:{parts[1]}:{EntryInode(parts[2])}";
        }
    }

    /// <summary>
    /// The name that the inode got when a stat showed it, or new. An entry does not say its device, so
    /// with more than one
    /// device in the case it is always new.
    /// </summary>
    private string EntryInode(string inode)
    {
        if (inode == "0") return "none";
        if (_devices.Count != 1) return "new";
        return _inodes.GetValueOrDefault($"{_devices.Keys.Single()}/{inode}", "new");
    }

    private static IEnumerable<long> Numbers(string value) => value
        .Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(number => long.Parse(number, CultureInfo.InvariantCulture));
}
