using Akka.Actor;
using Akka.Event;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.TestKit;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>Identities that are outdated or have expired, here and over links.</summary>
public sealed class IdentitySpec
{
    private static readonly Principal Alice =
        new("alice", 1_000, 1_000, [7], Authentication.ClientCertificate);

    private static readonly Principal Bob = new("bob", 2_000, 2_000, [], Authentication.ClientCertificate);

    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_local_call_with_credentials_of_before_is_refused_and_counted()
    {
        await using var node = new LocalNode();
        var probe = node.Start<Probe>(ProbeActor.Of);
        var process = node.Ipc.Admit(5_000, Alice);
        var before = new CallContext(node.Ipc, process.Identity);
        var handle = probe.Export(5_000, Rights.All);

        node.Ipc.Change(process, Bob);

        Assert.Equal(Errno.EPERM, (await new ProbeClient(before, handle).Add(1, 1, Limit)).Errno);
        Assert.Equal((1, 1, 0), (node.Ipc.RefusedCount, node.Ipc.OutdatedCount, node.Ipc.ExpiredCount));
        Assert.StartsWith("5000/2000", (await new ProbeClient(process, handle).WhoAmI(Limit)).Value);
        Assert.Equal(2u, process.Identity.Version);
    }

    [Fact]
    public async Task A_local_call_with_an_expired_identity_is_refused_and_counted_apart()
    {
        await using var node = new LocalNode();
        var probe = node.Start<Probe>(ProbeActor.Of);
        var process = node.Ipc.Admit(5_000, Alice);
        var client = new ProbeClient(process, probe.Export(5_000, Rights.All));
        Assert.Equal(2, (await client.Add(1, 1, Limit)).Value);

        node.Ipc.Expire(process);

        Assert.Equal(Errno.EKEYEXPIRED, (await client.Add(1, 1, Limit)).Errno);
        Assert.Equal((1, 0, 1), (node.Ipc.RefusedCount, node.Ipc.OutdatedCount, node.Ipc.ExpiredCount));
        // What has expired does not come back by a change of ids.
        node.Ipc.Change(process, Bob);
        Assert.Equal(Errno.EKEYEXPIRED, (await client.Add(1, 1, Limit)).Errno);
    }

    [Fact]
    public async Task Refusals_are_all_counted_and_do_not_flood_the_log()
    {
        var clock = new ManualClock();
        await using var node = new LocalNode(clock: clock, hocon: "akka.loglevel = WARNING");
        var lines = new LogLines();
        node.System.EventStream.Subscribe(lines, typeof(Warning));
        var probe = node.Start<Probe>(ProbeActor.Of);
        var stranger = new ProbeClient(node.Process(5_001), probe.Export(5_000, Rights.All));
        for (var i = 0; i < 1_000; i++) await stranger.Add(1, 1, Limit);
        Assert.Equal((1_000, 20), (node.Ipc.RefusedCount, lines.Count));
        clock.Advance(TimeSpan.FromSeconds(1));
        await stranger.Add(1, 1, Limit);
        // The second says how many were not written.
        Assert.Equal((1_001, 22), (node.Ipc.RefusedCount, lines.Count));
    }

    [Fact]
    public void After_a_change_the_old_credentials_do_not_leave_the_node_and_the_new_ones_arrive() =>
        Run(async (_, one, two, probe, process) =>
        {
            var handle = probe.Export(process.Identity.Pid, Rights.All);
            var before = new CallContext(one.Ipc, process.Identity);
            Assert.EndsWith($"1000 by a handle of {process.Identity.Pid}",
                (await new ProbeClient(process, handle).WhoAmI()).Value);

            one.Ipc.Change(process, Bob);

            Assert.Equal(Errno.EPERM, (await new ProbeClient(before, handle).Add(1, 1)).Errno);
            Assert.Equal((1, 0), (one.Ipc.OutdatedCount, two.Ipc.RefusedCount));
            Assert.EndsWith($"2000 by a handle of {process.Identity.Pid}",
                (await new ProbeClient(process, handle).WhoAmI()).Value);
        });

    [Fact]
    public void A_frame_with_an_older_version_than_was_introduced_is_refused_and_counted() =>
        Run((_, one, two, probe, process) =>
        {
            var handle = probe.Export(process.Identity.Pid, Rights.All);
            var link = two.Links.To(one.Member.Node)!;
            var receiver = (ILinkReceiver)two.Ipc;
            Introduce(receiver, link, new CallerIdentity(process.Identity.Pid, 3, one.Member.Node, Bob));
            // Older introductions come too late to count.
            Introduce(receiver, link, process.Identity);

            Call(receiver, link, process.Identity.Pid, 1, handle);
            Call(receiver, link, process.Identity.Pid, 2, handle);
            Assert.Equal((2, 2), (two.Ipc.RefusedCount, two.Ipc.OutdatedCount));
            Call(receiver, link, process.Identity.Pid, 4, handle);
            Assert.Equal((3, 2), (two.Ipc.RefusedCount, two.Ipc.OutdatedCount));
            Call(receiver, link, process.Identity.Pid, 3, handle);
            Assert.Equal((3, 2), (two.Ipc.RefusedCount, two.Ipc.OutdatedCount));
            return Task.CompletedTask;
        });

    [Fact]
    public void A_node_refuses_a_peers_process_whose_credential_has_expired_by_its_own_clock() =>
        Run(async (cluster, one, two, probe, process) =>
        {
            one.Ipc.Change(process, Alice with { ExpiresNs = one.Clock.RealtimeNs + 5_000_000_000 });
            var client = new ProbeClient(process, probe.Export(process.Identity.Pid, Rights.All));
            Assert.Equal(2, (await client.Add(1, 1)).Value);

            await cluster.Elapse(TimeSpan.FromSeconds(5));

            Assert.Equal(Errno.EKEYEXPIRED, (await client.Add(1, 1)).Errno);
            Assert.Equal((1, 1), (two.Ipc.RefusedCount, two.Ipc.ExpiredCount));
        });

    [Fact]
    public void All_ids_of_a_process_arrive_at_other_nodes()
    {
        var ids = new LinuxIds(1, 2, 3, 4);
        var sent = Alice with { LoginUid = 9, UserIds = ids, GroupIds = new(5, 6, 7, 8), ExpiresNs = 10 };
        var writer = new WireWriter(64);
        IdentityFrame.Write(ref writer, new CallerIdentity(5_000, 2, new NodeRef(1, 1), sent));
        var reader = new WireReader(writer.Written[1..]);
        var read = IdentityFrame.Read(ref reader, new NodeRef(1, 1)).Principal;
        Assert.Equal(sent.Groups, read.Groups);
        Assert.Equal(sent with { Groups = read.Groups }, read);
    }

    private static void Introduce(ILinkReceiver receiver, ILink link, CallerIdentity identity)
    {
        var writer = new WireWriter(64);
        IdentityFrame.Write(ref writer, identity);
        receiver.Frame(link, FrameClass.Call, writer.Written);
    }

    private static void Call(ILinkReceiver receiver, ILink link, int pid, uint version, ObjectHandle to)
    {
        var writer = new WireWriter(64);
        new CallHeader(0, pid, version, to.Index, to.Sequence, ProbeContract.ContractId, 8)
            .Write(ref writer);
        writer.Int32(1);
        receiver.Frame(link, FrameClass.Call, writer.Written);
    }

    private static void Run(
        Func<SimulatedCluster, SimulatedNode, SimulatedNode, Probe, CallContext, Task> scenario)
    {
        using var cluster = new SimulatedCluster(31, ContractCatalogue.NewRequest);
        var (one, two) = (cluster.AddNode(), cluster.AddNode());
        cluster.Run(async () =>
        {
            var up = new TaskCompletionSource<Probe>();
            two.System.ActorOf(ProbeActor.Of(two.Ipc, up.SetResult));
            var probe = await up.Task;
            var leased = new TaskCompletionSource<Outcome<int>>();
            one.Grantor.LeaseBlock(leased.SetResult);
            var pid = (await leased.Task).Value * IBlockMap.BlockSize;
            await scenario(cluster, one, two, probe, one.Ipc.Admit(pid, Alice));
        });
    }
}

/// <summary>Counts what a node writes to its log.</summary>
internal sealed class LogLines : MinimalActorRef
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public override ActorPath Path => new RootActorPath(Address.AllSystems) / "lines";

    public override IActorRefProvider Provider => throw new NotSupportedException();

    protected override void TellInternal(object message, IActorRef sender) =>
        Interlocked.Increment(ref _count);
}
