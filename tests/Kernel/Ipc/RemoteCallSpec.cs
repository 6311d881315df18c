using K42.Contracts;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>Calls between nodes, over simulated links.</summary>
public sealed class RemoteCallSpec
{
    private static readonly Func<ushort, ushort, Request?> s_requests = ContractCatalogue.NewRequest;

    private static SimulatedCluster Cluster(
        ulong seed, out SimulatedNode one, out SimulatedNode two, out Probe probe)
    {
        var cluster = new SimulatedCluster(seed, s_requests);
        (one, two) = (cluster.AddNode(), cluster.AddNode());
        Probe? started = null;
        var at = two;
        cluster.Run(async () =>
        {
            var up = new TaskCompletionSource();
            at.System.ActorOf(ProbeActor.Of(at.Ipc, made =>
            {
                started = made;
                up.SetResult();
            }));
            await up.Task;
        });
        probe = started!;
        return cluster;
    }

    private static async Task<CallContext> ProcessOn(SimulatedNode node, uint uid = 1_000)
    {
        var leased = new TaskCompletionSource<Outcome<int>>();
        node.Grantor.LeaseBlock(leased.SetResult);
        var block = (await leased.Task).Value;
        return node.Ipc.Admit(
            block * 1_024, new Principal("someone", uid, uid, [uid, 7], Authentication.ClientCertificate));
    }

    private static void Run(
        ulong seed, Func<SimulatedCluster, SimulatedNode, SimulatedNode, Probe, ProbeClient, Task> scenario)
    {
        using var cluster = Cluster(seed, out var one, out var two, out var probe);
        cluster.Run(async () =>
        {
            var caller = await ProcessOn(one);
            await scenario(cluster, one, two, probe, new ProbeClient(
                caller, probe.Export(caller.Identity.Pid, Rights.All)));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_call_to_another_node_gives_back_what_the_object_answered(ulong seed) =>
        Run(seed, async (_, _, _, _, client) =>
        {
            for (var i = 0; i < 200; i++) Assert.Equal(i + 2, (await client.Add(i, 2)).Value);
        });

    [Fact]
    public void The_callers_identity_arrives_with_the_call() =>
        Run(4, async (_, _, _, _, client) =>
            Assert.Equal($"{client.Context.Identity.Pid}/1000 by a handle of {client.Context.Identity.Pid}",
                (await client.WhoAmI()).Value));

    [Fact]
    public void A_call_in_the_name_of_a_process_of_another_node_is_refused_and_counted() =>
        Run(5, async (_, one, two, probe, _) =>
        {
            var theirs = await ProcessOn(two, uid: 0);
            var handle = probe.Export(theirs.Identity.Pid, Rights.All);
            // Node one claims a process whose block node two leased.
            var forged = one.Ipc.Admit(theirs.Identity.Pid, theirs.Identity.Principal);
            Assert.Equal(Errno.EPERM, (await new ProbeClient(forged, handle).Add(1, 1)).Errno);
            Assert.Equal(1, two.Ipc.RefusedCount);
        });

    [Fact]
    public void A_process_number_that_nobody_leased_is_refused() =>
        Run(6, async (_, one, two, probe, _) =>
        {
            var handle = probe.Export(77, Rights.All);
            var forged = one.Ipc.Admit(77, new Principal("root", 0, 0, [], Authentication.ClientCertificate));
            Assert.Equal(Errno.EPERM, (await new ProbeClient(forged, handle).Add(1, 1)).Errno);
            Assert.Equal(1, two.Ipc.RefusedCount);
        });

    [Fact]
    public void A_dead_process_loses_its_handles_on_every_node_it_called() =>
        Run(7, async (cluster, one, _, probe, client) =>
        {
            await client.Add(1, 1);
            one.Ipc.Dismiss(client.Context);
            await cluster.Elapse(TimeSpan.FromSeconds(1));
            Assert.Equal([client.Context.Identity.Pid], probe.Dropped);
        });

    [Fact]
    public void A_process_that_dies_loses_handles_that_were_given_to_it_on_nodes_it_never_called() =>
        Run(14, async (cluster, one, _, probe, client) =>
        {
            var child = await ProcessOn(one);
            var given = await client.GiveAccess(child.Identity.Pid, Rights.Read, Rights.None);
            Assert.Equal(Errno.None, given.Errno);
            one.Ipc.Dismiss(child);
            await cluster.Elapse(TimeSpan.FromSeconds(1));
            Assert.Equal([child.Identity.Pid], probe.Dropped);
            Assert.Equal(2, (await client.Add(1, 1)).Value);
        });

    [Fact]
    public void When_a_node_is_removed_its_processes_lose_handles_that_they_never_used() =>
        Run(15, async (cluster, one, _, probe, client) =>
        {
            var child = await ProcessOn(one);
            await client.GiveAccess(child.Identity.Pid, Rights.Read, Rights.None);
            cluster.Kill(one);
            cluster.Remove(one);
            await cluster.Elapse(TimeSpan.FromSeconds(1));
            Assert.Equal([client.Context.Identity.Pid, child.Identity.Pid], probe.Dropped.Order());
        });

    [Fact]
    public void A_parked_remote_call_is_cancelled_with_EINTR() =>
        Run(8, async (_, _, _, _, client) =>
        {
            using var signal = new CancellationTokenSource();
            var parked = client.Park(1, signal.Token);
            await client.Add(1, 1);
            signal.Cancel();
            Assert.Equal(Errno.EINTR, (await parked).Errno);
        });

    [Fact]
    public void A_cancel_right_behind_its_call_is_not_lost() =>
        Run(9, async (_, _, _, _, client) =>
        {
            for (var i = 0; i < 100; i++)
            {
                using var signal = new CancellationTokenSource();
                var parked = client.Park(i, signal.Token);
                signal.Cancel();
                Assert.Equal(Errno.EINTR, (await parked).Errno);
            }
        });

    [Fact]
    public void A_guessed_handle_of_another_node_is_EIO_and_harms_nothing() =>
        Run(10, async (_, _, _, _, client) =>
        {
            foreach (var guess in new[] { client.Handle with { Index = 12 },
                client.Handle with { Sequence = 99 } })
                Assert.Equal(Errno.EIO, (await new ProbeClient(client.Context, guess).Add(1, 1)).Errno);
            Assert.Equal(2, (await client.Add(1, 1)).Value);
        });

    [Fact]
    public void When_the_peer_is_removed_every_outstanding_call_gets_a_definite_error() =>
        Run(11, async (cluster, _, two, _, client) =>
        {
            await client.Add(1, 1);
            var parked = Enumerable.Range(0, 100).Select(i => client.Park(i).AsTask()).ToArray();
            await cluster.Elapse(TimeSpan.FromSeconds(1));
            cluster.Kill(two);
            var late = Enumerable.Range(0, 100).Select(i => client.Add(i, 1).AsTask()).ToArray();
            await cluster.Elapse(TimeSpan.FromSeconds(1));
            Assert.DoesNotContain(parked.Concat(late), call => call.IsCompleted);
            cluster.Remove(two);
            foreach (var call in parked) Assert.Equal(Errno.MayHaveRun, (await call).Errno);
            foreach (var call in late) Assert.True((await call).Errno is Errno.MayHaveRun or Errno.NotRun);
            Assert.Equal(Errno.EIO, (await client.Add(1, 1)).Errno);
        });

    [Fact]
    public void When_the_callers_node_is_removed_its_handles_are_dropped_and_its_parked_calls_forgotten() =>
        Run(12, async (cluster, one, _, probe, client) =>
        {
            var pid = client.Context.Identity.Pid;
            var parked = Enumerable.Range(0, 10).Select(i => client.Park(i).AsTask()).ToArray();
            await cluster.Elapse(TimeSpan.FromSeconds(1));
            cluster.Kill(one);
            cluster.Remove(one);
            await cluster.Elapse(TimeSpan.FromSeconds(1));
            Assert.Equal([pid], probe.Dropped);
            Assert.Equal(0, probe.ParkedCount);
            Assert.All(parked, call => Assert.False(call.IsCompleted));
        });

    [Theory]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void Cut_connections_are_invisible_to_a_thousand_calls(ulong seed) =>
        Run(seed, async (cluster, one, two, _, client) =>
        {
            var answers = new List<Task<Outcome<int>>>();
            for (var i = 0; i < 1_000; i++)
            {
                answers.Add(client.Add(i, i).AsTask());
                client.Note(1);
                if (i % 97 == 0) cluster.Network.Cut(one.Member.Node, two.Member.Node);
                if (i % 10 == 0) await cluster.Elapse(TimeSpan.FromMilliseconds(1));
            }
            for (var i = 0; i < answers.Count; i++) Assert.Equal(2 * i, (await answers[i]).Value);
            Assert.Equal(1_000, (await client.Noted()).Value);
        });

    [Fact]
    public void Bytes_that_an_object_holds_are_not_touched_by_other_calls_before_it_answers() =>
        Run(14, async (cluster, _, _, _, client) =>
        {
            byte[] Filled(int value) => [.. Enumerable.Repeat((byte)value, 20_000)];
            var held = Enumerable.Range(1, 10).Select(i => client.Hold(Filled(i)).AsTask()).ToArray();
            for (var i = 0; i < 50; i++) Assert.Equal(20_000 * i, (await client.Sum(Filled(i))).Value);
            await cluster.Elapse(TimeSpan.FromMilliseconds(1));
            Assert.Equal(10, (await client.SumHeld()).Value);
            for (var i = 0; i < 10; i++) Assert.Equal(20_000 * (i + 1), (await held[i]).Value);
        });

    [Fact]
    public void A_thousand_parked_remote_readers_do_not_keep_the_answer_from_coming_through() =>
        Run(13, async (_, _, _, _, client) =>
        {
            var parked = Enumerable.Range(0, 1_000).Select(i => client.Park(i).AsTask()).ToArray();
            Assert.Equal(1_000, (await client.AnswerParked(5)).Value);
            for (var i = 0; i < parked.Length; i++) Assert.Equal(i + 5, (await parked[i]).Value);
        });
}
