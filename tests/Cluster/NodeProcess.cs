using System.Diagnostics;
using System.Runtime.InteropServices;
using K42.Cluster.Membership;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(K42.Cluster.Tests.NodeProcessEntry))]

namespace K42.Cluster.Tests;

/// <summary>Makes of this test program a node, when a test started it as one, instead of running
/// tests.</summary>
public sealed class NodeProcessEntry : ITestPipelineStartup
{
    internal const string NameVariable = "K42_TEST_NODE_NAME";
    internal const string DirectoryVariable = "K42_TEST_NODE_DIRECTORY";
    internal const string SeedVariable = "K42_TEST_NODE_SEED";

    public async ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        if (Environment.GetEnvironmentVariable(NameVariable) is not { } name) return;
        await using var node = await ClusterNode.StartAsync(new ClusterNodeOptions
        {
            Name = name,
            DataDirectory = Environment.GetEnvironmentVariable(DirectoryVariable)!,
            Seeds = [Environment.GetEnvironmentVariable(SeedVariable)!],
            Cluster = ClusterOptions.Demo,
            Hocon = "akka.loglevel = OFF",
        }, CancellationToken.None);
        using var resumed = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ =>
            Console.WriteLine($"resumed serving={node.Membership.MayServe}"));
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            ThreadPool.QueueUserWorkItem(async _ =>
            {
                var left = await node.LeaveAsync(TimeSpan.FromSeconds(8));
                Environment.Exit(left ? 0 : 1);
            });
        });
        Console.WriteLine($"ready {node.Membership.Self.Node}");
        Console.WriteLine($"ended {await node.Ended}");
        await Task.Delay(Timeout.Infinite);
    }

    public ValueTask StopAsync() => ValueTask.CompletedTask;
}

/// <summary>A node in a process of its own, to be killed, paused and told to end.</summary>
public sealed class NodeProcess : IDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly Process _process;

    private NodeProcess(Process process) => _process = process;

    /// <summary>Starts a node and waits until it is a member.</summary>
    /// <returns>The process and the node's "nID.INCARNATION".</returns>
    public static async Task<(NodeProcess Process, string Node)> Start(
        TestCluster cluster, string name, string seed)
    {
        cluster.Authority.EnsureNode(Path.Combine(cluster.DirectoryOf(name), "node.pem"), name);
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileName(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(NodeProcess).Assembly.Location);
        start.Environment[NodeProcessEntry.NameVariable] = name;
        start.Environment[NodeProcessEntry.DirectoryVariable] = cluster.DirectoryOf(name);
        start.Environment[NodeProcessEntry.SeedVariable] = seed;
        var process = new NodeProcess(Process.Start(start)!);
        return (process, await process.Says("ready "));
    }

    public void Kill() => Send(SigKill);

    public void Terminate() => Send(SigTerm);

    public void Pause() => Send(SigStop);

    public void Resume() => Send(SigCont);

    /// <summary>Reads on to the line that begins so, and gives the rest of it.</summary>
    public async Task<string> Says(string beginning)
    {
        using var patience = Patience();
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            if (line.StartsWith(beginning, StringComparison.Ordinal)) return line[beginning.Length..];
        throw new InvalidOperationException($"the node ended before it said '{beginning}'");
    }

    /// <summary>Waits for the end of the process and gives its exit code.</summary>
    public async Task<int> Ends()
    {
        using var patience = Patience();
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static CancellationTokenSource Patience()
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TestCluster.Patience);
        return patience;
    }

    private void Send(int signal) => Assert.Equal(0, KillProcess(_process.Id, signal));

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int KillProcess(int pid, int signal);
}
