using System.Text;

namespace K42.Conformance.Generated;

/// <summary>Makes a script of mounts from a seed: new ones, binds, moves, peers and slaves, among directories
/// and files that come and go, below a mount of its own; in some, among the names of two files.</summary>
/// <remarks>What is seen where tell names, each of which is made once. Devices are left out: Linux gives the
/// number of one that ended to the next. Paths of mounts are absolute, because what Linux says of places in
/// mounts that were detached differs with its version.</remarks>
internal sealed class MountScriptGenerator
{
    private const int StepsMin = 10;
    private const int StepsMax = 40;

    private static readonly string[] Names = ["a", "b", "c", "x"];
    private static readonly string[] FileNames = ["f", "g", "a/f", "a/g", "b/f"];

    private readonly Random _random;
    private readonly ScriptWords _words;
    private readonly StringBuilder _text = new();
    private readonly (int Weight, Func<string> Make)[] _calls;
    private readonly bool _hasFiles;
    private int _made;

    private MountScriptGenerator(int seed)
    {
        _random = new Random(seed);
        _words = new ScriptWords(_random);
        _hasFiles = _words.OnceIn(3);
        _calls = [.. Mounts(), .. Others(), .. _hasFiles ? Files() : []];
    }

    /// <summary>The text of a case named mounts_N.</summary>
    public static string Make(int seed) => new MountScriptGenerator(seed).Script(seed);

    private string Script(int seed)
    {
        _text.Append($"case mounts_{seed}\n");
        Add("mkdir \"/w\" 0755\nmount \"none\" \"/w\" \"ramfs\" 0 null");
        // Two devices: what entries say of inodes is not compared then.
        Add("stat \"/\"\nstat \"/w\"");
        if (_words.OnceIn(2)) Add("mount null \"/w\" null MS_SHARED null");
        foreach (var path in new[] { "a", "a/a", "a/x", "b", "b/a", "c", "x", "x/x" })
        {
            Add($"mkdir \"/w/{path}\" 0755");
        }
        Add("creat \"/w/f\" 0644\nclose 3\ncreat \"/w/a/f\" 0600\nclose 3\nchdir \"/w\"");
        if (_hasFiles) Add("link \"f\" \"a/g\"\nlink \"f\" \"b/f\"\nlink \"a/f\" \"g\"");
        var steps = _random.Next(StepsMin, StepsMax);
        for (var step = 0; step < steps; step++) Add(_words.Weighted(_calls));
        Observe();
        return _text.Append("end\n").ToString();
    }

    private void Add(string calls)
    {
        foreach (var call in calls.Split('\n')) _text.Append("  ").Append(call).Append('\n');
    }

    private void Observe()
    {
        Add("getcwd 4096\nstat \"..\" -> any dev=* ino=*\nchdir \"/\"");
        foreach (var path in new[] { "", "/a", "/b", "/c", "/x", "/a/a", "/a/x", "/b/a", "/x/x", "/a/a/a" })
        {
            Add(List($"\"/w{path}\""));
        }
        foreach (var name in FileNames) Add($"stat \"/w/{name}\" -> any dev=* ino=*");
    }

    private string List(string path)
    {
        var name = $"$d{++_made}";
        return $"{name} = open {path} O_RDONLY|O_DIRECTORY\ngetdents_all {name} 4096\nclose {name}";
    }

    private string Absolute() => $"\"/w/{Relative()}\"";

    private string Path() => _words.OnceIn(3) ? $"\"{Relative()}\"" : Absolute();

    private string Relative()
    {
        if (_words.OnceIn(12)) return _words.Of("f", "a/f", "f", "b/f");
        if (_words.OnceIn(25)) return _words.Of("", ".", "a/..", "a/../b", "x/../../w/a");
        var depth = _words.Of(1, 1, 1, 2, 2, 3);
        return string.Join('/', Enumerable.Range(0, depth).Select(_ => _words.Of<string>(Names)));
    }

    private string File() => $"\"/w/{_words.Of<string>(FileNames)}\"";

    private string Recursive() => _words.OnceIn(3) ? "|MS_REC" : "";

    private (int, Func<string>)[] Mounts() =>
    [
        (8, () => Absolute() is var at && _words.OnceIn(8)
            ? $"mount \"none\" {at} \"ramfs\" MS_RDONLY null"
            : $"mount \"none\" {at} \"ramfs\" 0 null\ncreat {at[..^1]}/n{++_made}\" 0600\nclose 3"),
        (10, () => $"mount {Absolute()} {Absolute()} null MS_BIND{Recursive()} null"),
        (4, () => $"mount {Absolute()} {Absolute()} null MS_MOVE null"),
        (10, () => $"mount null {Absolute()} null "
            + _words.Of("MS_SHARED", "MS_SHARED", "MS_SLAVE", "MS_SLAVE", "MS_PRIVATE", "MS_UNBINDABLE")
            + $"{Recursive()} null"),
        (9, () => $"umount2 {Absolute()} {_words.Of("0", "0", "0", "MNT_DETACH", "MNT_EXPIRE")}"),
        (2, () => $"mount null {Absolute()} null MS_REMOUNT|MS_BIND{_words.Of("|MS_RDONLY", "")} null"),
        (1, () => $"mount null {Absolute()} null MS_REMOUNT{_words.Of("|MS_RDONLY", "")} null"),
    ];

    private (int, Func<string>)[] Others() =>
    [
        (3, () => $"mkdir {Path()} 0755"),
        (2, () => $"creat {Path()} 0600\nclose 3"),
        (2, () => $"rmdir {Path()}"),
        (1, () => $"unlink {Path()}"),
        (3, () => $"rename {Path()} {Path()}"),
        (2, () => $"link {Path()} {Path()}"),
        (3, () => $"stat {Path()} -> any dev=* ino=*"),
        (3, () => $"chdir {Path()}"),
        (2, () => "chdir \"..\""),
        (2, () => "getcwd 4096"),
        (2, () => List(Path())),
        (1, () => $"open {Path()} O_RDWR"),
        (1, () => "chdir \"/w\""),
    ];

    private (int, Func<string>)[] Files() =>
    [
        (10, () => $"mount {File()} {File()} null MS_BIND null"),
        (2, () => $"mount {File()} {File()} null MS_MOVE null"),
        (2, () => $"mount null {File()} null {_words.Of("MS_SHARED", "MS_SLAVE", "MS_PRIVATE")} null"),
        (5, () => $"umount2 {File()} {_words.Of("0", "0", "MNT_DETACH")}"),
        (4, () => $"link {File()} {File()}"),
        (4, () => $"rename {File()} {File()}"),
        (2, () => $"renameat2 AT_FDCWD {File()} AT_FDCWD {File()} RENAME_EXCHANGE"),
        (4, () => $"unlink {File()}"),
        (2, () => $"creat {File()} 0600\nclose 3"),
        (4, () => $"stat {File()} -> any dev=* ino=*"),
    ];
}
