using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.TestKit;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>What a node says of calls by a link at the moments that are easily got wrong.</summary>
public sealed class PeerSpec : IAsyncLifetime
{
    private static readonly NodeRef There = new(2, 1);
    private static readonly ObjectHandle Target = new(There, 70_000, 1);

    private readonly LocalNode _node = new(ContractCatalogue.NewRequest);
    private readonly HandLinks _links = new() { Link = new HandLink(There) };

    public ValueTask InitializeAsync()
    {
        _node.Ipc.Connect(_links);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    private HandLink Link => _links.Link!;

    private ILinkReceiver Receiver => _node.Ipc;

    [Fact]
    public void A_process_that_dies_while_it_calls_is_not_introduced_after_its_death_was_told()
    {
        var process = _node.Process(5_000);
        var request = new HookedRequest(() => _node.Ipc.Dismiss(process));
        request.Start(process, Target);

        Assert.True(request.IsAnswered);
        Assert.Equal(Errno.EPERM, request.ResultErrno);
        Assert.Equal((0, 1), (Link.Count(FrameKind.Identity), Link.Count(FrameKind.ProcessDied)));
    }

    [Fact]
    public async Task A_call_whose_link_ends_while_it_is_sent_may_have_run()
    {
        var client = new ProbeClient(_node.Ipc.Kernel, Target);
        Link.Sending = () =>
        {
            // The identity went before.
            if (Link.Count(FrameKind.Identity) == 1) Receiver.Ended(Link, LinkEnd.PeerRemoved);
        };
        Assert.Equal(Errno.MayHaveRun, (await client.Add(1, 1, Limit)).Errno);
        Assert.Equal(1, Link.Count(FrameKind.Call));
    }

    [Fact]
    public void A_call_whose_link_ends_is_answered_only_once_its_callers_memory_is_free()
    {
        var request = new HookedRequest(static () => { });
        var wasAnswered = false;
        Link.Sending = () =>
        {
            if (Link.Count(FrameKind.Identity) == 0) return;
            Receiver.Ended(Link, LinkEnd.PeerRemoved);
            wasAnswered = request.IsAnswered;
        };

        request.Start(_node.Ipc.Kernel, Target);

        Assert.Equal((false, true), (wasAnswered, request.IsAnswered));
        Assert.Equal(Errno.MayHaveRun, request.ResultErrno);
    }

    [Fact]
    public async Task A_call_whose_answer_cannot_be_read_may_have_run()
    {
        var call = new ProbeClient(_node.Ipc.Kernel, Target).Echo(new byte[3], Limit).AsTask();
        // An answer to call 1 without error, and with more bytes than there are.
        byte[] answer = [.. HandLink.Notice(FrameKind.Reply, 1), 0, 0, 255, 255, 255, 127];
        Assert.Throws<WireException>(() => Receiver.Frame(Link, FrameClass.Reserved, answer));
        Receiver.Ended(Link, LinkEnd.ProtocolError);
        Assert.Equal(Errno.MayHaveRun, (await call.WaitAsync(Limit)).Errno);
    }

    [Fact]
    public async Task A_servers_remote_call_that_is_not_answered_in_time_is_cancelled_and_forgotten()
    {
        var probe = _node.Start<Probe>(ProbeActor.Of);
        var clock = new ManualClock();
        var outcome = new TaskCompletionSource<Outcome<int>>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        var home = new ObjectHome(new ClockedIpc(_node.Ipc, clock), probe.Home.Actor);
        var caller = home.Adopt(new Probe());
        new ProbeClient(new CallContext(home.Ipc, _node.Ipc.Kernel.Identity), Target)
            .ParkThen(7, caller, outcome.SetResult);
        Assert.Equal(0, Link.Count(FrameKind.Cancel));

        clock.Advance(ObjectHome.OutgoingDeadline);

        Assert.Equal(Errno.ETIMEDOUT, (await outcome.Task.WaitAsync(Limit)).Errno);
        Assert.Equal(1, Link.Count(FrameKind.Cancel));
        // Its answer, however late, is read into nothing.
        byte[] late = [.. HandLink.Notice(FrameKind.Reply, 1), 0, 0];
        Receiver.Frame(Link, FrameClass.Reserved, late);
    }

    [Fact]
    public async Task When_a_node_ends_its_calls_to_others_are_answered()
    {
        var call = new ProbeClient(_node.Ipc.Kernel, Target).Add(1, 1, Limit).AsTask();
        _node.Ipc.Dispose();
        Assert.Equal(Errno.MayHaveRun, (await call.WaitAsync(Limit)).Errno);
    }

    /// <summary>A request that does something when it is asked for its number: after the first look at its
    /// caller, before its introduction.</summary>
    private sealed class HookedRequest(Action hook) : Request<int>
    {
        private Action? _hook = hook;

        public override ushort Contract => ProbeContract.ContractId;

        public override ushort Method
        {
            get
            {
                var once = _hook;
                _hook = null;
                once?.Invoke();
                return 1;
            }
        }

        public void Start(CallContext caller, ObjectHandle target)
        {
            Begin();
            caller.Ipc.Send(caller, target, this);
        }

        protected internal override void WriteArguments(ref WireWriter writer)
        {
        }

        protected internal override void ReadArguments(ref WireReader reader)
        {
        }

        protected internal override void WriteResult(ref WireWriter writer)
        {
        }

        protected internal override void ReadResult(ref WireReader reader)
        {
        }

        protected internal override Errno CheckArguments() => Errno.None;

        protected internal override void Invoke(ServerObject target)
        {
        }

        protected override void Recycle()
        {
        }
    }
}
