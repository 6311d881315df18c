using System.Diagnostics;
using System.Globalization;

using K42.Client;
using K42.Native.V1;
using K42.Node.Hosting;

using Spectre.Console;

namespace K42.Node.Demo;

/// <summary>The first minute: three nodes, processes and pipes across them, and the death of one
/// node.</summary>
/// <param name="cluster">The three nodes.</param>
/// <param name="report">Where checks go.</param>
internal sealed class DeathScene(LocalCluster cluster, DemoReport report)
{
    private const int PieceBytes = 32_768;
    private static readonly TimeSpan s_show = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(40);

    private long _written;
    private long _read;

    /// <summary>Plays it.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        DemoReport.Part("Three nodes, one system");
        var gateway = cluster.Nodes[0].Started.Gateway;
        await using var parent = await DemoProcess.BeginAsync(gateway, cluster.Credential, "parent", cancel);
        // Pipe one: written on node 2, read on node 1. Pipe two: written on node 3, read on node 2.
        var (oneRead, oneWrite) = await parent.Task.PipeAsync(cancellation: cancel);
        var (twoRead, twoWrite) = await parent.Task.PipeAsync(cancellation: cancel);
        await using var second = await parent.SpawnAsync("node-2", cluster.Credential, "writer", cancel);
        await using var third = await parent.SpawnAsync("node-3", cluster.Credential, "feeder", cancel);
        await CloseAllAsync(parent, oneWrite, twoRead, twoWrite);
        await CloseAllAsync(second, oneRead, twoWrite);
        await CloseAllAsync(third, oneRead, oneWrite, twoRead);

        var watch = new Stopwatch();
        var writer = WriteUntilItEndsAsync(second, oneWrite, cancel);
        var drain = ReadUntilItEndsAsync(second, twoRead, count: false, cancel);
        var eof = ReadUntilItEndsAsync(parent, oneRead, count: true, cancel);
        var epipe = WriteUntilErrorAsync(third, twoWrite, cancel);
        var wait = parent.Task.WaitAsync(second.Pid, cancellation: cancel);
        await ShowAsync(parent, cancel);
        DemoReport.Same(
            "./k42 ps, and in C#: task.SpawnAsync(\"node-2\"), task.PipeAsync(), task.WaitAsync(pid)");

        DemoReport.Part("kill -9 of node 2");
        watch.Start();
        cluster.Nodes[1].Kill();
        await ConsequenceAsync("parent's wait status", wait, watch, result => (
            $"pid {result.Pid} status {result.Status} (killed by signal {result.Status & 0x7F})",
            result.Pid == second.Pid && (result.Status & 0x7F) == 9), cancel);
        await ConsequenceAsync(
            "reader's end of file", eof, watch, bytes => ($"after {bytes / 1e6:0.0} MB", bytes > 0), cancel);
        await ConsequenceAsync(
            "writer's error", epipe, watch, errno => ($"{errno}", errno == Errno.EPIPE), cancel);
        DemoReport.Same("kill -9 of the node's process; wait4(2), read(2) and write(2) tell");
        await Task.WhenAll(Ignored(writer), Ignored(drain));
    }

    private async Task ConsequenceAsync<T>(
        string what, Task<T> happens, Stopwatch since, Func<T, (
            string Seen, bool Ok)> judge, CancellationToken cancel)
    {
        try
        {
            var (seen, ok) = judge(await happens.WaitAsync(s_patience, cancel));
            var delay = since.Elapsed;
            report.Check(what, string.Create(
                CultureInfo.InvariantCulture, $"{seen}, {delay.TotalSeconds:0.0} s after the kill"),
                ok && delay < TimeSpan.FromSeconds(15));
        }
        catch (TimeoutException)
        {
            report.Check(what, $"nothing within {s_patience.TotalSeconds:0} s", false);
        }
    }

    private async Task ShowAsync(DemoProcess parent, CancellationToken cancel)
    {
        var until = Stopwatch.StartNew();
        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            await Task.Delay(s_show, cancel);
            AnsiConsole.Write(await PictureAsync(parent, cancel));
            return;
        }
        await AnsiConsole.Live(await PictureAsync(parent, cancel)).StartAsync(async live =>
        {
            while (until.Elapsed < s_show)
            {
                live.UpdateTarget(await PictureAsync(parent, cancel));
                await Task.Delay(200, cancel);
            }
        });
    }

    private async Task<Table> PictureAsync(DemoProcess parent, CancellationToken cancel)
    {
        var asked = parent.Session.Connection.Cluster;
        var status = await asked.StatusAsync(new StatusRequest(), cancellationToken: cancel);
        var processes = await asked.ProcessesAsync(new ProcessesRequest(), cancellationToken: cancel);
        var table = new Table().Border(TableBorder.Rounded);
        table.AddColumn("node").AddColumn("pid").AddColumn("parent").AddColumn("process")
            .AddColumn("what it does");
        foreach (var node in status.Nodes)
        {
            foreach (var process in processes.Processes.Where(process => process.Node == node.Id))
                table.AddRow(
                    Markup.Escape(node.Name), $"{process.Pid}", $"{process.Parent}",
                    Markup.Escape(K42Text.Show(process.Name)), Work(process.Name));
        }
        return table;
    }

    private string Work(string name) => name switch
    {
        "parent" => string.Create(CultureInfo.InvariantCulture,
            $"waits for its children; read {Interlocked.Read(ref _read) / 1e6:0.0} MB from the pipe"),
        "writer" => string.Create(CultureInfo.InvariantCulture,
            $"wrote {Interlocked.Read(ref _written) / 1e6:0.0} MB into the pipe to node 1"),
        "feeder" => "writes into a pipe that node 2 reads",
        _ => "",
    };

    private async Task WriteUntilItEndsAsync(DemoProcess process, int fd, CancellationToken cancel)
    {
        var data = new byte[PieceBytes];
        while (true) Interlocked.Add(ref _written, await process.Task.WriteAsync(fd, data, cancel));
    }

    private async Task<long> ReadUntilItEndsAsync(
        DemoProcess process, int fd, bool count, CancellationToken cancel)
    {
        long all = 0;
        while (true)
        {
            var bytes = await process.Task.ReadAsync(fd, PieceBytes, cancel);
            if (bytes.IsEmpty) return all;
            all += bytes.Length;
            if (count) Interlocked.Add(ref _read, bytes.Length);
        }
    }

    // EPIPE comes as an error, after SIGPIPE was ignored.
    private static async Task<Errno> WriteUntilErrorAsync(
        DemoProcess process, int fd, CancellationToken cancel)
    {
        const int sigpipe = 13;
        await process.Task.SetSignalActionAsync(sigpipe, Linux.V1.Disposition.Ignore, cancellation: cancel);
        var data = new byte[PieceBytes];
        try
        {
            while (true) await process.Task.WriteAsync(fd, data, cancel);
        }
        catch (K42Exception e)
        {
            return e.Errno;
        }
    }

    private static async Task CloseAllAsync(DemoProcess process, params int[] descriptors)
    {
        foreach (var fd in descriptors) await process.Task.CloseAsync(fd);
    }

    // The sessions of the killed node end with errors of their own.
    private static async Task Ignored(Task task)
    {
        try
        {
            await task.WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (Exception e) when (
            e is IOException or Grpc.Core.RpcException or TimeoutException or OperationCanceledException)
        {
            // As said.
        }
    }
}
