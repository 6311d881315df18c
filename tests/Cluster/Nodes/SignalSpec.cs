using System.Diagnostics;
using System.Runtime.InteropServices;
using K42.Node.Hosting;
using Xunit;

namespace K42.Cluster.Tests.Nodes;

/// <summary>What becomes of nodes when they, or the program that started them, are told to end.</summary>
public sealed class SignalSpec : IDisposable
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private const int LockExclusive = 2; // LOCK_EX, flock(2)

    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "k42");

    private readonly string _root = Directory.CreateTempSubdirectory("k42-signal-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_node_told_to_end_takes_the_time_that_leaving_takes_and_exits_with_0()
    {
        K42.Node.Hosting.NodeProcess.Program = s_program;
        await using var cluster = await LocalCluster.StartAsync(
            Path.Combine(_root, "data"), 2, detached: false, "demo", 0, _ => { }, Cancel);
        // The leaving node waits for the consent of one that is paused, half of its time.
        Signals.Send(ProcessOf(1), SigStop);
        Signals.Send(ProcessOf(2), Signals.Terminate);
        await cluster.Nodes[1].WaitAsync(Cancel).WaitAsync(TestCluster.Patience, Cancel);
        Signals.Send(ProcessOf(1), SigCont);
        Assert.Equal(0, cluster.Nodes[1].ExitCode);
    }

    [Fact]
    public async Task A_cluster_in_the_foreground_ends_with_its_command_and_is_forgotten()
    {
        using var up = Up("--nodes", "2");
        await Says(up.StandardOutput, "Ctrl-C ends the cluster.");
        await InterruptWhileOnePauses(up, last: 2);
        Assert.Equal(0, up.ExitCode);
        Assert.False(File.Exists(Path.Combine(_root, "cluster.json")));
    }

    [Fact]
    public async Task A_detached_cluster_interrupted_while_it_starts_leaves_no_node_behind()
    {
        using var up = Up("--nodes", "3", "--detach");
        await Says(up.StandardError, "starting node-3");
        await InterruptWhileOnePauses(up, last: 2);
        Assert.Equal(130, up.ExitCode);
    }

    [Fact]
    public async Task Nodes_whose_starter_dies_before_it_recorded_them_end_with_it()
    {
        using var up = Up("--nodes", "2", "--detach");
        await Says(up.StandardError, "starting node-2");
        Signals.Send(up.Id, SigKill);
        await Ended(1);
    }

    private async Task InterruptWhileOnePauses(Process up, int last)
    {
        var first = ProcessOf(1);
        Signals.Send(first, SigStop);
        Signals.Send(up.Id, SigInt);
        await Ended(last);
        Signals.Send(first, SigCont);
        await up.WaitForExitAsync(Cancel).WaitAsync(TestCluster.Patience, Cancel);
        await Ended(1);
    }

    private int ProcessOf(int node)
    {
        var settings = Path.Combine(_root, "data", $"node-{node}", "settings.json");
        return Process.GetProcesses().Single(process => CommandLineOf(process).Contains(settings)).Id;
    }

    private static string[] CommandLineOf(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private Process Up(params string[] words)
    {
        var start = new ProcessStartInfo(s_program)
        {
            ArgumentList = { "up", "--profile", "demo", "--port", "0", "--data", $"{_root}/data" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in words) start.ArgumentList.Add(word);
        start.Environment["K42_HOME"] = _root;
        return Process.Start(start)!;
    }

    private static async Task Says(TextReader output, string text)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TestCluster.Patience);
        while (await output.ReadLineAsync(patience.Token) is { } line)
            if (line.StartsWith(text, StringComparison.Ordinal)) return;
        Assert.Fail($"It ended before it said '{text}'.");
    }

    /// <summary>Ends once no process has the node's directory any more.</summary>
    private async Task Ended(int node)
    {
        var path = Path.Combine(_root, "data", $"node-{node}", "node.lock");
        await Task.Factory.StartNew(() => TakeLock(path), Cancel, TaskCreationOptions.LongRunning,
            TaskScheduler.Default).WaitAsync(TestCluster.Patience, Cancel);
    }

    // .NET would not wait for it.
    private static void TakeLock(string path)
    {
        var file = Open(path, 0);
        Assert.Equal((true, 0), (file >= 0, Lock(file, LockExclusive)));
        Assert.Equal(0, Close(file));
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static extern int Lock(int descriptor, int operation);
}
