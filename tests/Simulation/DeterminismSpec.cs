using System.Diagnostics;
using System.Globalization;

using K42.Contracts;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Simulation;

/// <summary>One seed is one history: in this process, and in any other.</summary>
public sealed class DeterminismSpec
{
    private const string SeedVariable = "K42_TRACE_SEED";
    private const string FileVariable = "K42_TRACE_FILE";

    /// <summary>Three nodes, a thousand calls that cross, park, are cancelled and survive cuts, and a node
    /// that dies.</summary>
    private static string TraceOf(ulong seed) => LoopAfter(seed).TraceHash();

    private static SimulationLoop LoopAfter(ulong seed)
    {
        using var cluster = new SimulatedCluster(seed, ContractCatalogue.NewRequest);
        var nodes = new[] { cluster.AddNode(), cluster.AddNode(), cluster.AddNode() };
        cluster.Run(() => Scenario(cluster, nodes));
        return cluster.Loop;
    }

    private static async Task Scenario(SimulatedCluster cluster, SimulatedNode[] nodes)
    {
        var counters = new Counter[nodes.Length];
        var contexts = new CallContext[nodes.Length];
        for (var at = 0; at < nodes.Length; at++)
        {
            var (up, leased) = (
                new TaskCompletionSource<Counter>(), new TaskCompletionSource<Outcome<int>>());
            nodes[at].System.ActorOf(CounterActor.Of(nodes[at].Ipc, up.SetResult));
            nodes[at].Grantor.LeaseBlock(leased.SetResult);
            counters[at] = await up.Task;
            var principal = new Principal("user", 1_000, 1_000, [], Authentication.ClientCertificate);
            contexts[at] = nodes[at].Ipc.Admit((await leased.Task).Value * 1_024, principal);
        }
        var forNodes = counters.Select(counter => counter.Export(0, Rights.All)).ToArray();
        var calls = new List<Task<Outcome<long>>>();
        var chance = new SimulatedRandomness(cluster.Loop.Seed + 1);
        for (var i = 0; i < 1_000; i++)
        {
            var (from, to, other) = (chance.Below(3), chance.Below(3), chance.Below(3));
            var pid = contexts[from].Identity.Pid;
            var client = new CounterClient(contexts[from], counters[to].Export(pid, Rights.All));
            calls.Add((chance.Below(4) switch
            {
                0 => client.AddBoth(forNodes[other], i),
                1 => client.AwaitAtLeast(i),
                _ => client.Add(i),
            }).AsTask());
            if (i % 50 == 0) cluster.Network.Cut(nodes[from].Member.Node, nodes[(from + 1) % 3].Member.Node);
            if (i == 800) cluster.Kill(nodes[2]);
            if (i == 850) cluster.Remove(nodes[2]);
            if (i % 7 == 0) await cluster.Elapse(TimeSpan.FromMilliseconds(1));
        }
        for (var i = 0; i < calls.Count; i++)
        {
            var answer = await OrLost(cluster, calls[i]);
            cluster.Loop.Trace(string.Create(CultureInfo.InvariantCulture, $"call {i}: {answer}"));
        }
    }

    // A process of the dead node never hears of its answer.
    private static async Task<string> OrLost(SimulatedCluster cluster, Task<Outcome<long>> call)
    {
        var late = cluster.Elapse(TimeSpan.FromSeconds(60));
        return await Task.WhenAny(call, late) == call ? (await call).ToString() : "lost";
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Two_processes_with_one_seed_have_the_same_history(ulong seed)
    {
        var (one, two) = (await InAnotherProcess(seed), await InAnotherProcess(seed));
        Assert.Equal(64, one.Length);
        Assert.Equal(one, two);
    }

    [Fact]
    public void Another_seed_is_another_history() => Assert.NotEqual(TraceOf(1), TraceOf(2));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_seed_runs_some_local_calls_inline_and_queues_others(ulong seed)
    {
        var loop = LoopAfter(seed);
        Assert.InRange(loop.InlineCalls, 50, 1_000_000);
        Assert.InRange(loop.QueuedCalls, 50, 1_000_000);
    }

    [Fact]
    public void Nothing_of_a_simulation_runs_on_the_thread_pool()
    {
        _ = TraceOf(7);
        var before = ThreadPool.CompletedWorkItemCount;
        _ = TraceOf(7);
        // Only what this test process itself does beside it: its reporting.
        Assert.InRange(ThreadPool.CompletedWorkItemCount - before, 0, 50);
    }

    /// <summary>Run by the other process.</summary>
    [Fact]
    public void Writes_its_trace_where_another_process_asks()
    {
        var seed = ulong.Parse(
            Environment.GetEnvironmentVariable(SeedVariable) ?? "9", CultureInfo.InvariantCulture);
        var hash = TraceOf(seed);
        Assert.Equal(64, hash.Length);
        if (Environment.GetEnvironmentVariable(FileVariable) is { } file) File.WriteAllText(file, hash);
    }

    private static async Task<string> InAnotherProcess(ulong seed)
    {
        var limit = TestContext.Current.CancellationToken;
        var file = Path.GetTempFileName();
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            ArgumentList = { "-noLogo", "-method",
                $"{typeof(DeterminismSpec).FullName}.{nameof(Writes_its_trace_where_another_process_asks)}" },
            Environment =
                { [SeedVariable] = seed.ToString(CultureInfo.InvariantCulture), [FileVariable] = file },
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(limit);
        await process.WaitForExitAsync(limit);
        Assert.True(process.ExitCode == 0, output);
        var hash = await File.ReadAllTextAsync(file, limit);
        File.Delete(file);
        return hash;
    }
}
