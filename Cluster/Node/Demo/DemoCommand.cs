using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

using K42.Client;
using K42.Node.Commands;
using K42.Node.Hosting;

using Spectre.Console;

namespace K42.Node.Demo;

/// <summary><c>k42 demo</c>: a real cluster of three processes, shown, broken and measured.</summary>
internal static class DemoCommand
{
    private const long SdkBytes = 700_000_000;

    /// <summary>Runs it; 1 when anything differed from what it must be.</summary>
    public static async Task<int> RunAsync(bool fast, bool keep)
    {
        using var stop = new CancellationTokenSource();
        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        if (keep) ClusterState.RefuseSecond();
        var (watch, report) = (Stopwatch.StartNew(), new DemoReport());
        var data = Directory.CreateTempSubdirectory("k42-demo-").FullName;
        AnsiConsole.WriteLine("Starting three nodes on this machine: a cluster with mutual TLS.");
        LocalCluster? cluster = null;
        var kept = false;
        try
        {
            cluster = await LocalCluster.StartAsync(
                data, 3, detached: keep, "demo", 0, _ => { }, stop.Token);
            await new DeathScene(cluster, report).RunAsync(stop.Token);
            if (!fast) await CopyAndCountAsync(cluster, report, stop.Token);
            await SystemCallsAsync(cluster, report, stop.Token);
            report.Print();
            AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(report.IsGood ? "All as it must be" : "Something differs")}, in {watch.Elapsed.TotalSeconds:0} s."));
            if (keep) Keep(cluster);
            kept = keep;
            return report.IsGood ? 0 : 1;
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            return 130;
        }
        finally
        {
            if (!kept)
            {
                if (cluster is not null) await cluster.DisposeAsync();
                Directory.Delete(data, recursive: true);
            }
        }
    }

    private static void Keep(LocalCluster cluster)
    {
        cluster.LetGo();
        AnsiConsole.WriteLine(
            "The cluster stays up: try ./k42 status and ./k42 ls -l k42:/copy, and end it with ./k42 down.");
    }

    private static async Task CopyAndCountAsync(
        LocalCluster cluster, DemoReport report, CancellationToken cancel)
    {
        DemoReport.Part("Node 2 comes back, as a new life of itself");
        var watch = Stopwatch.StartNew();
        await cluster.StartNodeAsync(2, 0, cancel);
        report.Figure("node 2 serves again", $"{watch.Elapsed.TotalSeconds:0.0} s after its start");
        DemoReport.Part("The big copy");
        var trees = new List<(string, string)> { (Environment.GetEnvironmentVariable("K42_ROOT")
            ?? Directory.GetCurrentDirectory(), "repository") };
        if (Sdk() is { } sdk)
        {
            if (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >= 6 * SdkBytes) trees.Add((sdk, "sdk"));
            else if (Directory.Exists(Path.Combine(sdk, "packs")))
            {
                AnsiConsole.WriteLine(
                    "Memory is short here: only the SDK's packs are copied, not all of it.");
                trees.Add((Path.Combine(sdk, "packs"), "packs"));
            }
        }
        var (first, last) = (cluster.Nodes[0].Started.Gateway, cluster.Nodes.First(
            node => node.Settings.Name == "node-3").Started.Gateway);
        var files = await new CopyScene(first, last, cluster.Credential, report).RunAsync(trees, cancel);
        await new WordScene(cluster, report).RunAsync(files, ["node-2", "node-3"], cancel);
    }

    private static async Task SystemCallsAsync(
        LocalCluster cluster, DemoReport report, CancellationToken cancel)
    {
        DemoReport.Part("System calls per second");
        const int calls = 200_000;
        const int inBatch = 200;
        await using var process = await DemoProcess.BeginAsync(
            cluster.Nodes[0].Started.Gateway, cluster.Credential, "calls", cancel);
        var watch = Stopwatch.StartNew();
        var wrong = 0;
        var outstanding = new Queue<Task<IReadOnlyList<Linux.V1.Completion>>>();
        for (var sent = 0; sent < calls; sent += inBatch)
        {
            var batch = process.Session.NewBatch();
            for (var i = 0; i < inBatch; i++) _ = batch.Add(SystemCalls.Getpid());
            outstanding.Enqueue(batch.SendAsync());
            if (outstanding.Count >= 16) wrong += Wrong(await outstanding.Dequeue(), process.Pid);
        }
        while (outstanding.TryDequeue(out var rest)) wrong += Wrong(await rest, process.Pid);
        report.Check(
            "getpid through the gateway, batched",
            string.Create(CultureInfo.InvariantCulture,
                $"{calls / watch.Elapsed.TotalSeconds:0} calls/s, {wrong} wrong"), wrong == 0);
        DemoReport.Same("session.NewBatch(), batch.Add(SystemCalls.Getpid()), batch.SendAsync(); ./k42 bench gateway measures it");
    }

    private static int Wrong(IReadOnlyList<Linux.V1.Completion> answers, int pid) =>
        answers.Count(answer => answer.Errno != 0 || answer.Result != pid);

    private static string? Sdk()
    {
        var root = Environment.GetEnvironmentVariable("DOTNET_ROOT")
            ?? RuntimeEnvironment.GetRuntimeDirectory();
        while (root is not null && !Directory.Exists(Path.Combine(root, "sdk"))) root = Path.GetDirectoryName(
            root);
        return root;
    }
}
