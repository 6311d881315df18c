using System.Text;

using Grpc.Core;

using K42.Client;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary><c>k42 sh</c>: a prompt over the file and process commands, in one session, with completion of
/// paths.</summary>
internal sealed class ShellCommand
{
    private static readonly string[] s_commands =
        ["cat", "cd", "cp", "exit", "help", "kill", "ls", "mkdir", "mv", "ps", "pwd", "rm", "stat"];

    private readonly ClusterAddress _address;
    private readonly K42Session _session;
    private readonly List<string> _history = [];
    private string _directory = "/";

    private ShellCommand(ClusterAddress address, K42Session session) =>
        (_address, _session) = (address, session);

    /// <summary>Reads and runs lines until end of input or exit.</summary>
    public static Task<int> RunAsync(ClusterAddress address, CancellationToken cancel) =>
        address.InSessionAsync(
            "sh", (session, stop) => new ShellCommand(address, session).LoopAsync(stop), cancel);

    private async Task<int> LoopAsync(CancellationToken cancel)
    {
        var result = 0;
        while (!cancel.IsCancellationRequested)
        {
            var line = Console.IsInputRedirected ? Console.ReadLine() : await ReadLineAsync()
                .ConfigureAwait(false);
            if (line is null) break;
            var words = ShellWords.Split(line);
            if (words.Count == 0) continue;
            if (words[0] == "exit") return words.Count > 1
                && int.TryParse(words[1], out var status) ? status : result;
            result = await RunLineAsync(words, cancel).ConfigureAwait(false);
        }
        return result;
    }

    private async Task<int> RunLineAsync(List<string> words, CancellationToken cancel)
    {
        try
        {
            return await RunCommandAsync(words[0], [.. words.Skip(1).Where(IsOption)],
                [.. words.Skip(1).Where(word => !IsOption(word))], cancel)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (
            e is UserException or IOException or UnauthorizedAccessException or FormatException
            && e is not K42SessionEndedException)
        {
            Console.Error.WriteLine(Failure.Plain(e.Message));
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled && Failure.Of(e) is { } failure)
        {
            Console.Error.WriteLine(failure.Message);
        }
        return 1;
    }

    private Task<int> RunCommandAsync(
        string command, HashSet<string> options, string[] paths, CancellationToken cancel)
    {
        bool Has(char letter) => options.Any(option => option.Contains(letter, StringComparison.Ordinal));
        string At(int index) => index < paths.Length
            ? paths[index] : throw new UserException($"{command} needs another word: type help.", 2);
        return (command, paths.Length) switch
        {
            ("help", _) => SayAsync("cat F, cd D, cp [-r] FROM TO (local:PATH is this machine), kill PID [SIGNAL], ls [-l] [D], mkdir [-p] D, mv FROM TO, ps, pwd, rm [-rf] F, stat F, exit"),
            ("pwd", _) => SayAsync(K42Text.Show(_directory)),
            ("cd", _) => ChangeAsync(paths.Length > 0 ? At(0) : "/"),
            ("ls", _) => FileCommands.ListAsync(
                _session, Full(paths.Length > 0 ? At(0) : "."), Has('l'), false, Console.Out),
            ("cat", _) => FileCommands.CatAsync(_session, Full(At(0)), new StandardOutput()),
            ("rm", _) => FileCommands.RemoveAsync(_session, Full(At(0)), Has('r'), Has('f')),
            ("mkdir", _) => FileCommands.MakeDirectoryAsync(_session, Full(At(0)), Has('p')),
            ("mv", _) => FileCommands.MoveAsync(_session, Full(At(0)), Full(At(1))),
            ("stat", _) => FileCommands.StatAsync(_session, Full(At(0)), false, Console.Out),
            ("cp", _) => CopyAsync(At(0), At(1), Has('r'), cancel),
            ("ps", _) => ClusterCommands.ProcessesAsync(_address, false, Console.Out, cancel),
            ("kill", _) => KillAsync(At(0), paths.Length > 1 ? At(1) : "15"),
            _ => throw new UserException($"There is no command {command}: type help.", 2),
        };
    }

    private static async Task<int> SayAsync(string text)
    {
        await Console.Out.WriteLineAsync(text).ConfigureAwait(false);
        return 0;
    }

    private async Task<int> ChangeAsync(string path)
    {
        await _session.Main.ChangeDirectoryAsync(Full(path)).ConfigureAwait(false);
        _directory = await _session.Main.CurrentDirectoryAsync().ConfigureAwait(false);
        return 0;
    }

    private Task<int> CopyAsync(string from, string to, bool recursive, CancellationToken cancel) =>
        new CopyCommand(_session, null).RunAsync(Either(from), Either(to), recursive, cancel);

    private async Task<int> KillAsync(string pid, string signal)
    {
        if (!int.TryParse(pid, out var process) || !int.TryParse(signal, out var number))
            throw new UserException("kill takes a process number and a signal number.", 2);
        return await ClusterCommands.KillAsync(_session, process, number).ConfigureAwait(false);
    }

    private K42Path Either(string path)
    {
        const string local = "local:";
        if (path.StartsWith(local, StringComparison.Ordinal)) return new K42Path(path[local.Length..], false);
        return path == "-" ? new K42Path(path, false) : new K42Path(Full(path), true);
    }

    private string Full(string path)
    {
        var text = K42Path.Remote(path);
        return text.StartsWith('/') ? text : FileCommands.Join(_directory, text);
    }

    private static bool IsOption(string word) => word.Length > 1 && word[0] == '-' && !char.IsDigit(word[1]);

    private async Task<string?> ReadLineAsync()
    {
        var prompt = $"k42:{K42Text.Show(_directory)}> ";
        var (line, recalled) = (new StringBuilder(), _history.Count);
        Console.Write(prompt);
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    Console.WriteLine();
                    if (line.Length > 0) _history.Add(line.ToString());
                    return line.ToString();
                case ConsoleKey.D when key.Modifiers == ConsoleModifiers.Control && line.Length == 0:
                    Console.WriteLine();
                    return null;
                case ConsoleKey.Backspace:
                    if (line.Length == 0) break;
                    line.Length--;
                    Console.Write("\b \b");
                    break;
                case ConsoleKey.Tab:
                    await CompleteAsync(line, prompt).ConfigureAwait(false);
                    break;
                case ConsoleKey.UpArrow or ConsoleKey.DownArrow:
                    recalled = Math.Clamp(
                        recalled + (key.Key == ConsoleKey.UpArrow ? -1 : 1), 0, _history.Count);
                    line.Clear().Append(recalled < _history.Count ? _history[recalled] : "");
                    Console.Write($"\r\u001b[K{prompt}{line}");
                    break;
                default:
                    if (char.IsControl(key.KeyChar)) break;
                    line.Append(key.KeyChar);
                    Console.Write(key.KeyChar);
                    break;
            }
        }
    }

    private async Task CompleteAsync(StringBuilder line, string prompt)
    {
        var text = line.ToString();
        var begin = text.LastIndexOf(' ') + 1;
        var word = text[begin..];
        var candidates = begin == 0
            ? [.. s_commands.Where(command => command.StartsWith(word, StringComparison.Ordinal))
                .Select(command => command + " ")]
            : await PathsAsync(word).ConfigureAwait(false);
        if (candidates.Count == 0) return;
        var common = candidates.Aggregate(CommonPrefix);
        if (common.Length > word.Length)
        {
            Console.Write(common[word.Length..]);
            line.Append(common.AsSpan(word.Length));
        }
        else if (candidates.Count > 1)
        {
            Console.WriteLine();
            Console.WriteLine(
                string.Join("  ", candidates.Select(candidate => candidate.TrimEnd('/').Split('/')[^1])));
            Console.Write(prompt + line);
        }
    }

    /// <summary>The K42 paths that begin with a word: directories end in a slash, files in a blank.</summary>
    private async Task<IReadOnlyList<string>> PathsAsync(string word)
    {
        var cut = word.LastIndexOf('/') + 1;
        var (directory, start) = (word[..cut], word[cut..]);
        try
        {
            var found = new List<string>();
            var entries = K42File.EnumerateAsync(_session.Main, Full(directory.Length > 0 ? directory : "."));
            await foreach (var entry in entries.ConfigureAwait(false))
            {
                // Names that need quotes are not completed: the word has none.
                if (!entry.Text.StartsWith(start, StringComparison.Ordinal)) continue;
                if (K42Text.Show(entry.Text) != entry.Text) continue;
                found.Add(directory + entry.Text + (entry.Type == 4 ? "/" : " "));
            }
            found.Sort(StringComparer.Ordinal);
            return found;
        }
        catch (K42Exception)
        {
            return [];
        }
    }

    private static string CommonPrefix(string one, string other)
    {
        var length = 0;
        while (length < one.Length && length < other.Length && one[length] == other[length]) length++;
        return one[..length];
    }
}
