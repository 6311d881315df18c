namespace K42.Conformance;

/// <summary>What a line of a script does.</summary>
public enum LineKind
{
    /// <summary>A task makes a call; the script goes on when it has returned.</summary>
    Call,

    /// <summary>A task makes a call that must block; the script goes on at once.</summary>
    Async,

    /// <summary>The script waits for the end of a call that an Async line began.</summary>
    Await,

    /// <summary>Another task starts, with credentials of its own and no relation to those that run.</summary>
    Start,

    /// <summary>The clocks move on, so that times before and after can be told apart.</summary>
    Tick,
}

/// <summary>Who a task runs as.</summary>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Group id.</param>
/// <param name="Groups">Supplementary groups.</param>
public sealed record Identity(uint Uid, uint Gid, IReadOnlyList<uint> Groups)
{
    /// <summary>The superuser.</summary>
    public static readonly Identity Root = new(0, 0, []);
}

/// <summary>What the author wrote after <c>-&gt;</c>.</summary>
/// <param name="Result">any, gone, blocked, an error name, a number or a variable.</param>
/// <param name="Fields">Expected result fields; the value <c>*</c> leaves a field out of every
/// comparison.</param>
public sealed record Expectation(string Result, IReadOnlyDictionary<string, string> Fields);

/// <summary>One line of a case.</summary>
/// <param name="Number">The line in its file, from 1; unique in the case.</param>
/// <param name="Text">As written, for reports.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Task">The task that makes the call; for Start the new one.</param>
/// <param name="Expected">What the host kernel must answer.</param>
public sealed record ScriptLine(int Number, string Text, LineKind Kind, string Task, Expectation Expected)
{
    /// <summary>The call of a Call, Async or Await line.</summary>
    public CallShape? Call { get; init; }

    /// <summary>The written arguments, one for each written parameter of the call.</summary>
    public IReadOnlyList<ScriptValue> Arguments { get; init; } = [];

    /// <summary>
    /// Variables that the result is bound to: none, one, or two for the descriptors of a pipe.
    /// </summary>
    public IReadOnlyList<string> Binds { get; init; } = [];

    /// <summary>The tag that joins an Async and its Await line.</summary>
    public string? Tag { get; init; }

    /// <summary>Who a Start line's task runs as.</summary>
    public Identity Identity { get; init; } = Identity.Root;
}

/// <summary>One named case: the smallest thing that is run and compared.</summary>
/// <param name="File">The case file's name without folder.</param>
/// <param name="Name">Unique in its file.</param>
/// <param name="Lines">In the order in which they run. The first starts the task <c>main</c>.</param>
public sealed record ScriptCase(string File, string Name, IReadOnlyList<ScriptLine> Lines)
{
    /// <summary>file:name, as reports and test displays show it.</summary>
    public string FullName => $"{File}:{Name}";

    /// <inheritdoc/>
    public override string ToString() => FullName;
}
