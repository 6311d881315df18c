using System.Security.Cryptography;
using System.Text;

namespace K42.Conformance;

/// <summary>
/// Runs cases on the host kernel with the oracle, a C program that this class compiles with gcc.
/// </summary>
/// <remarks>
/// The oracle needs root (CAP_SYS_ADMIN) for its namespaces; for another user it is started through sudo
/// without a
/// password. Without either, every run fails with one sentence that says so.
/// </remarks>
public sealed class NativeRunner : IScriptRunner
{
    private static readonly TimeSpan CaseTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CompileTimeMax = TimeSpan.FromMinutes(2);
    private static readonly SemaphoreSlim Compiling = new(1);
    private static string? _compiled;

    private readonly string _oracle;
    private readonly string _callTimeMax;

    private NativeRunner(string oracle, TimeSpan callTimeMax)
    {
        _oracle = oracle;
        _callTimeMax = $"{(long)callTimeMax.TotalMilliseconds}";
    }

    /// <inheritdoc/>
    public string Name => "native";

    /// <summary>Compiles the oracle, once per process, and gives a runner over it.</summary>
    /// <exception cref="ScriptRunException">There is no gcc, or it rejects the oracle.</exception>
    public static Task<NativeRunner> Create(CancellationToken cancellation) =>
        Create(TimeSpan.FromSeconds(8), cancellation);

    /// <summary>As above; a call that takes longer than this ends its case.</summary>
    /// <exception cref="ScriptRunException">There is no gcc, or it rejects the oracle.</exception>
    public static async Task<NativeRunner> Create(TimeSpan callTimeMax, CancellationToken cancellation)
    {
        await Compiling.WaitAsync(cancellation);
        try
        {
            _compiled ??= await Compile("oracle", ["oracle.c", "task.c", "decode.c"], cancellation);
            return new NativeRunner(_compiled, callTimeMax);
        }
        finally
        {
            Compiling.Release();
        }
    }

    /// <summary>
    /// Compiles C files of the native folder; the program's name carries a hash of them and of their folder.
    /// </summary>
    /// <exception cref="ScriptRunException">There is no gcc, or it rejects the files.</exception>
    public static async Task<string> Compile(string name, string[] files, CancellationToken cancellation)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "native");
        var program = Path.Combine(folder, $"{name}-{await Hash(folder, cancellation)}");
        if (File.Exists(program)) return program;
        var unfinished = $"{program}.{Environment.ProcessId}";
        string[] options = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-I", folder];
        var (code, _, errors) = await HostTools.Run("gcc",
            [.. options, "-o", unfinished, .. files.Select(file => Path.Combine(folder, file))], "",
            CompileTimeMax, cancellation);
        if (code != 0) throw new ScriptRunException($"gcc rejects {name}:\n{errors}");
        File.Move(unfinished, program, overwrite: true);
        return program;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CallResult>> Run(ScriptCase script, CancellationToken cancellation)
    {
        var isRoot = Environment.IsPrivilegedProcess;
        var (code, output, errors) = await HostTools.Run(
            isRoot ? _oracle : "sudo", isRoot ? [_callTimeMax] : ["-n", _oracle, _callTimeMax],
            ScriptCompiler.Compile(script), CaseTimeMax, cancellation);
        var results = OracleOutput.Parse(output);
        if (code == 0 && results.Count == script.Lines.Count) return results;
        var at = script.Lines[Math.Min(results.Count, script.Lines.Count - 1)];
        var why = code == 3 ? "the call did not return in time" : $"exit code {code}: {errors.Trim()}";
        throw new ScriptRunException($"{script.FullName}, line {at.Number}: {at.Text}: {why}");
    }

    private static IEnumerable<string> Sources(string folder) => Directory.GetFiles(folder)
        .Where(file => Path.GetExtension(file) is ".c" or ".h")
        .Order(StringComparer.Ordinal);

    private static async Task<string> Hash(string folder, CancellationToken cancellation)
    {
        var all = new StringBuilder();
        foreach (var file in Sources(folder))
            all.Append(file).Append(await File.ReadAllTextAsync(file, cancellation));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())))[..16];
    }
}

/// <summary>Reads the oracle's result lines.</summary>
internal static class OracleOutput
{
    /// <summary>One result per R or E line.</summary>
    public static List<CallResult> Parse(string output)
    {
        var results = new List<CallResult>();
        foreach (var line in output.Split('\n'))
        {
            var words = line.Split(' ');
            if (words[0] == "E")
                results.Add(new CallResult(Number(words[1]), Outcome.Returned, 0,
                    Fields([$"time={words[2]}"])));
            else if (words[0] == "R")
                results.Add(Result(words));
        }
        return results;
    }

    private static CallResult Result(string[] words)
    {
        var outcome = words[2] switch
        {
            "blocked" => Outcome.Blocked,
            "gone" => Outcome.Gone,
            _ => Outcome.Returned,
        };
        var value = outcome == Outcome.Returned ? long.Parse(words[2], CultureInfo.InvariantCulture) : 0;
        return new CallResult(Number(words[1]), outcome, value, Fields(words[3..]));
    }

    private static Dictionary<string, string> Fields(string[] words) => words
        .Select(word => word.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1]);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
