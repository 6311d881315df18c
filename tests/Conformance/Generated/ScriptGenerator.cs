using System.Text;

namespace K42.Conformance.Generated;

/// <summary>Makes a script from a seed: calls on files, directories, links, descriptors and pipes, by one
/// task or by several that share them.</summary>
/// <remarks>
/// No call may wait and no task may end: pipes are O_NONBLOCK, SIGPIPE is ignored. Directories are moved to
/// descriptors from 20 on, because what lseek says of a directory is each file system's own. The same seed
/// makes the same script for as long as this class is not changed. </remarks>
internal sealed class ScriptGenerator
{
    private const int StepsMin = 10;
    private const int StepsMax = 40;

    private static readonly string[] Observed =
        ["a", "b", "c", "d", "e", "l", "m", "a/a", "d/a", "d/b", "e/a", "d/d", "b/a", "c/c"];

    private readonly Random _random;
    private readonly ScriptWords _words;
    private readonly StringBuilder _text = new();
    private readonly List<string> _tasks = ["main"];
    private readonly (int Weight, Func<string> Make)[] _calls;
    private string _task = "main";
    private int _bound;

    private ScriptGenerator(int seed)
    {
        _random = new Random(seed);
        _words = new ScriptWords(_random);
        _calls = [.. Files(), .. Tree(), .. Attributes(), .. Descriptors()];
    }

    /// <summary>The text of a case named seed_N.</summary>
    public static string Make(int seed) => new ScriptGenerator(seed).Script(seed);

    private string Script(int seed)
    {
        _text.Append($"case seed_{seed}\n");
        Add("rt_sigaction SIGPIPE ignore");
        Add("mkdir \"/w\" 0777");
        Add("chmod \"/w\" 0777");
        // Shows the volume's device, so that entries' inodes are compared in scripts with no other.
        Add("chdir \"/w\"\nstat \".\"");
        if (_words.OnceIn(2)) Second();
        var steps = _random.Next(StepsMin, StepsMax);
        var forkAt = _words.OnceIn(3) ? _random.Next(steps) : -1;
        for (var step = 0; step < steps; step++)
        {
            if (step == forkAt) Fork();
            if (_words.OnceIn(40)) _text.Append("  tick\n");
            _task = _words.Of<string>([.. _tasks]);
            Add(_words.Weighted(_calls));
        }
        Observe();
        return _text.Append("end\n").ToString();
    }

    private void Second()
    {
        _text.Append("  start u as 1000:100 groups 5\n");
        _task = "u";
        Add("rt_sigaction SIGPIPE ignore");
        Add("chdir \"/w\"");
        _tasks.Add("u");
        // Root is allowed everything: let the other one do most.
        if (_words.OnceIn(2)) _tasks.AddRange(["u", "u"]);
    }

    private void Fork()
    {
        var parent = _words.Of<string>([.. _tasks]);
        _text.Append($"  {(parent == "main" ? "" : $"{parent}: ")}$k = fork\n");
        _tasks.Add("k");
    }

    private void Add(string calls)
    {
        foreach (var call in calls.Split('\n'))
            _text.Append("  ").Append(_task == "main" ? "" : $"{_task}: ").Append(call).Append('\n');
    }

    // What calls did and did not show: by root, whom nothing is hidden from.
    private void Observe()
    {
        _task = "main";
        for (var fd = 3; fd < 9; fd++) Add($"fstat {fd}\nlseek {fd} 0 SEEK_CUR");
        for (var fd = 3; fd < 6; fd++) Add($"pread64 {fd} 100000 0");
        Add("getcwd 4096\nchdir \"/w\"");
        foreach (var name in Observed) Add($"lstat \"{name}\"\nreadlink \"{name}\" 100");
        foreach (var name in new[] { ".", "a", "d", "e" }) Add(List(name));
    }

    private string List(string path) => Bound("d", name =>
        $"{name} = open \"{path}\" O_RDONLY|O_DIRECTORY\ngetdents_all {name} 4096\nclose {name}");

    private string Bound(string prefix, Func<string, string> lines) => lines($"${prefix}{++_bound}");

    private (int, Func<string>)[] Files() =>
    [
        (12, () => $"open {_words.Path()} {_words.OpenFlags()} {_words.Mode()}"),
        (4, () => $"openat {_words.DirectoryFd()} {_words.Path()} {_words.OpenFlags()} {_words.Mode()}"),
        (3, () => $"creat {_words.Path()} {_words.Mode()}"),
        (6, () => $"write {_words.Fd()} {_words.Data()}"),
        (5, () => $"read {_words.Fd()} {_words.Count()}"),
        (3, () => $"pwrite64 {_words.Fd()} {_words.Data()} {_words.Place()}"),
        (3, () => $"pread64 {_words.Fd()} {_words.Count()} {_words.Place()}"),
        (1, () => $"writev {_words.Fd()} [ {_words.Data()} {_words.Data()} ]"),
        (1, () => $"readv {_words.Fd()} [ {_words.Count()} {_words.Count()} ]"),
        (4, () => $"lseek {_words.Of("3", "3", "4", "5", "6", "99")} {_words.Seek()}"),
        (3, () => $"truncate {_words.Path()} {_words.Length()}"),
        (3, () => $"ftruncate {_words.Fd()} {_words.Length()}"),
        (1, () => $"fsync {_words.Fd()}"),
    ];

    private (int, Func<string>)[] Tree() =>
    [
        (6, () => $"mkdir {_words.Path()} {_words.Mode()}"),
        (2, () => $"mkdirat {_words.DirectoryFd()} {_words.Path()} {_words.Mode()}"),
        (3, () => $"rmdir {_words.Path()}"),
        (5, () => $"unlink {_words.Path()}"),
        (2, () => $"unlinkat {_words.DirectoryFd()} {_words.Path()} "
            + _words.Of("0", "AT_REMOVEDIR", "AT_REMOVEDIR", "0x4000")),
        (9, () => $"rename {_words.Path()} {_words.Path()}"),
        (2, () => $"renameat {_words.DirectoryFd()} {_words.Path()} "
            + $"{_words.DirectoryFd()} {_words.Path()}"),
        (5, () => $"link {_words.Path()} {_words.Path()}"),
        (2, () => $"linkat {_words.DirectoryFd()} {_words.Path()} {_words.DirectoryFd()} {_words.Path()} "
            + _words.Of("0", "AT_SYMLINK_FOLLOW", "0x8000")),
        (7, () => $"symlink {_words.Path()} {_words.Path()}"),
        (1, () => $"symlinkat {_words.Path()} {_words.DirectoryFd()} {_words.Path()}"),
        (2, () => $"readlink {_words.Path()} {_words.Of("0", "1", "3", "100")}"),
        (1, () => $"readlinkat {_words.DirectoryFd()} {_words.Path()} 100"),
        (3, () => List(_words.Of("a", "b", "d", "d/e", ".", "l"))),
        (1, () => Bound("d", name => $"{name} = open {_words.Path()} {_words.DirectoryFlags()}\n"
            + $"getdents_all {name} {_words.Of("10", "24", "64", "1000")}\nclose {name}")),
    ];

    private (int, Func<string>)[] Attributes() =>
    [
        (4, () => $"{_words.Of("stat", "lstat")} {_words.Path()}"),
        (2, () => $"fstat {_words.Fd()}"),
        (3, () => $"newfstatat {_words.DirectoryFd()} {_words.Path()} "
            + _words.Of("0", "AT_SYMLINK_NOFOLLOW", "AT_EMPTY_PATH", "0x2")),
        (5, () => $"chmod {_words.Path()} {_words.Mode()}"),
        (2, () => $"fchmod {_words.Fd()} {_words.Mode()}"),
        (4, () => $"chown {_words.Path()} {_words.Owner()} {_words.Group()}"),
        (2, () => $"fchown {_words.Fd()} {_words.Owner()} {_words.Group()}"),
        (3, () => $"access {_words.Path()} {_words.Of("0", "1", "2", "3", "4", "6", "7", "8")}"),
        (1, () => $"faccessat {_words.DirectoryFd()} {_words.Path()} {_words.Of("0", "1", "2", "4")}"),
        (3, () => $"utimensat {_words.DirectoryFd()} {_words.Path()} {_words.Times()} "
            + _words.Of("0", "0", "AT_SYMLINK_NOFOLLOW", "0x1")),
        (2, () => $"umask {_words.Of("0", "022", "077", "0777", "027")}"),
        (4, () => $"chdir {_words.Path()}"),
        (1, () => $"fchdir {_words.DirectoryFd()}"),
        (1, () => $"getcwd {_words.Of("0", "1", "4", "4096")}"),
        (1, () => "chdir \"/w\""),
    ];

    private (int, Func<string>)[] Descriptors() =>
    [
        (5, () => $"close {_words.Fd()}"),
        (4, () => Bound("o", name => $"{name} = openat {_words.DirectoryFd()} {_words.Path()} "
            + $"{_words.DirectoryFlags()} 0\ndup2 {name} {_words.Of("20", "20", "21")}\nclose {name}")),
        (2, () => $"dup {_words.Fd()}"),
        (2, () => $"dup2 {_words.Fd()} {_words.NewFd()}"),
        (1, () => $"dup3 {_words.Fd()} {_words.NewFd()} {_words.Of("0", "O_CLOEXEC", "O_NONBLOCK")}"),
        (2, () => $"pipe2 {_words.Of("O_NONBLOCK", "O_NONBLOCK|O_CLOEXEC")}"),
        (1, () => $"fcntl {_words.Fd()} F_GETFL 0"),
        (1, () => $"fcntl {_words.Fd()} F_GETFD 0"),
        (1, () => $"fcntl {_words.Fd()} F_SETFL {_words.Of("O_NONBLOCK", "O_NONBLOCK|O_APPEND")}"),
        (1, () => $"fcntl {_words.Fd()} F_SETFD {_words.Of("0", "1", "FD_CLOEXEC|2")}"),
        (1, () => $"fcntl {_words.Of("3", "4", "5")} F_DUPFD {_words.NewFd()}"),
    ];
}
