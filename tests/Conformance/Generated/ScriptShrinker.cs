namespace K42.Conformance.Generated;

/// <summary>Makes a failing script small: takes out what it fails without.</summary>
internal static class ScriptShrinker
{
    /// <summary>The smallest script found that still fails.</summary>
    /// <param name="text">A case that fails: its first line is its name, its last its end.</param>
    /// <param name="fails">Whether a text fails; a text that is no script does not.</param>
    public static async Task<string> Shrink(string text, Func<string, Task<bool>> fails)
    {
        var lines = text.TrimEnd('\n').Split('\n').ToList();
        for (var chunk = (lines.Count - 2) / 2; chunk > 0;)
        {
            var taken = false;
            for (var at = lines.Count - 1 - chunk; at >= 1; at -= chunk)
            {
                List<string> fewer = [.. lines[..at], .. lines[(at + chunk)..]];
                if (!await fails(Text(fewer))) continue;
                (lines, taken) = (fewer, true);
                at = Math.Min(at, lines.Count - 1);
            }
            // After a success at single lines, what stood before it may be superfluous now.
            if (chunk > 1 || !taken) chunk /= 2;
            chunk = Math.Min(chunk, Math.Max(0, lines.Count - 2));
        }
        return Text(lines);
    }

    private static string Text(List<string> lines) => string.Join('\n', lines) + "\n";
}
