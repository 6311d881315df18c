namespace K42.Conformance;

/// <summary>The case files beside this assembly.</summary>
public static class CaseLibrary
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "cases");
    private static readonly Lazy<IReadOnlyList<ScriptCase>> Parsed = new(Load);

    /// <summary>Every case of every file.</summary>
    /// <exception cref="ScriptSyntaxException">A file is not well formed.</exception>
    public static IReadOnlyList<ScriptCase> All => Parsed.Value;

    /// <summary>The case files' paths.</summary>
    public static IReadOnlyList<string> Files =>
        [.. Directory.GetFiles(Folder, "*.k42t").Order(StringComparer.Ordinal)];

    /// <summary>The cases of one file, by its name without folder.</summary>
    public static IReadOnlyList<ScriptCase> Of(string file) => [.. All.Where(script => script.File == file)];

    /// <summary>The names of the system calls that at least one case makes with success.</summary>
    /// <remarks>
    /// A row of the system call table may say that a call works in full only when its name is in here. A
    /// call that
    /// cases only see fail does not count as covered; one that never returns (exit) counts when it ended
    /// its task.
    /// </remarks>
    public static IReadOnlySet<string> CoveredCalls() => All
        .SelectMany(script => script.Lines)
        .Where(line => line.Call?.Covers is not null)
        .Where(line => !ConstantTable.Errors.ContainsKey(line.Expected.Result))
        .Where(line => line.Kind is LineKind.Call or LineKind.Async)
        .Select(line => line.Call!.Covers!)
        .ToHashSet();

    private static List<ScriptCase> Load() =>
        [.. Files.SelectMany(path => ScriptParser.Parse(Path.GetFileName(path), File.ReadAllText(path)))];
}
