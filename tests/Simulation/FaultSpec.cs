using K42.Contracts;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Simulation;

/// <summary>Faults by hand: what a caller sees when links break and nodes die. The readme shows this
/// file.</summary>
public sealed class FaultSpec
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Cuts_are_invisible_and_a_dead_node_is_a_definite_error(ulong seed)
    {
        using var cluster = new SimulatedCluster(seed, ContractCatalogue.NewRequest);
        var (here, there) = (cluster.AddNode(), cluster.AddNode());
        cluster.Run(async () =>
        {
            var counter = await CounterOn(there);
            var process = await ProcessOn(here);
            var client = new CounterClient(process, counter.Export(process.Identity.Pid, Rights.All));

            var answers = new List<Task<Outcome<long>>>();
            for (var i = 0; i < 100; i++)
            {
                answers.Add(client.Add(1).AsTask());
                if (i % 10 == 0) cluster.Network.Cut(here.Member.Node, there.Member.Node);
            }
            foreach (var answer in answers) Assert.False((await answer).Failed);
            Assert.Equal(101, (await client.Add(1)).Value);         // each ran exactly once

            var waiting = client.AwaitAtLeast(1_000).AsTask();
            await cluster.Elapse(TimeSpan.FromSeconds(1));          // virtual time
            cluster.Kill(there);                                    // kill -9
            cluster.Remove(there);                                  // the membership publishes its death
            Assert.Equal(Errno.MayHaveRun, (await waiting).Errno);
            Assert.Equal(Errno.EIO, (await client.Add(1)).Errno);      // the handle is stale
        });
    }

    private static async Task<Counter> CounterOn(SimulatedNode node)
    {
        var started = new TaskCompletionSource<Counter>();
        node.System.ActorOf(CounterActor.Of(node.Ipc, started.SetResult));
        return await started.Task;
    }

    private static async Task<CallContext> ProcessOn(SimulatedNode node)
    {
        var leased = new TaskCompletionSource<Outcome<int>>();
        node.Grantor.LeaseBlock(leased.SetResult);
        var someone = new Principal("someone", 1_000, 1_000, [], Authentication.ClientCertificate);
        return node.Ipc.Admit((await leased.Task).Value * 1_024, someone);
    }
}
