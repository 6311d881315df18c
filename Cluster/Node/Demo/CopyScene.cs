using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

using K42.Client;
using K42.Node.Commands;

using Spectre.Console;

namespace K42.Node.Demo;

/// <summary>The big copy: in through one node, back through another, compared file by file.</summary>
/// <param name="from">A gateway to copy in through.</param>
/// <param name="back">A gateway to read back through.</param>
/// <param name="credential">The client credential.</param>
/// <param name="report">Where checks go.</param>
internal sealed class CopyScene(string from, string back, string credential, DemoReport report)
{
    private const int FilesAtOnce = 16;

    /// <summary>Where the copies are in the cluster.</summary>
    public const string Target = "/copy";

    private static readonly string[] s_leftOut = [".git", "bin", "obj", ".build"];

    /// <summary>Copies a directory to <see cref="Target"/>/name and reads it back; gives the files that were
    /// copied.</summary>
    public async Task<IReadOnlyList<(string Local, string Remote)>> RunAsync(
        IReadOnlyList<(string Directory, string Name)> trees, CancellationToken cancel)
    {
        var files = trees.SelectMany(tree => Files(tree.Directory, $"{Target}/{tree.Name}")).ToList();
        var bytes = files.Sum(file => new FileInfo(file.Local).Length);
        await InAsync(files, bytes, cancel);
        await BackAsync(files, bytes, cancel);
        return files;
    }

    private async Task InAsync(
        List<(string Local, string Remote)> files, long bytes, CancellationToken cancel)
    {
        await using var process = await DemoProcess.BeginAsync(from, credential, "copy", cancel);
        var watch = Stopwatch.StartNew();
        await ProgressAsync($"copying {files.Count} files in", bytes, async advance =>
        {
            foreach (var directory in files.Select(file => Path.GetDirectoryName(file.Remote)!).Distinct()
                .Order(StringComparer.Ordinal))
                await FileCommands.MakeDirectoryAsync(process.Session, directory, parents: true);
            long before = 0;
            var copy = new CopyCommand(
                process.Session, (_, all) => advance(all - Interlocked.Exchange(ref before, all)));
            await Parallel.ForEachAsync(
                files, new ParallelOptions { MaxDegreeOfParallelism =
                    FilesAtOnce, CancellationToken = cancel },
                async (file, stop) => await copy.CopyFileAsync(
                    new K42Path(file.Local, false), new K42Path(file.Remote, true), stop));
        });
        Rate("copied in through node 1", files.Count, bytes, watch.Elapsed);
        DemoReport.Same($"./k42 cp -r DIR k42:{Target}/DIR");
    }

    private async Task BackAsync(
        List<(string Local, string Remote)> files, long bytes, CancellationToken cancel)
    {
        await using var process = await DemoProcess.BeginAsync(back, credential, "compare", cancel);
        var watch = Stopwatch.StartNew();
        var different = 0;
        await ProgressAsync("reading back through node 3", bytes, async advance =>
            await Parallel.ForEachAsync(
                files, new ParallelOptions { MaxDegreeOfParallelism =
                    FilesAtOnce, CancellationToken = cancel },
                async (file, stop) =>
                {
                    await using var remote = await K42File.OpenAsync(
                        process.Task, file.Remote, cancellation: stop);
                    await using var local = File.OpenRead(file.Local);
                    var (there, here) = (
                        await HashAsync(remote, advance, stop), await SHA256.HashDataAsync(local, stop));
                    if (!there.AsSpan().SequenceEqual(here)) Interlocked.Increment(ref different);
                }));
        Rate("read back through node 3", files.Count, bytes, watch.Elapsed);
        report.Check(
            "SHA-256 of every file", $"{files.Count - different} of {files.Count} equal", different == 0);
        DemoReport.Same($"./k42 --cluster NODE-3 cat k42:{Target}/FILE | sha256sum");
    }

    private static async Task<byte[]> HashAsync(Stream stream, Action<long> advance, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1_048_576];
        while (true)
        {
            var count = await stream.ReadAsync(buffer, cancel);
            if (count == 0) return hash.GetHashAndReset();
            hash.AppendData(buffer, 0, count);
            advance(count);
        }
    }

    private void Rate(string what, int files, long bytes, TimeSpan time) => report.Figure(
        what,
        $"{files} files, {bytes / 1e6:0.0} MB in {time.TotalSeconds:0.0} s: {files / time.TotalSeconds:0} files/s, {bytes / 1e6 / time.TotalSeconds:0.0} MB/s");

    private static async Task ProgressAsync(string what, long bytes, Func<Action<long>, Task> work)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{what} ({bytes / 1e6:0.0} MB) ..."));
            await work(_ => { });
            return;
        }
        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(),
                new TransferSpeedColumn())
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask(Markup.Escape(what), maxValue: Math.Max(1, bytes));
                await work(some => bar.Increment(some));
                bar.Value = bar.MaxValue;
            });
    }

    private static IEnumerable<(string Local, string Remote)> Files(string local, string remote)
    {
        foreach (var info in new DirectoryInfo(local).EnumerateFileSystemInfos()
            .OrderBy(info => info.Name, StringComparer.Ordinal))
        {
            if (info.LinkTarget is not null || s_leftOut.Contains(info.Name)) continue;
            if (info is DirectoryInfo)
            {
                foreach (var below in Files(info.FullName, $"{remote}/{info.Name}")) yield return below;
            }
            else yield return (info.FullName, $"{remote}/{info.Name}");
        }
    }
}
