using System.Globalization;

using K42.Contracts;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>The options of a ramfs volume: those of tmpfs(5), and the mount's own flags.</summary>
/// <param name="BytesMax">size=: bytes, with k, m or g.</param>
/// <param name="InodesMax">nr_inodes=.</param>
/// <param name="Mode">mode=: the root directory's permission bits, octal.</param>
/// <param name="Uid">uid= of the root directory.</param>
/// <param name="Gid">gid= of the root directory.</param>
/// <param name="IsReadOnly">ro and rw.</param>
internal sealed record RamOptions(
    long BytesMax, long InodesMax, uint Mode, uint Uid, uint Gid, bool IsReadOnly)
{
    /// <summary>Reads "size=64m,mode=1777,ro"; EINVAL for what is unknown.</summary>
    /// <param name="text">Options between commas; empty ones are passed over.</param>
    /// <param name="defaults">Values of those that are not given; also the most that can be asked
    /// for.</param>
    public static Outcome<RamOptions> Parse(string text, RamOptions defaults)
    {
        var options = defaults;
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var next = equals < 0
                ? Flag(options, part)
                : Value(options, part[..equals], part[(equals + 1)..]);
            if (next is null) return Errno.EINVAL;
            options = next;
        }
        if (options.BytesMax > defaults.BytesMax || options.InodesMax > defaults.InodesMax)
        {
            return Errno.EINVAL;
        }
        return options;
    }

    /// <summary>Whether options that <see cref="Parse"/> takes name limits: size=, nr_inodes=.</summary>
    public static (bool Size, bool Inodes) Limits(string text)
    {
        var parts = text.Split(',');
        return (parts.Any(static part => part.StartsWith("size=", StringComparison.Ordinal)),
            parts.Any(static part => part.StartsWith("nr_inodes=", StringComparison.Ordinal)));
    }

    private static RamOptions? Flag(RamOptions options, string name) => name switch
    {
        "ro" => options with { IsReadOnly = true },
        "rw" => options with { IsReadOnly = false },
        // What a volume in memory has no use for.
        "sync" or "async" or "dirsync" or "lazytime" or "nolazytime" or "mand" or "nomand" => options,
        _ => null,
    };

    private static RamOptions? Value(RamOptions options, string name, string value) => name switch
    {
        "size" when Bytes(value) is { } bytes => options with { BytesMax = bytes },
        "nr_inodes" when Bytes(value) is { } inodes => options with { InodesMax = inodes },
        "mode" when Octal(value) is { } mode => options with { Mode = mode },
        "uid" when Id(value) is { } uid => options with { Uid = uid },
        "gid" when Id(value) is { } gid => options with { Gid = gid },
        _ => null,
    };

    private static uint? Id(string value) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private static long? Bytes(string value)
    {
        if (value.Length == 0) return null;
        var shift = char.ToLowerInvariant(value[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, _ => 0 };
        var digits = shift == 0 ? value : value[..^1];
        var read = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return read && number > 0 && number <= long.MaxValue >> shift ? number << shift : null;
    }

    private static uint? Octal(string value)
    {
        if (value.Length is 0 or > 5) return null;
        uint mode = 0;
        foreach (var digit in value)
        {
            if (digit is < '0' or > '7') return null;
            mode = (mode << 3) | (uint)(digit - '0');
        }
        return mode <= ModeBits.AllPermissions ? mode : null;
    }
}
