namespace K42.Conformance;

/// <summary>One thing in which two sides differ.</summary>
/// <param name="Case">file:name.</param>
/// <param name="Line">The line in its file.</param>
/// <param name="Text">The line as written.</param>
/// <param name="What">result, or the name of a field.</param>
/// <param name="Reference">What the reference side gave, normalised; nothing when it gave no such
/// field.</param>
/// <param name="Other">What the other side gave.</param>
public sealed record Difference(
    string Case, int Line, string Text, string What, string Reference, string Other);

/// <summary>Compares what two sides gave for one case, and writes reports that people can act on.</summary>
public static class Comparison
{
    private const string Nothing = "nothing";

    /// <summary>
    /// All differences, in the order of the lines. Fields that the author marked <c>*</c> are left out.
    /// </summary>
    public static IReadOnlyList<Difference> Compare(
        ScriptCase script, IReadOnlyList<CallResult> reference, IReadOnlyList<CallResult> other)
    {
        var differences = new List<Difference>();
        var (left, right) = (Normaliser.Normalise(script, reference), Normaliser.Normalise(script, other));
        for (var i = 0; i < script.Lines.Count; i++)
        {
            var line = script.Lines[i];
            if (i >= left.Count || i >= right.Count)
            {
                var (has, lacks) = (i < left.Count ? left[i].Result : Nothing,
                    i < right.Count ? right[i].Result : Nothing);
                differences.Add(
                    new Difference(script.FullName, line.Number, line.Text, "result", has, lacks));
                break;
            }
            differences.AddRange(Line(script, line, left[i], right[i]));
        }
        return differences;
    }

    /// <summary>A table: per difference the case, the line, the call, and what each side gave.</summary>
    public static string Report(IReadOnlyList<Difference> differences, string referenceName, string otherName)
    {
        var lines = new List<string>();
        lines.Add($"{differences.Count} difference(s) between {referenceName} and {otherName}");
        foreach (var group in differences.GroupBy(one => (one.Case, one.Line, one.Text)))
        {
            lines.Add($"{group.Key.Case}, line {group.Key.Line}: {group.Key.Text}");
            var width = Math.Max(referenceName.Length, otherName.Length);
            foreach (var difference in group)
            {
                lines.Add($"    {difference.What}");
                lines.Add($"        {referenceName.PadRight(width)}  {difference.Reference}");
                lines.Add($"        {otherName.PadRight(width)}  {difference.Other}");
            }
        }
        return string.Join('\n', lines);
    }

    private static IEnumerable<Difference> Line(
        ScriptCase script, ScriptLine line, NormalResult reference, NormalResult other)
    {
        if (reference.Result != other.Result)
            yield return new Difference(
                script.FullName, line.Number, line.Text, "result", reference.Result, other.Result);
        // A failed call has no fields: that the other side's are missing says nothing new.
        if (reference.Result != other.Result && (reference.Fields.Count == 0 || other.Fields.Count == 0))
            yield break;
        foreach (var name in reference.Fields.Keys.Union(other.Fields.Keys).Order(StringComparer.Ordinal))
        {
            if (line.Expected.Fields.GetValueOrDefault(name) == "*") continue;
            var (left, right) = (reference.Fields.GetValueOrDefault(name, Nothing),
                other.Fields.GetValueOrDefault(name, Nothing));
            if (left != right)
                yield return new Difference(script.FullName, line.Number, line.Text, name, left, right);
        }
    }
}
