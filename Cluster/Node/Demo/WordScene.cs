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
    private const int ReadBytes = 1_048_576;
    private const int FilesAhead = 16;
    private const int ReadsAhead = 4;
    private const long WordsPerLine = 10_000;

    /// <summary>Counts the words of files in the cluster, and compares with the host's own wc(1).</summary>
    public async Task RunAsync(
        IReadOnlyList<(string Local, string Remote)> files, string[] nodes, CancellationToken cancel)
    {
        DemoReport.Part("A pipeline of three processes on three nodes");
        var watch = Stopwatch.StartNew();
        await using var cat = await DemoProcess.BeginAsync(
            cluster.Nodes[0].Started.Gateway, cluster.Credential, "cat", cancel);
        var (textRead, textWrite) = await cat.Task.PipeAsync(cancellation: cancel);
        var (countRead, countWrite) = await cat.Task.PipeAsync(cancellation: cancel);
        await using var words = await cat.SpawnAsync(nodes[0], cluster.Credential, "words", cancel);
        await using var sum = await cat.SpawnAsync(nodes[1], cluster.Credential, "sum", cancel);
        foreach (var fd in new[] { textRead, countRead, countWrite }) await cat.Task.CloseAsync(fd);
        foreach (var fd in new[] { textWrite, countRead }) await words.Task.CloseAsync(fd);
        foreach (var fd in new[] { textRead, textWrite, countWrite }) await sum.Task.CloseAsync(fd);

        var counting = WordsAsync(words.Task, textRead, countWrite, cancel);
        var summing = SumAsync(sum.Task, countRead, cancel);
        var bytes = await CatAllAsync(cat, files, textWrite, cancel);
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

    // Files are read ahead, so that the pipe never waits for a round trip; their order is kept.
    private static async Task<long> CatAllAsync(
        DemoProcess cat, IReadOnlyList<(string Local, string Remote)> files, int to, CancellationToken cancel)
    {
        var ahead = new Queue<Task<IReadOnlyList<ReadOnlyMemory<byte>>>>();
        long all = 0;
        foreach (var (local, remote) in files)
        {
            ahead.Enqueue(ContentsAsync(cat, remote, new FileInfo(local).Length, cancel));
            if (ahead.Count >= FilesAhead) all += await PutAsync(cat.Task, await ahead.Dequeue(), to, cancel);
        }
        while (ahead.TryDequeue(out var last)) all += await PutAsync(cat.Task, await last, to, cancel);
        return all;
    }

    // open, read and close of a small file are one round trip.
    private static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ContentsAsync(
        DemoProcess cat, string path, long size, CancellationToken cancel)
    {
        if (size < ReadBytes)
        {
            var batch = cat.Session.NewBatch();
            var open = batch.Add(SystemCalls.Open(path, OpenFlags.ReadOnly));
            var read = batch.Then(SystemCalls.Read(0, ReadBytes)).Using(open);
            _ = batch.Then(SystemCalls.Close(0)).Using(open);
            await batch.SendAsync();
            var done = await read;
            return done.Errno == 0
                ? [done.Data.Memory] : throw new K42Exception((Errno)done.Errno, "read", path);
        }
        var pieces = new List<ReadOnlyMemory<byte>>();
        var fd = await cat.Task.OpenAsync(path, OpenFlags.ReadOnly, 0, cancel);
        while (await cat.Task.ReadAsync(fd, ReadBytes, cancel) is { IsEmpty: false } piece) pieces.Add(piece);
        await cat.Task.CloseAsync(fd);
        return pieces;
    }

    private static async Task<long> PutAsync(
        K42Task task, IReadOnlyList<ReadOnlyMemory<byte>> pieces, int to, CancellationToken cancel)
    {
        long all = 0;
        // wc counts each file by itself: a word never spans two.
        foreach (var piece in pieces.Append("\n"u8.ToArray()))
        {
            var rest = piece;
            while (!rest.IsEmpty) rest = rest[await task.WriteAsync(to, rest, cancel)..];
            all += piece.Length;
        }
        return all - 1;
    }

    // Several reads wait in the pipe at once; they are answered in the order they were sent.
    private static async Task WordsAsync(K42Task task, int from, int to, CancellationToken cancel)
    {
        var counter = new WordCounter();
        var ahead = new Queue<Task<ReadOnlyMemory<byte>>>();
        long words = 0;
        while (true)
        {
            while (ahead.Count < ReadsAhead) ahead.Enqueue(task.ReadAsync(from, PieceBytes, cancel));
            var bytes = await ahead.Dequeue();
            if (bytes.IsEmpty) break;
            words += counter.Count(bytes.Span);
            if (words < WordsPerLine) continue;
            await SayAsync(task, to, words, cancel);
            words = 0;
        }
        await Task.WhenAll(ahead);
        await SayAsync(task, to, words, cancel);
        await task.CloseAsync(to);
    }

    private static Task<int> SayAsync(K42Task task, int to, long words, CancellationToken cancel) =>
        task.WriteAsync(
        to, System.Text.Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{words}\n")), cancel);

    private static async Task<long> SumAsync(K42Task task, int from, CancellationToken cancel)
    {
        var text = new System.Text.StringBuilder();
        while (true)
        {
            var bytes = await task.ReadAsync(from, PieceBytes, cancel);
            if (bytes.IsEmpty) break;
            text.Append(System.Text.Encoding.ASCII.GetString(bytes.Span));
        }
        return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Sum(line => long.Parse(line, CultureInfo.InvariantCulture));
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
        var last = LastLineAsync(wc.StandardOutput, cancel);
        foreach (var file in files) await wc.StandardInput.WriteAsync($"{file}\0");
        wc.StandardInput.Close();
        return long.Parse((await last).TrimStart().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    // Read while names are still written: wc prints a line per file, and its pipe is not endless.
    private static async Task<string> LastLineAsync(StreamReader output, CancellationToken cancel)
    {
        var last = "0";
        while (await output.ReadLineAsync(cancel) is { } line) last = line;
        return last;
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
        var start = new ProcessStartInfo("wc") { ArgumentList = { "-w" }, RedirectStandardInput = true,
            RedirectStandardOutput = true, Environment = { ["LC_ALL"] = "C" } };
        using var wc = Process.Start(start)!;
        wc.StandardInput.Write('\u0001');
        wc.StandardInput.Close();
        return wc.StandardOutput.ReadToEnd().Trim() == "0";
    }
}
