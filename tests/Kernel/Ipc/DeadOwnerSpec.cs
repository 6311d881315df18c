using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.TestKit;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>Handles for processes that are dead, or that nobody has: they are dropped, or not
/// made.</summary>
public sealed class DeadOwnerSpec : IAsyncLifetime
{
    private const int Ours = 4 * IBlockMap.BlockSize;
    private const int Theirs = 5 * IBlockMap.BlockSize;
    private const int Nobodys = 6 * IBlockMap.BlockSize;

    private static readonly NodeRef There = new(2, 1);

    private readonly HandBlocks _blocks = new() { Homes = { [4] = new NodeRef(1, 1), [5] = There } };
    private readonly HandLink _link = new(There);
    private readonly ManualClock _clock = new();
    private readonly LocalNode _node;
    private Probe _probe = null!;

    public DeadOwnerSpec() =>
        _node = new LocalNode(ContractCatalogue.NewRequest, blocks: _blocks, clock: _clock);

    public ValueTask InitializeAsync()
    {
        _probe = _node.Start<Probe>(ProbeActor.Of);
        _node.Ipc.Connect(new HandLinks { Link = _link });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    private ILinkReceiver Receiver => _node.Ipc;

    [Fact]
    public async Task A_handle_that_is_made_for_a_process_after_its_death_is_dropped()
    {
        _node.Ipc.Dismiss(_node.Process(Ours));
        _probe.Export(Ours, Rights.All);
        await ATurn();
        Assert.Equal([Ours], _probe.Dropped);
        // Its number may be another's later.
        _node.Process(Ours);
        _probe.Export(Ours, Rights.All);
        await ATurn();
        Assert.Equal([Ours], _probe.Dropped);
    }

    [Fact]
    public async Task A_handle_that_is_made_for_another_nodes_process_after_its_death_is_dropped()
    {
        Introduce(Theirs, version: 1);
        Receiver.Frame(_link, FrameClass.Reserved, HandLink.Notice(FrameKind.ProcessDied, Theirs));
        _probe.Export(Theirs, Rights.All);
        await ATurn();
        Assert.Equal([Theirs], _probe.Dropped);
        Introduce(Theirs, version: 1);
        _probe.Export(Theirs, Rights.All);
        await ATurn();
        Assert.Equal([Theirs], _probe.Dropped);
    }

    [Fact]
    public async Task A_handle_that_is_made_for_a_removed_nodes_process_is_dropped()
    {
        Introduce(Theirs, version: 1);
        _blocks.Homes.Remove(5);
        Receiver.Ended(_link, LinkEnd.PeerRemoved);
        _probe.Export(Theirs, Rights.All);
        await ATurn();
        Assert.Equal([Theirs], _probe.Dropped);
    }

    [Fact]
    public async Task Access_is_given_to_nobody_that_is_dead_or_never_lived()
    {
        var giver = new ProbeClient(_node.Process(Ours), _probe.Export(Ours, Rights.All));
        _node.Ipc.Dismiss(_node.Process(Ours + 1));
        Introduce(Theirs, version: 1);
        Receiver.Frame(_link, FrameClass.Reserved, HandLink.Notice(FrameKind.ProcessDied, Theirs));
        var handles = _node.Ipc.HandleCount;
        foreach (var nobody in new[] { Ours + 1, Ours + 2, Theirs, 0, 1, -7 })
            Assert.Equal(Errno.ESRCH, await Give(giver, nobody));
        Assert.Equal(handles, _node.Ipc.HandleCount);
        Assert.Equal(Errno.None, await Give(giver, Theirs + 1));
    }

    [Fact]
    public async Task A_number_without_a_home_may_be_so_new_that_its_node_is_unknown_here_for_a_while()
    {
        var giver = new ProbeClient(_node.Process(Ours), _probe.Export(Ours, Rights.All));
        Assert.Equal(Errno.Overloaded, await Give(giver, Nobodys));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Errno.Overloaded, await Give(giver, Nobodys));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(Errno.ESRCH, await Give(giver, Nobodys));
        _blocks.Homes[6] = There;
        Assert.Equal(Errno.None, await Give(giver, Nobodys));
    }

    [Fact]
    public async Task A_death_long_ago_says_nothing_of_a_process_that_has_the_number_now()
    {
        Receiver.Frame(_link, FrameClass.Reserved, HandLink.Notice(FrameKind.ProcessDied, Theirs));
        _clock.Advance(TimeSpan.FromMinutes(5));
        var giver = new ProbeClient(_node.Process(Ours), _probe.Export(Ours, Rights.All));
        Assert.Equal(Errno.None, await Give(giver, Theirs));
        Assert.Empty(_probe.Dropped);
    }

    [Fact]
    public async Task A_cancel_reaches_a_call_whose_handle_is_gone()
    {
        var client = new ProbeClient(_node.Process(Ours), _probe.Export(Ours, Rights.All));
        using var signal = new CancellationTokenSource();
        var parked = client.Park(1, signal.Token);
        client.Release();
        await ATurn();
        await signal.CancelAsync();
        Assert.Equal(Errno.EINTR, (await parked.AsTask().WaitAsync(Limit)).Errno);
    }

    private static async Task<Errno> Give(ProbeClient giver, int process) =>
        (await giver.GiveAccess(process, Rights.Read, Rights.None, Limit)).Errno;

    private void Introduce(int pid, uint version)
    {
        var alice = new Principal("alice", 1_000, 1_000, [], Authentication.ClientCertificate);
        var identity = new CallerIdentity(pid, version, There, alice);
        Receiver.Frame(_link, FrameClass.Call, HandLink.Introduction(identity));
    }

    // After all that was told before.
    private async Task ATurn() => await new ProbeClient(_node.Ipc.Kernel, _probe.Handles[0]).Add(1, 1, Limit);
}
