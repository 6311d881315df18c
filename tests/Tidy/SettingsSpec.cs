namespace K42.Tidy;

/// <summary>Every setting is explained where its default stands.</summary>
public sealed class SettingsSpec
{
    [Fact]
    public void Every_setting_has_a_comment()
    {
        Rules.Hold(
            from file in Repository.With(".conf")
            where file.StartsWith("hocon/reference/", StringComparison.Ordinal)
            from at in Uncommented(Repository.Lines(file))
            select $"{file}:{at + 1}",
            "A setting has a comment above it, or above the group of lines that it stands in:");
    }

    // Lines without a blank one between them are a group; its comment is for all of them.
    private static IEnumerable<int> Uncommented(string[] lines)
    {
        for (var at = 0; at < lines.Length; at++)
        {
            if (!IsSetting(lines[at]) || lines[at].Contains(" #", StringComparison.Ordinal)) continue;
            var above = at;
            while (above > 0 && lines[above - 1].Trim().Length > 0 && !IsComment(lines[above - 1])) above--;
            if (above == 0 || !IsComment(lines[above - 1])) yield return at;
        }
    }

    private static bool IsComment(string line) => line.TrimStart().StartsWith('#');

    private static bool IsSetting(string line) =>
        line.Contains('=', StringComparison.Ordinal) && !IsComment(line);
}
