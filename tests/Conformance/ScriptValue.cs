namespace K42.Conformance;

/// <summary>An argument as a script writes it; a runner turns it into whatever its side needs.</summary>
public abstract record ScriptValue;

/// <summary>A number, with all symbolic names resolved.</summary>
public sealed record NumberValue(long Number) : ScriptValue;

/// <summary>The value that an earlier line bound, perhaps negated (a process group for kill).</summary>
public sealed record VariableValue(string Name, bool IsNegated) : ScriptValue;

/// <summary>A null pointer.</summary>
public sealed record NullValue : ScriptValue;

/// <summary>Bytes, kept as repeated pieces so that a large buffer stays a short line.</summary>
public sealed record BytesValue(IReadOnlyList<(byte[] Pattern, int Count)> Pieces) : ScriptValue
{
    /// <summary>All the bytes.</summary>
    public byte[] ToArray()
    {
        using var all = new MemoryStream();
        foreach (var (pattern, count) in Pieces)
            for (var i = 0; i < count; i++)
                all.Write(pattern);
        return all.ToArray();
    }

    /// <summary>How many bytes they are.</summary>
    public int Length => Pieces.Sum(piece => piece.Pattern.Length * piece.Count);
}

/// <summary>A list: buffers of a vector, their lengths, or two times.</summary>
public sealed record ListValue(IReadOnlyList<ScriptValue> Items) : ScriptValue;

/// <summary>A time: seconds and nanoseconds, or UTIME_NOW or UTIME_OMIT in the nanoseconds.</summary>
public sealed record TimeValue(long Seconds, long Nanoseconds) : ScriptValue;

/// <summary>What a signal does.</summary>
public enum Disposition
{
    /// <summary>SIG_DFL.</summary>
    Default = 0,

    /// <summary>SIG_IGN.</summary>
    Ignore = 1,

    /// <summary>A handler that records the signal; the script reads the record with <c>signals</c>.</summary>
    Handler = 2,
}

/// <summary>rt_sigaction's new action.</summary>
/// <param name="Disposition">Default, ignore or record.</param>
/// <param name="Flags">SA_ flags.</param>
/// <param name="Mask">Signals blocked in the handler; bit n-1 is signal n.</param>
public sealed record ActionValue(Disposition Disposition, long Flags, ulong Mask) : ScriptValue;

/// <summary>A set of signals; bit n-1 is signal n.</summary>
public sealed record SignalSetValue(ulong Mask) : ScriptValue;

/// <summary>fcntl's struct flock.</summary>
public sealed record LockValue(short Type, short Whence, long Start, long Length) : ScriptValue;
