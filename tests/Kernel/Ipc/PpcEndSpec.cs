using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

using K42.Contracts;
using K42.Kernel.Ipc;
using K42.TestKit;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>Calls that meet the end of their target, or of the node.</summary>
public sealed class PpcEndSpec : IAsyncLifetime
{
    private const string Hooked = """
        akka.actor.default-dispatcher.type = "K42.Kernel.Tests.Ipc.HookedDispatcherConfigurator, Kernel.Tests"
        """;

    private readonly LocalNode _node = new(hocon: Hooked);
    private Probe _probe = null!;

    public ValueTask InitializeAsync()
    {
        _probe = _node.Start<Probe>(ProbeActor.Of);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    [Fact]
    public void A_call_that_is_answered_as_a_dead_letter_may_be_anothers_at_once()
    {
        HookedDispatcher.Once = () =>
            _probe.Home.Actor.GracefulStop(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
        var request = new ReusedRequest();
        request.Begin();
        request.Sink = request;
        _node.Ipc.Send(_node.Ipc.Kernel, _probe.Handles[0], request);

        Assert.Equal([Errno.EIO], request.Answers);
        // The second use is as its owner left it.
        Assert.True(request.IsPending(request.Generation));
        Assert.Equal((true, false), (request.Offered, request.Queued));
    }

    [Fact]
    public async Task A_call_is_not_mistaken_for_one_that_is_offered_because_its_last_use_was()
    {
        var request = new ReusedRequest { Offered = true };
        request.Begin();
        Assert.False(request.Offered);
        Assert.Equal(2, (await new ProbeClient(_node.Ipc.Kernel, _probe.Handles[0]).Add(1, 1, Limit)).Value);
    }

    [Fact]
    public async Task Calls_that_wait_for_an_actor_are_answered_though_the_nodes_ipc_has_ended()
    {
        var client = new ProbeClient(_node.Process(5_000), _probe.Export(5_000, Rights.All));
        using var gate = new ManualResetEventSlim();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _probe.InTurn = () =>
        {
            held.SetResult();
            gate.Wait(Limit);
            throw new InvalidOperationException("asked to fail");
        };
        var holder = Task.Run(async () => await client.Add(1, 1, CancellationToken.None), Limit);
        await held.Task.WaitAsync(Limit);
        var queued = client.Add(1, 1, CancellationToken.None).AsTask();
        _node.Ipc.Dispose();
        gate.Set();
        Assert.Equal(Errno.EIO, (await holder.WaitAsync(Limit)).Errno);
        Assert.Equal(Errno.EIO, (await queued.WaitAsync(Limit)).Errno);
    }

    /// <summary>A request that is used again once it is answered, as one of a link may be.</summary>
    private sealed class ReusedRequest : Request<int>, ICompletionSink
    {
        public List<Errno> Answers { get; } = [];

        public override ushort Contract => ProbeContract.ContractId;

        public override ushort Method => 1;

        public void Completed(Request request)
        {
            Answers.Add(request.ResultErrno);
            request.Discard();
            Begin();
            // Somebody offers it to another target.
            Offered = true;
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

/// <summary>A dispatcher in which something can happen between the look at a target and the call.</summary>
internal sealed class HookedDispatcher(MessageDispatcherConfigurator configurator)
    : PpcDispatcher(configurator)
{
    private static Action? s_once;

    /// <summary>Done once, by the next call.</summary>
    public static Action? Once
    {
        set => s_once = value;
    }

    protected override bool MayRunInline()
    {
        Interlocked.Exchange(ref s_once, null)?.Invoke();
        return base.MayRunInline();
    }
}

/// <summary>Makes the dispatcher from HOCON.</summary>
internal sealed class HookedDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly HookedDispatcher _dispatcher;

    public HookedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _dispatcher = new HookedDispatcher(this);

    public override MessageDispatcher Dispatcher() => _dispatcher;
}
