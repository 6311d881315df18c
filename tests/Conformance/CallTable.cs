namespace K42.Conformance;

/// <summary>
/// What one parameter of a call is: how a script writes it and what the kernel gets for it.
/// </summary>
public enum ParameterKind
{
    /// <summary>A number: descriptor, flags, mode, process number, offset, length.</summary>
    Number,

    /// <summary>As Number, 0 when the script leaves it out.</summary>
    OptionalNumber,

    /// <summary>A NUL-terminated string, or null.</summary>
    PathName,

    /// <summary>Bytes to write; the kernel gets pointer and length.</summary>
    InBytes,

    /// <summary>
    /// A length; the kernel gets a buffer of that length and the length. Result field: data.
    /// </summary>
    OutBytes,

    /// <summary>A list of byte strings; the kernel gets iovecs and their number.</summary>
    InVector,

    /// <summary>A list of lengths; the kernel gets iovecs and their number. Result field: data.</summary>
    OutVector,

    /// <summary>A length of a directory buffer. Result field: entries.</summary>
    OutEntries,

    /// <summary>
    /// A length of a buffer for a NUL-terminated path. Result field: data, without the NUL.
    /// </summary>
    OutPath,

    /// <summary>
    /// A number of group ids; the kernel gets the number and an array. Result field: groups.
    /// </summary>
    OutGroups,

    /// <summary>A list of group ids; the kernel gets their number and an array.</summary>
    InGroups,

    /// <summary>Access and modification time as a list of two times, or null.</summary>
    Times,

    /// <summary>One time, SECONDS:NANOSECONDS.</summary>
    Time,

    /// <summary>A signal's disposition, or null.</summary>
    Action,

    /// <summary>A set of signals, or null.</summary>
    SignalSet,

    /// <summary>fcntl's third argument: a number, a lock, or a list of the numbers behind a pointer; 0 when
    /// left out.</summary>
    NumberOrLock,

    /// <summary>
    /// Not written in scripts: a buffer for a fixed structure, see <see cref="Parameter.OutCode"/>.
    /// </summary>
    OutStructure,

    /// <summary>Not written in scripts: always this number.</summary>
    Fixed,
}

/// <summary>What a call's return value means; decides what is normalised.</summary>
public enum ReturnKind
{
    /// <summary>Compared as it is.</summary>
    Plain,

    /// <summary>A process, group or session number.</summary>
    Process,
}

/// <summary>One parameter of a call.</summary>
/// <param name="Kind">How it is written and passed.</param>
/// <param name="Name">The name in the manual page.</param>
/// <param name="OutCode">For the native side: which structure is printed.</param>
/// <param name="OutBytes">For the native side: how large that structure is.</param>
/// <param name="Value">The number of a Fixed parameter.</param>
public sealed record Parameter(
    ParameterKind Kind, string Name, char OutCode = ' ', int OutBytes = 0, long Value = 0)
{
    /// <summary>Whether scripts write an argument for it.</summary>
    public bool IsWritten => Kind is not (ParameterKind.OutStructure or ParameterKind.Fixed);

    /// <summary>Whether a script may leave it out.</summary>
    public bool IsOptional => Kind is ParameterKind.OptionalNumber or ParameterKind.NumberOrLock;
}

/// <summary>How a system call is written in scripts and passed to the host kernel.</summary>
/// <param name="Name">The Linux name.</param>
/// <param name="Number">The x86-64 number, or the oracle's own for a call made of several.</param>
/// <param name="Returns">What the return value means.</param>
/// <param name="Parameters">In the kernel's order.</param>
public sealed record CallShape(string Name, int Number, ReturnKind Returns, params Parameter[] Parameters)
{
    /// <summary>
    /// The system call that a case with this call covers; null when it is a tool of the scripts.
    /// </summary>
    public string? Covers { get; init; } = Name;
}

/// <summary>Every call that scripts may make.</summary>
public static partial class CallTable
{
    /// <summary>The oracle's number for getdents64 repeated to the end.</summary>
    public const int GetdentsAllNumber = 1_000_001;

    /// <summary>The oracle's number for the list of handled signals.</summary>
    public const int SignalsNumber = 1_000_002;

    /// <summary>The oracle's number for the list of handled signals with what siginfo_t tells.</summary>
    public const int SiginfosNumber = 1_000_003;

    private static readonly Dictionary<string, CallShape> ByName = Rows.ToDictionary(row => row.Name);

    /// <summary>The call of this name, or null.</summary>
    public static CallShape? Find(string name) => ByName.GetValueOrDefault(name);
}
