using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Servers.Tests.Volumes;

/// <summary>Leases of a volume's files. What Linux says is compared in tests/Conformance; here is what takes
/// too long there or can't be seen: time, limits, other nodes and their death, callers that give
/// up.</summary>
public sealed class LeaseSpec
{
    private const int CreateNew = OpenFlags.O_CREAT | OpenFlags.O_RDWR;
    private const int CreateToRead = OpenFlags.O_CREAT | OpenFlags.O_RDONLY;
    private const int Read = 0, Write = 1, None = 2, Fd = 3;

    [Fact]
    public void A_lease_that_breaks_ends_when_its_time_is_over_and_not_before() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var holder = await root.Open("f", CreateNew);
        Assert.Equal(Errno.None, (await holder.SetLease(Write, Fd)).Errno);
        var open = Open(root, "f", OpenFlags.O_RDWR);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(44.9));
        Assert.False(open.IsCompleted);
        Assert.Equal(None, (await holder.Note(FileNote.Lease)).Value);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(0.2));
        Assert.Equal(Errno.None, (await open).Errno);
        Assert.Equal(Errno.EAGAIN, (await holder.SetLease(None, Fd)).Errno);
    });

    [Fact]
    public void For_a_reader_it_is_only_lowered_then() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var holder = await root.Open("f", CreateToRead);
        await holder.SetLease(Write, Fd);
        var open = Open(root, "f", OpenFlags.O_RDONLY);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(46));
        Assert.Equal(Errno.None, (await open).Errno);
        Assert.Equal(Read, (await holder.Note(FileNote.Lease)).Value);
        Assert.Equal(Errno.None, (await holder.SetLease(None, Fd)).Errno);
    });

    [Fact]
    public void Each_kind_of_break_has_its_own_time() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var holder = await root.Open("f", CreateToRead);
        await holder.SetLease(Write, Fd);
        var reader = Open(root, "f", OpenFlags.O_RDONLY);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(30));
        var writer = Open(root, "f", OpenFlags.O_WRONLY);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(16));
        Assert.Equal(Errno.None, (await reader).Errno);
        Assert.False(writer.IsCompleted);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(30));
        Assert.Equal(Errno.None, (await writer).Errno);
    });

    [Fact]
    public void Without_a_time_a_holder_may_take_as_long_as_it_likes() => Run(
        async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var holder = await root.Open("f", CreateNew);
        await holder.SetLease(Write, Fd);
        var open = Open(root, "f", OpenFlags.O_RDWR);
        await nodes.Cluster.Elapse(TimeSpan.FromHours(10));
        Assert.False(open.IsCompleted);
        await holder.Close();
        Assert.Equal(Errno.None, (await open).Errno);
    },
        new VolumeSettings { LeaseBreakTime = TimeSpan.Zero });

    [Fact]
    public void The_volume_goes_on_while_somebody_waits() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var holder = await root.Open("f", CreateNew);
        await holder.SetLease(Write, Fd);
        var open = Open(root, "f", OpenFlags.O_RDWR | OpenFlags.O_TRUNC);
        Assert.Equal(4, (await holder.Write("data"u8.ToArray(), 0)).Value);
        await root.Open("g", CreateNew);
        Assert.False((await root.Walk(Walking.To("f", WalkIntent.Unlink))).Failed);
        await holder.SetLease(None, Fd);
        // The name is gone; what waited has the file all the same, and has cut it.
        Assert.Equal(0, (await open).Value.Status.Size);
        Assert.Equal(0u, (await open).Value.Status.Links);
    });

    [Fact]
    public void Who_gives_up_has_opened_and_cut_nothing() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var holder = await root.Open("f", CreateNew);
        await holder.Write("data"u8.ToArray(), 0);
        await holder.SetLease(Write, Fd);
        using var signal = new CancellationTokenSource();
        var walk = Walking.To("f", WalkIntent.Open, OpenFlags.O_RDWR | OpenFlags.O_TRUNC);
        var open = root.Walk(walk, signal.Token).AsTask();
        var cut = root.Walk(Walking.To("f", WalkIntent.Truncate, first: 1), signal.Token).AsTask();
        signal.Cancel();
        Assert.Equal(Errno.EINTR, (await open).Errno);
        Assert.Equal(Errno.EINTR, (await cut).Errno);
        Assert.Equal(Errno.None, (await holder.SetLease(None, Fd)).Errno);
        Assert.Equal(Errno.None, (await holder.SetLease(Write, Fd)).Errno);
        Assert.Equal(4, (await holder.Status()).Value.Size);
    });

    [Fact]
    public void The_death_of_the_holders_node_lets_the_waiter_go_on() => Run(async nodes =>
    {
        var two = await AddNode(nodes);
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var far = await Give(root, nodes.Process(ServerNodes.Alice, two));
        var holder = await far.Open("f", CreateNew);
        Assert.Equal(Errno.None, (await holder.SetLease(Write, Fd)).Errno);
        var open = Open(root, "f", OpenFlags.O_RDWR);
        nodes.Cluster.Kill(two);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        Assert.False(open.IsCompleted);
        nodes.Cluster.Remove(two);
        Assert.Equal(Errno.None, (await open).Errno);
    });

    [Fact]
    public void The_death_of_the_waiters_node_takes_its_wait_along() => Run(async nodes =>
    {
        var two = await AddNode(nodes);
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var holder = await root.Open("f", CreateNew);
        await holder.SetLease(Write, Fd);
        _ = Open(await Give(root, nodes.Process(ServerNodes.Alice, two)), "f", OpenFlags.O_RDWR);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        nodes.Cluster.Kill(two);
        nodes.Cluster.Remove(two);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        await holder.SetLease(None, Fd);
        // Nobody else counts as having it open.
        Assert.Equal(Errno.None, (await holder.SetLease(Write, Fd)).Errno);
    });

    [Fact]
    public void Leases_beyond_the_limit_get_ENOLCK_and_waits_ENFILE() => Run(
        async nodes =>
    {
        var alice = nodes.Process(ServerNodes.Alice);
        var root = await nodes.NewVolume(alice);
        var files = new List<FileClient>();
        for (var i = 0; i < 3; i++) files.Add(await root.Open($"{i}", CreateNew));
        Assert.Equal(Errno.None, (await files[0].SetLease(Write, Fd)).Errno);
        Assert.Equal(Errno.None, (await files[1].SetLease(Write, Fd)).Errno);
        Assert.Equal(Errno.ENOLCK, (await files[2].SetLease(Write, Fd)).Errno);
        await files[1].Close();
        Assert.Equal(Errno.None, (await files[2].SetLease(Write, Fd)).Errno);

        var waits = new List<Task<Outcome<WalkReply>>>();
        for (var i = 0; i < 2; i++) waits.Add(Open(root, "0", OpenFlags.O_RDONLY));
        // Two of four places are Alice's; the others are not for her.
        Assert.Equal(Errno.ENFILE, (await Open(root, "0", OpenFlags.O_RDONLY)).Errno);
        var bob = await Give(root, nodes.Process(ServerNodes.Bob));
        waits.Add(Open(bob, "0", OpenFlags.O_RDONLY));
        Assert.DoesNotContain(waits, static wait => wait.IsCompleted);
        await files[0].Close();
        foreach (var wait in waits) Assert.Equal(Errno.None, (await wait).Errno);
    },
        new VolumeSettings { LeasesMax = 2, LeaseWaitersMax = 4 });

    private static Task<Outcome<WalkReply>> Open(DirectoryClient root, string path, int flags) =>
        root.Walk(Walking.To(path, WalkIntent.Open, flags)).AsTask();

    private static async Task<DirectoryClient> Give(DirectoryClient root, CallContext process)
    {
        var given = await root.GiveAccess(
            process.Identity.Pid, Rights.Lookup | Rights.ControlAccess, Rights.None);
        return new DirectoryClient(process, given.Value);
    }

    private static async Task<SimulatedNode> AddNode(ServerNodes nodes)
    {
        var node = nodes.Cluster.AddNode();
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        nodes.Start(node);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        return node;
    }

    private static void Run(Func<ServerNodes, Task> scenario, VolumeSettings? settings = null)
    {
        var some = (settings ?? new VolumeSettings()) with { BytesMax = 64 << 20, InodesMax = 10_000 };
        using var nodes = new ServerNodes { VolumeSettings = some };
        nodes.Run(scenario);
    }
}
