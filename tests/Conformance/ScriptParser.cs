using System.Text.RegularExpressions;

namespace K42.Conformance;

/// <summary>Parses a case file. The format is described in README.md.</summary>
public sealed partial class ScriptParser
{
    private const string MainTask = "main";
    private static readonly Expectation Success = new("any", new Dictionary<string, string>());

    private readonly string _file;
    private readonly List<ScriptCase> _cases = [];
    private readonly Dictionary<string, ScriptLine> _asyncs = [];
    private readonly HashSet<string> _variables = [];
    private readonly HashSet<string> _tasks = [];
    private List<ScriptLine>? _lines;
    private string _caseName = "";
    private string _blockTask = MainTask;

    private ScriptParser(string file) => _file = file;

    /// <summary>The cases of a file.</summary>
    /// <param name="file">The name for messages and <see cref="ScriptCase.File"/>.</param>
    /// <param name="text">The file's text.</param>
    /// <exception cref="ScriptSyntaxException">The text is not well formed.</exception>
    public static IReadOnlyList<ScriptCase> Parse(string file, string text)
    {
        var parser = new ScriptParser(file);
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            try { parser.Take(number, line.Trim()); }
            catch (FormatException error) { throw new ScriptSyntaxException(file, number, error.Message); }
        }
        if (parser._lines is not null)
            throw new ScriptSyntaxException(file, number, "the last case has no end");
        return parser._cases;
    }

    private void Take(int number, string text)
    {
        var words = ScriptReader.Words(text);
        if (words.Count == 0) return;
        if (_lines is null) BeginCase(number, text, words);
        else if (words is ["end"]) EndCase();
        else if (words is ["child", _, "{"]) _blockTask = Known(_tasks, words[1].TrimStart('$'), "task");
        else if (words is ["}"]) _blockTask = MainTask;
        else _lines.Add(Line(number, text, words));
    }

    private void BeginCase(int number, string text, List<string> words)
    {
        if (words.Count < 2 || words[0] != "case") throw new FormatException("'case NAME' expected");
        _caseName = words[1];
        if (_cases.Any(other => other.Name == _caseName))
            throw new FormatException($"a second case {_caseName}");
        _variables.Clear();
        _tasks.Clear();
        _asyncs.Clear();
        _lines = [Start(number, text, MainTask, words[2..], Success)];
    }

    private void EndCase()
    {
        if (_lines!.Count == 1) throw new FormatException($"case {_caseName} has no lines");
        if (_blockTask != MainTask) throw new FormatException("a child block has no }");
        _cases.Add(new ScriptCase(_file, _caseName, _lines));
        _lines = null;
    }

    private ScriptLine Line(int number, string text, List<string> words)
    {
        var task = _blockTask;
        if (words[0].EndsWith(':') && words.Count > 1)
        {
            task = Known(_tasks, words[0][..^1], "task");
            words.RemoveAt(0);
        }
        var arrow = words.IndexOf("->");
        var expected = arrow < 0 ? null : Expected(words[(arrow + 1)..]);
        if (arrow >= 0) words.RemoveRange(arrow, words.Count - arrow);
        if (words is ["tick"]) return new ScriptLine(number, text, LineKind.Tick, task, Success);
        if (words[0] == "start" && words.Count > 1)
            return Start(number, text, words[1], words[2..], expected ?? Success);
        var binds = Binds(words);
        var line = words[0] switch
        {
            "await" when words.Count == 2 => Await(number, text, words[1], expected ?? Success),
            "async" when words.Count > 2 => Async(number, text, task, words, expected),
            _ => Call(number, text, task, words, expected ?? Success),
        };
        return Bound(line with { Binds = binds });
    }

    private ScriptLine Start(int number, string text, string name, List<string> words, Expectation expected)
    {
        if (!_tasks.Add(name)) throw new FormatException($"a second task {name}");
        _variables.Add(name);
        var identity = Identity.Root;
        if (words.Count >= 2 && words[0] == "as")
        {
            var ids = words[1].Split(':').Select(uint.Parse).ToArray();
            var groups = words is [_, _, "groups",
                var list] ? list.Split(',').Select(uint.Parse).ToArray() : [];
            if (ids.Length != 2) throw new FormatException($"'{words[1]}' is no UID:GID");
            identity = new Identity(ids[0], ids[1], groups);
        }
        else if (words.Count > 0)
        {
            throw new FormatException("'as UID:GID [groups N,N]' expected");
        }
        return new ScriptLine(number, text, LineKind.Start, name, expected) { Binds = [name],
            Identity = identity };
    }

    private ScriptLine Await(int number, string text, string tag, Expectation expected)
    {
        if (!_asyncs.Remove(tag, out var begun)) throw new FormatException($"nothing to await under {tag}");
        return new ScriptLine(number, text, LineKind.Await, begun.Task, expected) { Call = begun.Call,
            Tag = tag };
    }

    private ScriptLine Async(int number, string text, string task, List<string> words, Expectation? expected)
    {
        var call = Call(number, text, task, words[2..], expected ?? Success with { Result = "blocked" });
        var line = call with { Kind = LineKind.Async, Tag = words[1] };
        if (!_asyncs.TryAdd(words[1], line)) throw new FormatException($"{words[1]} is not awaited yet");
        return line;
    }

    private ScriptLine Call(int number, string text, string task, List<string> words, Expectation expected)
    {
        var call = CallTable.Find(words[0]) ?? throw new FormatException($"unknown call {words[0]}");
        if (_asyncs.Values.Any(begun => begun.Task == task))
            throw new FormatException($"{task} is in a blocked call");
        var arguments = new List<ScriptValue>();
        var at = 1;
        foreach (var parameter in call.Parameters.Where(parameter => parameter.IsWritten))
        {
            if (at == words.Count && parameter.IsOptional) arguments.Add(new NumberValue(0));
            else if (at == words.Count)
                throw new FormatException($"{call.Name} has no argument for {parameter.Name}");
            else arguments.Add(Argument(words, ref at, parameter.Kind));
        }
        if (at != words.Count) throw new FormatException($"{call.Name} has too many arguments: {words[at]}");
        return new ScriptLine(number, text, LineKind.Call, task, expected) { Call = call,
            Arguments = arguments };
    }

    private ScriptValue Argument(List<string> words, ref int at, ParameterKind kind)
    {
        if (words[at] != "[")
        {
            var value = ScriptReader.Value(words[at++], kind);
            if (value is VariableValue variable) Known(_variables, variable.Name, "variable");
            return value;
        }
        var end = words.IndexOf("]", at);
        if (end < 0) throw new FormatException("a list has no ]");
        var items = words[(at + 1)..end].Select(word => ScriptReader.Value(word, kind)).ToArray();
        at = end + 1;
        return new ListValue(items);
    }

    private static string[] Binds(List<string> words)
    {
        if (words.Count < 3 || words[1] != "=") return [];
        var names = words[0].Split(',');
        if (names.Length > 2 || names.Any(name => !name.StartsWith('$')))
            throw new FormatException("$name = expected");
        words.RemoveRange(0, 2);
        return [.. names.Select(name => name[1..])];
    }

    private ScriptLine Bound(ScriptLine line)
    {
        var isPipe = line.Call?.Name is "pipe" or "pipe2";
        if (line.Binds.Count == 2 != isPipe && line.Binds.Count > 0)
            throw new FormatException("a pipe binds $r,$w; any other call one variable");
        if (line.Call?.Name == "fork")
        {
            if (line.Binds.Count != 1) throw new FormatException("a fork names its child: $child = fork");
            if (!_tasks.Add(line.Binds[0])) throw new FormatException($"a second task {line.Binds[0]}");
        }
        _variables.UnionWith(line.Binds);
        return line;
    }

    private static Expectation Expected(List<string> words)
    {
        if (words.Count == 0) throw new FormatException("-> and no result");
        var fields = new Dictionary<string, string>();
        foreach (var word in words[1..])
        {
            var match = FieldPattern().Match(word);
            if (!match.Success) throw new FormatException($"'{word}' is no field=value");
            fields.Add(match.Groups[1].Value, match.Groups[2].Value);
        }
        return new Expectation(words[0], fields);
    }

    private static string Known(HashSet<string> names, string name, string kind) =>
        names.Contains(name) ? name : throw new FormatException($"unknown {kind} {name}");

    [GeneratedRegex("^([a-z_]+)=(.*)$", RegexOptions.Singleline)]
    private static partial Regex FieldPattern();
}
