using System.Buffers.Binary;
using System.Text;

namespace K42.Conformance;

/// <summary>
/// Turns a case into the numeric form that the oracle obeys (native/oracle.c describes it).
/// </summary>
public sealed class ScriptCompiler
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<string, int> _variables = [];
    private readonly Dictionary<string, int> _slots = [];

    private ScriptCompiler()
    {
    }

    /// <summary>The numeric form of a case: one line per script line.</summary>
    public static string Compile(ScriptCase script)
    {
        var compiler = new ScriptCompiler();
        foreach (var line in script.Lines) compiler.Add(line);
        return compiler._text.ToString();
    }

    private void Add(ScriptLine line)
    {
        switch (line.Kind)
        {
            case LineKind.Start:
                var groups = line.Identity.Groups.Count == 0 ? "-" : string.Join(',', line.Identity.Groups);
                _text.Append($"S {line.Number} {Slot(line.Task)} {Variable(line.Task)} ");
                _text.Append($"{line.Identity.Uid} {line.Identity.Gid} {groups}");
                break;
            case LineKind.Tick:
                _text.Append($"K {line.Number}");
                break;
            case LineKind.Await:
                _text.Append($"W {line.Number} {Slot(line.Task)} {Bind(line, 0)}");
                break;
            default:
                AddCall(line);
                break;
        }
        _text.Append('\n');
    }

    private void AddCall(ScriptLine line)
    {
        var child = line.Call!.Name == "fork" ? Slot(line.Binds[0]) : -1;
        _text.Append($"{(line.Kind == LineKind.Async ? 'B' : 'C')} {line.Number} {Slot(line.Task)} ");
        _text.Append($"{Bind(line, 0)} {Bind(line, 1)} {child} {line.Call.Number}");
        var arguments = new Queue<ScriptValue>(line.Arguments);
        foreach (var parameter in line.Call.Parameters)
        {
            _text.Append(' ');
            if (parameter.Kind == ParameterKind.Fixed) _text.Append($"i{parameter.Value}");
            else if (parameter.Kind == ParameterKind.OutStructure)
                _text.Append($"o{parameter.OutCode},{parameter.OutBytes}");
            else AddArgument(parameter.Kind, arguments.Dequeue());
        }
    }

    private void AddArgument(ParameterKind kind, ScriptValue value)
    {
        switch (kind, value)
        {
            case (ParameterKind.InBytes, BytesValue bytes):
                _text.Append($"d{Packed(bytes)} i{bytes.Length}");
                break;
            case (ParameterKind.OutBytes, NumberValue count):
                _text.Append($"ob,{Math.Max(0, count.Number)} i{count.Number}");
                break;
            case (ParameterKind.OutEntries, NumberValue count):
                _text.Append($"od,{Math.Max(0, count.Number)} i{count.Number}");
                break;
            case (ParameterKind.OutPath, NumberValue count):
                _text.Append($"oc,{Math.Max(0, count.Number)} i{count.Number}");
                break;
            case (ParameterKind.OutGroups, NumberValue count):
                _text.Append($"i{count.Number} og,{Math.Max(0, count.Number) * 4}");
                break;
            case (ParameterKind.InGroups, ListValue list):
                _text.Append($"i{list.Items.Count} d").AppendJoin("", list.Items.Select(Group));
                break;
            case (ParameterKind.InVector or ParameterKind.OutVector, ListValue list):
                var letter = kind == ParameterKind.InVector ? 'W' : 'V';
                _text.Append(letter).AppendJoin(',', list.Items.Select(VectorItem));
                _text.Append($" i{list.Items.Count}");
                break;
            case (ParameterKind.NumberOrLock, ListValue list):
                _text.Append($"O{list.Items.Count}");
                foreach (var item in list.Items) _text.Append(' ').Append(Plain(item));
                break;
            default:
                _text.Append(Plain(value));
                break;
        }
    }

    private string Plain(ScriptValue value) => value switch
    {
        NullValue => "n",
        NumberValue number => $"i{number.Number}",
        VariableValue variable => $"{(variable.IsNegated ? 'w' : 'v')}{Variable(variable.Name)}",
        BytesValue bytes => $"d{Packed(bytes)}",
        TimeValue time => $"T{time.Seconds},{time.Nanoseconds}",
        ListValue list => "T" + string.Join(',',
            list.Items.Cast<TimeValue>().Select(t => $"{t.Seconds},{t.Nanoseconds}")),
        ActionValue action => $"A{(int)action.Disposition},{action.Flags},{action.Mask}",
        SignalSetValue set => $"T{set.Mask}",
        LockValue file => $"F{file.Type},{file.Whence},{file.Start},{file.Length}",
        _ => throw new InvalidOperationException($"no numeric form for {value}"),
    };

    private static string Group(ScriptValue item)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, unchecked((uint)((NumberValue)item).Number));
        return Convert.ToHexStringLower(bytes);
    }

    private static string VectorItem(ScriptValue item) => item switch
    {
        BytesValue { Length: 0 } => "-",
        BytesValue bytes => Packed(bytes),
        NumberValue count => $"{count.Number}",
        _ => throw new InvalidOperationException($"no vector item: {item}"),
    };

    private static string Packed(BytesValue bytes) => string.Join('+', bytes.Pieces
        .Where(piece => piece.Pattern.Length > 0 && piece.Count > 0)
        .Select(piece => Convert.ToHexStringLower(piece.Pattern) + $"*{piece.Count}"));

    private int Bind(ScriptLine line, int index) =>
        index < line.Binds.Count ? Variable(line.Binds[index]) : -1;

    private int Variable(string name) => Number(_variables, name);

    private int Slot(string task) => Number(_slots, task);

    private static int Number(Dictionary<string, int> numbers, string name)
    {
        if (!numbers.TryGetValue(name, out var number)) numbers.Add(name, number = numbers.Count);
        return number;
    }
}
