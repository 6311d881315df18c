using System.Diagnostics;
using System.Globalization;
using K42.Native.V1;
using K42.Node.Demo;
using K42.Node.Hosting;
using Xunit;

namespace K42.Cluster.Tests.Nodes;

/// <summary>Three nodes, each a process of its own, under load, while one of them dies and comes back, again
/// and again.</summary>
public sealed class ChaosSpec
{
    /// <summary>How many rounds; ten unless this says otherwise.</summary>
    private const string RoundsVariable = "K42_CHAOS_ROUNDS";

    private const int RoundsDefault = 10;

    [Fact]
    public async Task Rounds_of_load_kill_and_restart_leave_no_call_hanging_and_no_answer_wrong()
    {
        var cancel = TestContext.Current.CancellationToken;
        var rounds = int.Parse(
            Environment.GetEnvironmentVariable(RoundsVariable) ?? $"{RoundsDefault}",
            CultureInfo.InvariantCulture);
        K42.Node.Hosting.NodeProcess.Program = Path.Combine(AppContext.BaseDirectory, "k42");
        var data = Directory.CreateTempSubdirectory("k42-chaos-").FullName;
        var tally = new Tally();
        await using var cluster = await LocalCluster.StartAsync(
            data, 3, detached: false, "demo", 0, _ => { }, cancel);
        await using (var load = await SteadyLoad.StartAsync(cluster, tally, cancel))
        await using (var observer = await DemoProcess.BeginAsync(
            cluster.Node("node-3").Started.Gateway, cluster.Credential, "observer", cancel))
        {
            await observer.Task.MakeDirectoryAsync("/doomed", cancellation: cancel);
            for (var round = 1; round <= rounds; round++)
            {
                await PlayAsync(cluster, load, observer, tally, round, cancel);
                Assert.Empty(tally.Wrong);
            }
            await load.FinishAsync();
        }
        Say($"{tally.Right} right, {tally.Wrong.Count} wrong; errors: {tally.Errors}");
        Assert.Empty(tally.Wrong);
        Directory.Delete(data, recursive: true);
    }

    private static async Task PlayAsync(
        LocalCluster cluster, SteadyLoad steady, DemoProcess observer, Tally tally, int round,
        CancellationToken cancel)
    {
        var time = Stopwatch.StartNew();
        var before = await IncarnationAsync(observer, cancel);
        await using var doomed = await DoomedLoad.StartAsync(cluster, tally, round, cancel);
        var begun = time.Elapsed;
        var victim = cluster.Node("node-2");
        var death = Stopwatch.StartNew();
        victim.Kill();
        await Tally.Within(victim.WaitAsync(cancel), "the end of node 2");

        var published = await doomed.SufferAsync(death);
        await steady.CheckAsync();
        await doomed.CompareFilesAsync(observer.Task);
        // On its old port, where its old sessions look for it.
        var port = victim.Settings.GatewayPort;
        await Tally.Within(cluster.StartNodeAsync(2, port, cancel), "the start of node 2");
        var started = death.Elapsed;
        await doomed.EndCallersAsync();
        await ServeAgainAsync(cluster, observer, tally, before, round, cancel);
        await steady.CheckAsync();
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"round {round}: load {begun.TotalSeconds:0.0} s, "
            + $"death published {published.TotalSeconds:0.0} s and serving again "
            + $"{started.TotalSeconds:0.0} s after the kill; {time.Elapsed.TotalSeconds:0.0} s in all"));
    }

    private static async Task ServeAgainAsync(
        LocalCluster cluster, DemoProcess observer, Tally tally, uint before, int round,
        CancellationToken cancel)
    {
        await using var again = await DemoProcess.BeginAsync(
            cluster.Node("node-2").Started.Gateway, cluster.Credential, "again", cancel);
        var content = new Pattern(round).Bytes(0, Files.BytesMax);
        await Files.WriteAsync(again.Task, "/doomed/again", content);
        var seen = await Files.ReadAsync(observer.Task, "/doomed/again");
        tally.Count(seen.AsSpan().SequenceEqual(content), $"round {round}: /doomed/again");
        var after = await IncarnationAsync(again, cancel);
        tally.Count(after == before + 1, $"round {round}: incarnation {after} after {before}");
    }

    private static async Task<uint> IncarnationAsync(DemoProcess asker, CancellationToken cancel)
    {
        var status = await asker.Session.Connection.Cluster.StatusAsync(
            new StatusRequest(), cancellationToken: cancel);
        return status.Nodes.Single(node => node.Name == "node-2").Incarnation;
    }

    private static void Say(string line) => TestContext.Current.SendDiagnosticMessage("{0}", line);
}
