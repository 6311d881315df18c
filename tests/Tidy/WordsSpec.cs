using System.Text.RegularExpressions;

namespace K42.Tidy;

/// <summary>Nothing is put off in comments, and nothing speaks of one machine.</summary>
public sealed class WordsSpec
{
    private static readonly string[] s_texts =
        [".cs", ".md", ".conf", ".proto", ".props", ".csproj", ".c", ".h", ".py", ".sh", ".yaml", ".yml",
            ".txt", ".k42t"];

    // In two parts each, so that this file does not find itself.
    private static readonly (string Pattern, string Instead)[] s_banned =
    [
        (@"\bTO" + @"DO\b", "do it, or write under 'Not yet' in ARCHITECTURE.md how it behaves now"),
        (@"\bFIX" + @"ME\b", "fix it"),
        (@"\bNot" + @"ImplementedException\b", "refuse with an errno that the contract lists"),
        (@"(?<![\w.~*])/ro" + @"ot/", "no path of one machine"),
        (@"(?<![\w.~*])/wo" + @"rk/", "no path of one machine"),
        (@"\b[Ii]ss" + @"ue #?\d", "say what, not its number"),
    ];

    [Fact]
    public void No_text_has_a_banned_word()
    {
        Rules.Hold(
            from file in Repository.With(s_texts)
            from line in Repository.Lines(file).Index()
            from banned in s_banned
            where Regex.IsMatch(line.Item, banned.Pattern)
            select $"{file}:{line.Index + 1}: {banned.Instead}",
            "Banned words:");
    }
}
