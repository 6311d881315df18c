namespace K42.Conformance;

/// <summary>Compares results with what the author of a case wrote after <c>-&gt;</c>.</summary>
/// <remarks>
/// This guards the cases themselves: a typo that makes a call fail where it was meant to succeed would
/// otherwise fail alike on both sides and prove nothing.
/// </remarks>
public static class ExpectationCheck
{
    /// <summary>One sentence per line that gave something else than its author expected.</summary>
    public static IReadOnlyList<string> Check(ScriptCase script, IReadOnlyList<CallResult> results)
    {
        var normal = Normaliser.Normalise(script, results);
        var variables = new Dictionary<string, long>();
        var problems = new List<string>();
        for (var i = 0; i < script.Lines.Count; i++)
        {
            var (line, result) = (script.Lines[i], results[i]);
            if (line.Kind == LineKind.Tick) continue;
            Bind(line, result, variables);
            if (!ResultFits(line.Expected.Result, result, variables))
                problems.Add(Problem(script, line, "result", line.Expected.Result, normal[i].Result));
            foreach (var (name, expected) in line.Expected.Fields)
                if (expected != "*" && Field(name, expected, result, normal[i], variables) is { } actual)
                    problems.Add(Problem(script, line, name, expected, actual));
        }
        return problems;
    }

    private static string Problem(
        ScriptCase script, ScriptLine line, string what, string expected, string actual) =>
        $"{script.FullName}, line {line.Number}: {line.Text}: {what}: expected {expected}, got {actual}";

    private static void Bind(ScriptLine line, CallResult result, Dictionary<string, long> variables)
    {
        if (line.Binds.Count == 2)
        {
            var pair = result.Fields.TryGetValue("fds", out var fds) ? fds.Split(',') : ["-1", "-1"];
            for (var i = 0; i < 2; i++)
                variables[line.Binds[i]] = long.Parse(pair[i], CultureInfo.InvariantCulture);
        }
        else if (line.Binds.Count == 1)
        {
            variables[line.Binds[0]] = result.Return;
        }
    }

    private static bool ResultFits(string expected, CallResult result, Dictionary<string, long> variables)
    {
        if (expected is "gone" or "blocked")
            return result.Outcome == (expected == "gone" ? Outcome.Gone : Outcome.Blocked);
        if (result.Outcome != Outcome.Returned) return false;
        if (expected == "any") return result.Return >= 0;
        if (ConstantTable.Errors.TryGetValue(expected, out var error)) return result.Return == -error;
        return result.Return == Value(expected, variables);
    }

    private static long Value(string text, Dictionary<string, long> variables)
    {
        if (text.StartsWith("-$", StringComparison.Ordinal)) return -variables[text[2..]];
        return text.StartsWith('$') ? variables[text[1..]] : ScriptReader.Number(text);
    }

    /// <summary>Null when the field is as expected, otherwise what it is.</summary>
    private static string? Field(
        string name, string expected, CallResult result, NormalResult normal,
        Dictionary<string, long> variables)
    {
        if (name == "names") return Names(expected, result);
        if (!normal.Fields.TryGetValue(name, out var shown)) return "nothing";
        var fits = name switch
        {
            "data" or "sysname" or "machine" => Data(expected) == shown,
            "mask" => result.Fields[name] == $"{ScriptReader.SignalSet(expected)}",
            "dev" or "ino" or "status" or "signals" or "handler" or "entries" or "infos" => expected == shown,
            "atime" or "mtime" or "ctime" or "time" => expected == shown,
            "fds" or "groups" => expected == result.Fields[name],
            "flags" => shown == $"{Value(expected, variables)}",
            _ => result.Fields[name] == $"{Value(expected, variables)}",
        };
        return fits ? null : shown;
    }

    private static string Data(string expected) =>
        Normaliser.Data(Convert.ToHexStringLower(ScriptReader.Bytes(expected).ToArray()));

    private static string? Names(string expected, CallResult result)
    {
        if (!result.Fields.TryGetValue("entries", out var entries)) return "nothing";
        var names = entries.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => System.Text.Encoding.UTF8.GetString(Convert.FromHexString(entry.Split(':')[0])));
        var sorted = string.Join(',', names.Order(StringComparer.Ordinal));
        return sorted == expected ? null : sorted;
    }
}
