using System.Globalization;
using System.Text;

using K42.Contracts;

namespace K42.Generator.Tests.Wire;

/// <summary>The wire as it was released: numbers, order, types, maxima and rights may be added to, never
/// changed.</summary>
/// <remarks>A node of one version and one of the next work together, so what is written here is forever. A
/// call that must change gets a new number; the old one stays until no supported version makes it.</remarks>
public sealed class GoldenSpec
{
    private static readonly string GoldenPath = Repository.PathOf("golden", "contracts.txt");

    private static readonly Type[] HeaderEnums = [typeof(Errno), typeof(Rights), typeof(Authentication)];

    [Fact]
    public void The_wire_is_only_appended_to()
    {
        var golden = Repository.Anew ? [] : File.ReadAllLines(GoldenPath);
        var lost = golden.Where(line => line.Length > 0).Except(Lines()).ToList();
        Assert.True(
            lost.Count == 0,
            "These lines of golden/contracts.txt no longer hold: a number, order, type, maximum or right was "
            + "changed or removed, and a node of the version before would misread it:\n  "
            + string.Join("\n  ", lost)
            + "\nUndo it; add a new call or field at the end instead. Only before "
            + $"the first release: {Repository.HowToStartAnew}");
        if (Repository.Update) File.WriteAllText(GoldenPath, string.Join("\n", Lines()) + "\n");
        var added = Lines().Except(File.ReadAllLines(GoldenPath)).ToList();
        Assert.True(
            added.Count == 0,
            "This is new on the wire, which is fine, but nothing guards it yet:\n  "
            + string.Join("\n  ", added)
            + $"\nTo record it, run: {Repository.HowToUpdate}");
    }

    [Fact]
    public void Every_line_is_told_from_every_other() =>
        Assert.Equal(Lines().Count, Lines().Distinct().Count());

    /// <summary>One line per fact, each complete in itself, so that an addition changes no other
    /// line.</summary>
    private static List<string> Lines()
    {
        var lines = new List<string>();
        foreach (var contract in K42.Contracts.ContractCatalogue.Contracts) AddContract(lines, contract);
        foreach (var wire in K42.Contracts.ContractCatalogue.Wires)
        {
            for (var index = 0; index < wire.Fields.Count; index++)
            {
                lines.Add($"field {wire.Name}#{index + 1} {Describe(wire.Fields[index])}");
            }
        }
        foreach (var type in K42.Contracts.WireTypes.All.Where(type => type.IsEnum).Concat(HeaderEnums))
        {
            foreach (var value in Enum.GetValues(type))
            {
                lines.Add(FormattableString.Invariant($"value {type.Name} {value:D} {value}"));
            }
        }
        return lines;
    }

    private static void AddContract(List<string> lines, ContractRow contract)
    {
        lines.Add($"contract {contract.Id} {contract.Name}{(contract.Factory ? " factory" : "")}");
        foreach (var call in contract.Calls)
        {
            var name = $"{contract.Id}.{call.Number}";
            var oneWay = call.OneWay ? " one-way" : "";
            lines.Add($"call {name} {contract.Name}.{call.Name} rights {call.Rights}{oneWay}");
            for (var index = 0; index < call.Parameters.Count; index++)
            {
                lines.Add($"parameter {name}#{index + 1} {Describe(call.Parameters[index])}");
            }
            var max = call.ReplyMax > 0 ? FormattableString.Invariant($" max {call.ReplyMax}") : "";
            lines.Add($"result {name} {call.Result}{max}");
        }
    }

    private static string Describe(FieldRow field) =>
        field.Max > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{field.Name}: {field.Type} max {field.Max}")
            : $"{field.Name}: {field.Type}";
}

/// <summary>Frames that earlier versions wrote, read by this one.</summary>
/// <remarks>golden/frames.txt: per call its arguments and its result as hex, and below each value that they
/// hold. Frames that are there are never written anew; values that a version appended are defaults in older
/// frames.</remarks>
public sealed class RecordedFramesSpec
{
    private static readonly string FramesPath = Repository.PathOf("golden", "frames.txt");

    public static TheoryData<string> Frames => [.. Recorded().Keys.DefaultIfEmpty("none")];

    [Fact]
    public void Every_call_has_a_recorded_frame()
    {
        var recorded = Recorded();
        var fresh = CallUnderTest.All.SelectMany(Both)
            .Where(frame => !recorded.ContainsKey(frame.Name)).ToList();
        if (Repository.Update)
        {
            foreach (var (name, hex, values) in fresh) recorded[name] = (hex, values);
            File.WriteAllText(FramesPath, Text(recorded));
            return;
        }
        Assert.True(
            fresh.Count == 0,
            $"no frame is recorded of {string.Join(", ", fresh.Select(frame => frame.Name))}; "
            + $"to record them, run: {Repository.HowToUpdate}");
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void A_recorded_frame_says_now_what_it_said_then(string name)
    {
        if (Repository.Anew) return;
        var (hex, values) = Recorded()[name];
        var call = CallUnderTest.All.SingleOrDefault(
            each => name.StartsWith($"{each.Name} ", StringComparison.Ordinal));
        Assert.True(call is not null, $"{name} is recorded, but the call is gone: a peer may make it");
        var bytes = Convert.FromHexString(hex);
        var read = IsArguments(name)
            ? call.ArgumentLines(call.ReadArguments(bytes)).ToList()
            : call.ResultLines(call.ReadResult(bytes)).ToList();
        var lost = values.Except(read).ToList();
        Assert.True(
            lost.Count == 0,
            $"{name} is misread; it no longer says:\n  {string.Join("\n  ", lost)}\n"
            + $"Undo the change. Only before the first release: {Repository.HowToStartAnew}");
        Assert.All(read.Except(values), appended => Assert.Matches(@" = (0|False|\\?)$", appended));
    }

    [Fact]
    public void A_frame_written_now_is_the_recorded_one_unless_something_was_appended()
    {
        var recorded = Recorded();
        foreach (var (name, hex, values) in CallUnderTest.All.SelectMany(Both))
        {
            if (!recorded.TryGetValue(name, out var then) || values.Count != then.Values.Count) continue;
            Assert.True(hex == then.Hex, $"{name} is written differently from the recorded frame");
        }
    }

    private static bool IsArguments(string name) => name.EndsWith(" arguments", StringComparison.Ordinal);

    private static IEnumerable<(string Name, string Hex, List<string> Values)> Both(CallUnderTest call)
    {
        var (arguments, result) = (call.FixedArguments(), call.FixedResult());
        yield return ($"{call.Name} arguments", Convert.ToHexString(CallUnderTest.WriteArguments(arguments)),
            [.. call.ArgumentLines(arguments)]);
        yield return ($"{call.Name} result", Convert.ToHexString(CallUnderTest.WriteResult(result)),
            [.. call.ResultLines(result)]);
    }

    private static Dictionary<string, (string Hex, List<string> Values)> Recorded()
    {
        var frames = new Dictionary<string, (string Hex, List<string> Values)>();
        if (Repository.Anew) return frames;
        List<string>? values = null;
        foreach (var line in File.ReadAllLines(FramesPath))
        {
            if (line.StartsWith("    ", StringComparison.Ordinal)) values!.Add(line[4..]);
            else if (line.Split(": ", 2) is [var name, var hex]) frames[name] = (hex.Trim(), values = []);
        }
        return frames;
    }

    private static string Text(Dictionary<string, (string Hex, List<string> Values)> frames)
    {
        var text = new StringBuilder();
        foreach (var (name, (hex, values)) in frames)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {hex}\n");
            foreach (var value in values) text.Append(CultureInfo.InvariantCulture, $"    {value}\n");
        }
        return text.ToString();
    }
}
