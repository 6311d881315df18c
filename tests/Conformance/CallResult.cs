namespace K42.Conformance;

/// <summary>How a line ended.</summary>
public enum Outcome
{
    /// <summary>The call returned; <see cref="CallResult.Return"/> holds.</summary>
    Returned,

    /// <summary>An Async line's call is blocked, as it must be.</summary>
    Blocked,

    /// <summary>The calling task ended inside the call.</summary>
    Gone,
}

/// <summary>What one line of a script gave, as a runner saw it and before anything is normalised.</summary>
/// <param name="Line">The script line's number.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Return">The kernel's return value: negative is -errno. 0 unless it returned.</param>
/// <param name="Fields">
/// What the call wrote, by field name. Numbers are decimal; bytes (data, sysname...) are lower-case
/// hexadecimal; lists (fds,
/// groups, signals) are joined by commas; a time is SECONDS:NANOSECONDS; entries is NAMEHEX:TYPE:INO,...;
/// the fields of a structure have the structure's names without st_. README.md lists them by call.
/// </param>
public sealed record CallResult(
    int Line, Outcome Outcome, long Return, IReadOnlyDictionary<string, string> Fields);

/// <summary>Runs scripts on one system: the host kernel, or K42 through its gateway.</summary>
public interface IScriptRunner
{
    /// <summary>What reports call this side.</summary>
    string Name { get; }

    /// <summary>
    /// Runs a case from a clean start and gives one result per line, in the script's order.
    /// </summary>
    /// <exception cref="ScriptRunException">The script could not be run to its end.</exception>
    Task<IReadOnlyList<CallResult>> Run(ScriptCase script, CancellationToken cancellation);
}

/// <summary>A script could not be run to its end; the message says where it stopped.</summary>
public sealed class ScriptRunException(string message) : Exception(message);
