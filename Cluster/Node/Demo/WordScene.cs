using System.Diagnostics;
using System.Globalization;

using K42.Client;
using K42.Node.Hosting;

namespace K42.Node.Demo;

/// <summary>A pipeline of three processes on three nodes that counts words: cat | words | sum.</summary>
/// <param name="cluster">The nodes.</param>
/// <param name="report">Where checks go.</param>
internal sealed class WordScene(LocalCluster cluster, DemoReport report)
{
    private const int PieceBytes = 65_536;

    /// <summary>Counts the words of files in the cluster, and compares with the host's own wc(1).</summary>
    public async Task RunAsync(IReadOnlyList<(string Local, string Remote)> files, string[] nodes, CancellationToken cancel)
    {
        DemoReport.Part("A pipeline of three processes on three nodes");
        var watch = Stopwatch.StartNew();
        await using var cat = await DemoProcess.BeginAsync(cluster.Nodes[0].Started.Gateway, cluster.Credential, "cat", cancel);
        var (textRead, textWrite) = await cat.Task.PipeAsync(cancellation: cancel);
        var (countRead, countWrite) = await cat.Task.PipeAsync(cancellation: cancel);
        await using var words = await cat.SpawnAsync(nodes[0], cluster.Credential, "words", cancel);
        await using var sum = await cat.SpawnAsync(nodes[1], cluster.Credential, "sum", cancel);
        foreach (var fd in new[] { textRead, countRead, countWrite }) await cat.Task.CloseAsync(fd);
        foreach (var fd in new[] { textWrite, countRead }) await words.Task.CloseAsync(fd);
        foreach (var fd in new[] { textRead, textWrite, countWrite }) await sum.Task.CloseAsync(fd);

        var counting = WordsAsync(words.Task, textRead, countWrite, cancel);
        var summing = SumAsync(sum.Task, countRead, cancel);
        long bytes = 0;
        foreach (var (_, remote) in files) bytes += await CatAsync(cat.Task, remote, textWrite, cancel);
        await cat.Task.CloseAsync(textWrite);
        await counting;
        var counted = await summing;
        var time = watch.Elapsed;
        var expected = await HostCountAsync(files.Select(file => file.Local), cancel);
        report.Check(
            "words counted by cat | words | sum",
            string.Create(CultureInfo.InvariantCulture, $"{counted} here, {expected} by the host's wc; {bytes / 1e6:0.0} MB in {time.TotalSeconds:0.0} s"),
            counted == expected);
        DemoReport.Same("task.PipeAsync(), task.SpawnAsync(NODE), and read and write in each process");
    }

    private static async Task<long> CatAsync(K42Task task, string path, int to, CancellationToken cancel)
    {
        var fd = await task.OpenAsync(path, OpenFlags.ReadOnly, 0, cancel);
        long all = 0;
        while (true)
        {
            var bytes = await task.ReadAsync(fd, PieceBytes * 4, cancel);
            if (bytes.IsEmpty) break;
            all += bytes.Length;
            while (!bytes.IsEmpty) bytes = bytes[await task.WriteAsync(to, bytes, cancel)..];
        }
        await task.CloseAsync(fd);
        // wc counts each file by itself: a word never spans two.
        await task.WriteAsync(to, "\n"u8.ToArray(), cancel);
        return all;
    }

    private static async Task WordsAsync(K42Task task, int from, int to, CancellationToken cancel)
    {
        var counter = new WordCounter();
        while (true)
        {
            var bytes = await task.ReadAsync(from, PieceBytes, cancel);
            if (bytes.IsEmpty) break;
            var line = System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{counter.Count(bytes.Span)}\n"));
            await task.WriteAsync(to, line, cancel);
        }
        await task.CloseAsync(to);
    }

    private static async Task<long> SumAsync(K42Task task, int from, CancellationToken cancel)
    {
        var text = new System.Text.StringBuilder();
        while (true)
        {
            var bytes = await task.ReadAsync(from, PieceBytes, cancel);
            if (bytes.IsEmpty) break;
            text.Append(System.Text.Encoding.ASCII.GetString(bytes.Span));
        }
        return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(line => long.Parse(line, CultureInfo.InvariantCulture));
    }

    private static async Task<long> HostCountAsync(IEnumerable<string> files, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("wc")
        {
            ArgumentList = { "-w", "--files0-from=-" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["LC_ALL"] = "C" },
        };
        using var wc = Process.Start(start)!;
        foreach (var file in files) await wc.StandardInput.WriteAsync($"{file}\0");
        wc.StandardInput.Close();
        var last = "0";
        while (await wc.StandardOutput.ReadLineAsync(cancel) is { } line) last = line;
        return long.Parse(last.TrimStart().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}

/// <summary>Counts words as wc(1) of this host does in the C locale, over pieces of one stream.</summary>
internal sealed class WordCounter
{
    // Before 9.5, wc took only printable bytes for parts of words; since then, all but white space.
    private static readonly bool s_onlyPrintable = HostTakesOnlyPrintable();

    private bool _inWord;

    /// <summary>How many words begin in this piece.</summary>
    public int Count(ReadOnlySpan<byte> piece)
    {
        var begun = 0;
        foreach (var value in piece)
        {
            if (value is (byte)' ' or (>= 9 and <= 13)) _inWord = false;
            else if (!_inWord && (!s_onlyPrintable || value is > 32 and < 127))
            {
                _inWord = true;
                begun++;
            }
        }
        return begun;
    }

    private static bool HostTakesOnlyPrintable()
    {
        var start = new ProcessStartInfo("wc") { ArgumentList = { "-w" }, RedirectStandardInput = true, RedirectStandardOutput = true, Environment = { ["LC_ALL"] = "C" } };
        using var wc = Process.Start(start)!;
        wc.StandardInput.Write('\u0001');
        wc.StandardInput.Close();
        return wc.StandardOutput.ReadToEnd().Trim() == "0";
    }
}
