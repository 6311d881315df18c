using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.TestKit;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>Two links to one peer, of which the later begins before the earlier has told its end.</summary>
public sealed class LinkSuccessionSpec : IAsyncLifetime
{
    private static readonly NodeRef There = new(2, 1);

    private static readonly CallerIdentity Caller = new(
        0, 1, There, new Principal("system", 0, 0, [0], Authentication.Node));

    private readonly HandBlocks _blocks = new() { Homes = { [5] = There } };
    private readonly LocalNode _node;
    private readonly HandLinks _links = new();
    private readonly HandLink _first = new(There);
    private readonly HandLink _second = new(There);
    private Probe _probe = null!;

    public LinkSuccessionSpec() => _node = new LocalNode(ContractCatalogue.NewRequest, blocks: _blocks);

    public ValueTask InitializeAsync()
    {
        _probe = _node.Start<Probe>(ProbeActor.Of);
        _links.Link = _first;
        _node.Ipc.Connect(_links);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    private ILinkReceiver Receiver => _node.Ipc;

    private ObjectHandle Handle => _probe.Handles[0];

    [Fact]
    public async Task A_link_that_follows_another_begins_anew_before_the_others_end_is_told()
    {
        Receive(_first, HandLink.Introduction(Caller));
        Receive(_first, HandLink.Call(1, Caller, Handle, 1, 20));
        await ATurn();
        Succeed();
        Receive(_second, HandLink.Introduction(Caller));
        Receive(_second, HandLink.Call(1, Caller, Handle, 1, 20));
        Receiver.Ended(_first, LinkEnd.ResumeExpired);
        Receive(_second, HandLink.Call(2, Caller, Handle, 1, 20));
        await ATurn();

        Assert.Equal(0, _node.Ipc.RefusedCount);
        Assert.Equal((1, 2), (_first.Count(FrameKind.Reply), _second.Count(FrameKind.Reply)));
    }

    [Fact]
    public async Task The_end_of_the_earlier_link_drops_no_handle_that_was_made_through_the_later()
    {
        var (pid, later) = (5 * IBlockMap.BlockSize, 5 * IBlockMap.BlockSize + 1);
        Receive(_first, HandLink.Introduction(Caller));
        _probe.Export(pid, Rights.All);
        Succeed();
        Receive(_second, HandLink.Introduction(Caller));
        await ATurn();
        Assert.Equal([pid], _probe.Dropped);
        _probe.Export(later, Rights.All);
        Receiver.Ended(_first, LinkEnd.ResumeExpired);
        await ATurn();
        Assert.Equal([pid], _probe.Dropped);
        Receiver.Ended(_second, LinkEnd.ResumeExpired);
        await ATurn();
        Assert.Equal([pid, later], _probe.Dropped);
    }

    [Fact]
    public void What_still_comes_by_the_earlier_link_does_not_displace_the_later()
    {
        Receive(_first, HandLink.Introduction(Caller));
        Succeed();
        Receive(_second, HandLink.Introduction(Caller));
        Receive(_first, HandLink.Introduction(Caller));
        Receiver.Ended(_first, LinkEnd.ResumeExpired);
        Receive(_second, HandLink.Call(1, Caller, Handle, 1, 20));
        Assert.Equal(0, _node.Ipc.RefusedCount);
    }

    [Fact]
    public async Task A_call_after_the_links_end_goes_by_the_next_one()
    {
        var client = new ProbeClient(_node.Ipc.Kernel, Handle with { Node = There });
        var lost = client.Add(1, 1, Limit).AsTask();
        Succeed();
        var call = client.Add(1, 1, Limit).AsTask();
        Assert.Equal(1, _second.Count(FrameKind.Call));
        Receiver.Ended(_first, LinkEnd.ResumeExpired);
        Assert.Equal(Errno.MayHaveRun, (await lost.WaitAsync(Limit)).Errno);
        byte[] answer = [.. HandLink.Notice(FrameKind.Reply, 1), 0, 0, 2, 0, 0, 0];
        Receive(_second, answer);
        Assert.Equal(2, (await call.WaitAsync(Limit)).Value);
    }

    [Fact]
    public async Task A_link_that_ends_while_a_call_looks_for_it_is_not_kept()
    {
        var client = new ProbeClient(_node.Ipc.Kernel, Handle with { Node = There });
        _links.Asked = () =>
        {
            Succeed();
            Receiver.Ended(_first, LinkEnd.ResumeExpired);
        };
        Assert.Equal(Errno.Overloaded, (await client.Add(1, 1, Limit)).Errno);
        var call = client.Add(1, 1, Limit).AsTask();
        Assert.Equal(1, _second.Count(FrameKind.Call));
        Receiver.Ended(_second, LinkEnd.Closed);
        Assert.Equal(Errno.MayHaveRun, (await call.WaitAsync(Limit)).Errno);
    }

    // After those of the calls that came before.
    private async Task ATurn() => await new ProbeClient(_node.Ipc.Kernel, Handle).Add(1, 1, Limit);

    private void Succeed()
    {
        _first.Over = true;
        _links.Link = _second;
    }

    private void Receive(HandLink link, byte[] frame) => Receiver.Frame(link, FrameClass.Call, frame);
}
