using System.Globalization;

namespace K42.Tidy;

/// <summary>Files that were over a limit when it came, with the figure that they may not exceed.</summary>
internal sealed class Allowances
{
    private const string File = "tests/Tidy/allowances.txt";

    private static readonly Lock s_lock = new();

    private static string FullPath => Path.Combine(Repository.Root, File);

    private static string Update => Environment.GetEnvironmentVariable("K42_UPDATE") ?? "";

    /// <summary>Fails for every file whose figure is neither within the limit nor within its
    /// allowance.</summary>
    /// <param name="rule">The rule's name, the first word of its lines.</param>
    /// <param name="limit">What every file keeps.</param>
    /// <param name="figures">The figure of each file.</param>
    /// <param name="advice">Says what to do.</param>
    public static void Check(string rule, int limit, IReadOnlyDictionary<string, int> figures, string advice)
    {
        var allowed = Read(rule);
        if (Update.Length > 0) allowed = Lower(rule, limit, figures, allowed);
        var worse = figures
            .Where(pair => pair.Value > Math.Max(limit, allowed.GetValueOrDefault(pair.Key)))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $"{pair.Key}: {pair.Value}, {Told(pair.Key)}");
        Rules.Hold(worse, advice);

        string Told(string file) =>
            allowed.TryGetValue(file, out var had) ? $"was {had}" : $"at most {limit}";
    }

    private static Dictionary<string, int> Lower(
        string rule, int limit, IReadOnlyDictionary<string, int> figures, Dictionary<string, int> allowed)
    {
        var anew = Update == "anew";
        var kept = figures
            .Where(pair => pair.Value > limit && (anew || allowed.ContainsKey(pair.Key)))
            .ToDictionary(
                pair => pair.Key, pair => anew ? pair.Value : Math.Min(pair.Value, allowed[pair.Key]));
        lock (s_lock)
        {
            var lines = All().Where(line => !line.StartsWith(rule + " ", StringComparison.Ordinal))
                .Concat(kept.Select(
                    pair => string.Create(CultureInfo.InvariantCulture, $"{rule} {pair.Key} {pair.Value}")))
                .Order(StringComparer.Ordinal);
            System.IO.File.WriteAllLines(FullPath, lines);
        }
        return kept;
    }

    private static Dictionary<string, int> Read(string rule) => All()
        .Select(line => line.Split(' '))
        .Where(words => words[0] == rule)
        .ToDictionary(words => words[1], words => int.Parse(words[2], CultureInfo.InvariantCulture));

    private static string[] All()
    {
        lock (s_lock) return System.IO.File.Exists(FullPath) ? System.IO.File.ReadAllLines(FullPath) : [];
    }
}
