namespace K42.Conformance.Generated;

/// <summary>The arguments that generated calls use: few names, so that they meet, and the odd ends of every
/// range.</summary>
internal sealed class ScriptWords(Random random)
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "l", "m"];
    private static readonly string[] Owners = ["0", "1000", "1001", "-1"];
    private static readonly string[] Groups = ["0", "100", "5", "1000", "-1"];
    private static readonly string[] Places = ["0", "1", "3", "100", "4095", "4096", "70000", "-1"];
    private static readonly string[] Lengths =
        ["0", "1", "5", "100", "4095", "4096", "5000", "70000", "0x10000000000", "-1"];
    private static readonly string[] Counts = ["0", "1", "5", "100", "4096", "5000", "70000"];
    private static readonly string[] Steps = ["0", "0", "1", "-1", "10", "5000", "-5000", "0x10000000000"];
    private static readonly string[] Modes =
    [
        "0", "0100", "0200", "0300", "0400", "0444", "0500", "0555", "0600", "0644", "0700", "0711", "0755",
        "0777", "0777", "01777", "02775", "02755", "04755", "06711", "07777", "0070", "0007",
    ];

    /// <summary>One of several.</summary>
    public T Of<T>(params ReadOnlySpan<T> items) => items[random.Next(items.Length)];

    /// <summary>One of several calls, by their weights.</summary>
    public string Weighted((int Weight, Func<string> Make)[] calls)
    {
        var at = random.Next(calls.Sum(call => call.Weight));
        foreach (var (weight, make) in calls)
        {
            if (at < weight) return make();
            at -= weight;
        }
        throw new InvalidOperationException("weights");
    }

    /// <summary>True once in so many times.</summary>
    public bool OnceIn(int times) => random.Next(times) == 0;

    /// <summary>A name without a slash.</summary>
    public string Name() => OnceIn(25) ? Of(".", "..", "") : Of<string>(Names);

    /// <summary>A path of one to three names, with the odd slash.</summary>
    public string Path()
    {
        if (OnceIn(100)) return "\"\"";
        if (OnceIn(60)) return Of("\"/\"", "\".\"", "\"..\"", "\"\"", "\"//w/a\"", "\"a//b\"", "\"./a/.\"");
        var depth = Of(1, 1, 1, 1, 2, 2, 2, 3);
        var path = string.Join('/', Enumerable.Range(0, depth).Select(_ => Name()));
        if (OnceIn(10)) path += "/";
        if (OnceIn(10)) path = "/w/" + path;
        return $"\"{path}\"";
    }

    /// <summary>A descriptor of a file or pipe, mostly.</summary>
    public string Fd() => Of("3", "3", "3", "4", "4", "4", "5", "5", "6", "7", "8", "20", "99", "-1");

    /// <summary>What an ...at call starts from.</summary>
    public string DirectoryFd() => Of("AT_FDCWD", "AT_FDCWD", "20", "20", "20", "21", "21", "3", "99", "-1");

    /// <summary>A number for a descriptor that is to be made.</summary>
    public string NewFd() => Of("3", "4", "5", "6", "7", "8", "9", "-1");

    /// <summary>How a file or pipe is opened: no directory can be, so that no descriptor below 20 is
    /// one.</summary>
    public string OpenFlags()
    {
        var flags = Of("O_WRONLY", "O_RDWR", "O_RDWR", "O_RDONLY|O_CREAT", "O_RDWR|O_CREAT",
            "O_RDWR|O_CREAT", "O_WRONLY|O_CREAT|O_TRUNC", "O_RDWR|O_CREAT|O_EXCL");
        if (OnceIn(6)) flags += "|O_TRUNC";
        if (OnceIn(5)) flags += "|O_APPEND";
        if (OnceIn(10)) flags += "|O_NOFOLLOW";
        if (OnceIn(12)) flags += "|O_CLOEXEC";
        if (OnceIn(12)) flags += "|O_NONBLOCK";
        if (OnceIn(20)) flags += "|O_EXCL";
        return flags;
    }

    /// <summary>How a directory is opened.</summary>
    public string DirectoryFlags() => Of("O_RDONLY|O_DIRECTORY", "O_RDONLY|O_DIRECTORY", "O_RDONLY",
        "O_RDONLY|O_DIRECTORY|O_NOFOLLOW", "O_RDONLY|O_NOFOLLOW", "O_RDONLY|O_DIRECTORY|O_CLOEXEC",
        "O_RDWR|O_DIRECTORY", "O_PATH", "O_PATH|O_DIRECTORY", "O_PATH|O_NOFOLLOW");

    /// <summary>Permission bits.</summary>
    public string Mode() => Of<string>(Modes);

    /// <summary>A user's number, or -1.</summary>
    public string Owner() => Of<string>(Owners);

    /// <summary>A group's number, or -1.</summary>
    public string Group() => Of<string>(Groups);

    /// <summary>An offset for pread64 and pwrite64.</summary>
    public string Place() => Of<string>(Places);

    /// <summary>A file's length.</summary>
    public string Length() => Of<string>(Lengths);

    /// <summary>How many bytes to read.</summary>
    public string Count() => Of<string>(Counts);

    /// <summary>Bytes to write.</summary>
    public string Data() => Of("\"\"", "\"x\"", "\"hello\"", "\"0123456789\"", "repeat:\"ab\"*50",
        "repeat:\"z\"*4096", "repeat:\"q\"*5000", "repeat:\"p\"*40000");

    /// <summary>Offset and whence of lseek.</summary>
    public string Seek() => $"{Of<string>(Steps)} "
        + Of("SEEK_SET", "SEEK_SET", "SEEK_CUR", "SEEK_CUR", "SEEK_END", "SEEK_DATA", "SEEK_HOLE", "9");

    /// <summary>Two times of utimensat.</summary>
    public string Times() => OnceIn(4) ? "null" : $"[ {Time()} {Time()} ]";

    private string Time() => Of("100:5", "0:0", "77777:999999999", "now", "omit", "5:1000000000");
}
