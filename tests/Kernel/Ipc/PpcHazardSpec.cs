using Akka.Actor;
using Akka.Dispatch.MessageQueues;

using K42.Contracts;
using K42.Kernel.Ipc;
using K42.TestKit;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>What can go wrong when the caller's thread runs the target's turn, and what happens
/// then.</summary>
public sealed class PpcHazardSpec : IAsyncLifetime
{
    private readonly LocalNode _node = new();
    private Probe _probe = null!;

    public ValueTask InitializeAsync()
    {
        _probe = _node.Start<Probe>(ProbeActor.Of);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    private ProbeClient ClientOf(Probe probe, int pid) =>
        new(_node.Process(pid), probe.Export(pid, Rights.All));

    [Fact]
    public async Task A_handler_that_throws_gives_every_parked_and_queued_caller_a_definite_error()
    {
        var client = ClientOf(_probe, 5_000);
        var gate = new ManualResetEventSlim();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var parked = Enumerable.Range(0, 100).Select(i => client.Park(i, CancellationToken.None).AsTask())
            .ToArray();
        _probe.InTurn = () =>
        {
            held.SetResult();
            gate.Wait(Limit);
        };
        var holder = Task.Run(async () => await client.Add(1, 1, CancellationToken.None), Limit);
        await held.Task.WaitAsync(Limit);
        var failing = client.Throw(CancellationToken.None).AsTask();
        var queued = Enumerable.Range(0, 100).Select(i => client.Add(i, 1, CancellationToken.None).AsTask())
            .ToArray();
        Assert.DoesNotContain(queued, call => call.IsCompleted);
        gate.Set();

        Assert.Equal(2, (await holder).Value);
        Assert.Equal(Errno.EIO, (await failing.WaitAsync(Limit)).Errno);
        var answers = await Task.WhenAll(parked.Concat(queued)).WaitAsync(Limit);
        Assert.Equal(200, answers.Count(answer => answer.Errno == Errno.EIO));
        Assert.Equal(Errno.EIO, (await client.Add(1, 1, Limit)).Errno);
    }

    [Fact]
    public async Task A_throw_never_reaches_the_callers_stack()
    {
        var answer = await ClientOf(_probe, 5_000).Throw(Limit);
        Assert.Equal(Errno.EIO, answer.Errno);
    }

    [Fact]
    public async Task Calls_in_a_circle_are_answered_because_no_turn_waits()
    {
        var other = _node.Start<Probe>(ProbeActor.Of);
        // A to B to A and so on: each relays by handle [0] of its own to the other.
        var client = ClientOf(_probe, 5_000);
        for (var round = 0; round < 200; round++)
        {
            var answer = await client.Relay(other.Handles[0], 5, Limit);
            Assert.Equal(5, answer.Value);
        }
    }

    [Fact]
    public async Task Chains_deeper_than_the_limit_go_on_in_the_pool()
    {
        var answer = await ClientOf(_probe, 5_000)
            .Relay(_node.Start<Probe>(ProbeActor.Of).Handles[0], 200, Limit);
        Assert.Equal(200, answer.Value);
    }

    [Fact]
    public async Task A_nearly_used_up_stack_queues_the_call_instead_of_running_it()
    {
        var client = ClientOf(_probe, 5_000);
        await client.Add(1, 1, Limit);
        var done = new TaskCompletionSource<Outcome<int>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                var call = Deep(client).AsTask();
                call.ContinueWith(answer => done.SetResult(answer.Result), TaskScheduler.Default);
            },
            maxStackSize: 256 * 1_024);
        thread.Start();
        Assert.Equal(3, (await done.Task.WaitAsync(Limit)).Value);

        static ValueTask<Outcome<int>> Deep(ProbeClient client)
        {
            return System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack()
                ? Deeper(client) : client.Add(1, 2, CancellationToken.None);
        }

        static ValueTask<Outcome<int>> Deeper(ProbeClient client)
        {
            Span<byte> used = stackalloc byte[1_024];
            used.Fill(1);
            var below = Deep(client);
            GC.KeepAlive(used[0] == 1);
            return below;
        }
    }

    [Fact]
    public async Task A_busy_target_queues_the_call_and_the_callers_thread_goes_on()
    {
        var client = ClientOf(_probe, 5_000);
        using var gate = new ManualResetEventSlim();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _probe.InTurn = () =>
        {
            _probe.InTurn = null;
            held.SetResult();
            gate.Wait(Limit);
        };
        var holder = Task.Run(async () => await client.Add(1, 1, CancellationToken.None), Limit);
        await held.Task.WaitAsync(Limit);
        var waiting = client.Add(2, 2, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        gate.Set();
        Assert.Equal(4, (await waiting).Value);
        Assert.Equal(2, (await holder).Value);
    }

    [Fact]
    public async Task An_inline_turn_takes_one_message_and_hands_the_rest_over()
    {
        var client = ClientOf(_probe, 5_000);
        await client.Add(1, 1, Limit);
        var inner = new TaskCompletionSource<ValueTask<Outcome<int>>>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        _probe.InTurn = () =>
        {
            _probe.InTurn = null;
            // Sent to the object in whose turn this is: it cannot run before this turn has ended.
            inner.SetResult(client.ThreadOfTurn(CancellationToken.None));
        };
        var (completed, here) = await OnAThreadOfItsOwn(() => client.Add(1, 1, CancellationToken.None));
        Assert.True(completed);
        Assert.NotEqual(here, (await await inner.Task.WaitAsync(Limit)).Value);
    }

    // A pool thread would not do: it may be the very one that takes the queued turn afterwards.
    private static Task<(bool Completed, int Thread)> OnAThreadOfItsOwn(Func<ValueTask<Outcome<int>>> call)
    {
        var result = new TaskCompletionSource<(bool, int)>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => result.SetResult((call().IsCompleted, Environment.CurrentManagedThreadId))).Start();
        return result.Task;
    }

    [Fact]
    public async Task Neither_AsyncLocal_nor_synchronisation_context_reach_the_target()
    {
        var client = ClientOf(_probe, 5_000);
        var local = new AsyncLocal<string?> { Value = "the caller's" };
        SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        string? seen = "unset";
        SynchronizationContext? context = SynchronizationContext.Current;
        _probe.InTurn = () => (seen, context) = (local.Value, SynchronizationContext.Current);
        var call = client.Add(1, 1, CancellationToken.None);
        var completed = call.IsCompleted;
        var after = local.Value;
        SynchronizationContext.SetSynchronizationContext(null);
        await call;
        Assert.True(completed);
        Assert.Null(seen);
        Assert.Null(context);
        Assert.Equal("the caller's", after);
    }

    [Fact]
    public async Task A_plain_message_that_looks_on_during_a_call_is_not_run_inline()
    {
        var client = ClientOf(_probe, 5_000);
        var told = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var other = _node.Start<Probe>(ProbeActor.Of);
        _probe.InTurn = () =>
        {
            _probe.InTurn = null;
            other.Home.Later(() => told.SetResult(Environment.CurrentManagedThreadId));
        };
        var (inline, here) = await OnAThreadOfItsOwn(() => client.Add(1, 1, CancellationToken.None));
        Assert.True(inline);
        Assert.NotEqual(here, await told.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_call_never_overtakes_what_its_sender_posted_before()
    {
        var client = ClientOf(_probe, 5_000);
        for (var sent = 1; sent <= 5_000; sent++)
        {
            client.Note(1);
            Assert.Equal(sent, (await client.Noted(Limit)).Value);
        }
    }

    [Fact]
    public void A_message_that_reaches_a_queue_after_its_actors_end_goes_to_the_dead_letters()
    {
        var (queue, deadLetters) = (new PpcQueue(), new UnboundedMessageQueue());
        queue.Enqueue(ActorRefs.Nobody, new Envelope("before", ActorRefs.NoSender));
        queue.CleanUp(ActorRefs.Nobody, deadLetters);
        queue.Enqueue(ActorRefs.Nobody, new Envelope("after", ActorRefs.NoSender));

        Assert.False(queue.HasMessages);
        Assert.True(deadLetters.TryDequeue(out var first));
        Assert.True(deadLetters.TryDequeue(out var second));
        Assert.Equal(("before", "after"), (first.Message, second.Message));
    }

    [Fact]
    public async Task An_object_that_is_stopped_during_its_turn_answers_that_call_and_fails_the_next()
    {
        // Often, because the calls after it may meet any moment of the actor's end.
        for (var round = 0; round < 200; round++)
        {
            var probe = _node.Start<Probe>(ProbeActor.Of);
            var client = ClientOf(probe, 5_000 + round);
            probe.InTurn = () => _node.System.Stop(probe.Home.Actor);
            Assert.Equal(2, (await client.Add(1, 1, Limit)).Value);
            probe.InTurn = null;
            Outcome<int> next;
            do next = await client.Add(1, 1, Limit);
            while (!next.Failed);
            Assert.Equal(Errno.EIO, next.Errno);
        }
    }

    [Fact]
    public async Task Two_callers_that_hammer_one_object_both_get_on()
    {
        var counts = new int[2];
        using var enough = new CountdownEvent(2);
        var callers = Enumerable.Range(0, 2).Select(at => Task.Run(
            async () =>
            {
                var client = ClientOf(_probe, 5_000 + at);
                while (Volatile.Read(ref counts[at]) < 20_000)
                {
                    await client.Add(1, 1, CancellationToken.None);
                    Interlocked.Increment(ref counts[at]);
                }
            },
            Limit));
        await Task.WhenAll(callers).WaitAsync(Limit);
        Assert.All(counts, count => Assert.Equal(20_000, count));
    }

    [Fact]
    public async Task A_servers_call_that_is_not_answered_in_time_ends_with_ETIMEDOUT()
    {
        var other = _node.Start<Probe>(ProbeActor.Of);
        var clock = new ManualClock();
        var outcome = new TaskCompletionSource<Outcome<int>>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        var home = new ObjectHome(new ClockedIpc(_node.Ipc, clock), _probe.Home.Actor);
        var caller = home.Adopt(new Probe());
        new ProbeClient(_node.Ipc.Kernel, other.Handles[0]).ParkThen(7, caller, outcome.SetResult);
        clock.Advance(ObjectHome.OutgoingDeadline);
        Assert.Equal(Errno.ETIMEDOUT, (await outcome.Task.WaitAsync(Limit)).Errno);
        // The late answer finds nobody.
        var late = await new ProbeClient(_node.Ipc.Kernel, other.Handles[0]).AnswerParked(1, Limit);
        Assert.Equal(0, late.Value);
    }

    [Fact]
    public async Task A_deadline_leaves_what_an_actor_has_parked_to_that_actors_turns()
    {
        var other = _node.Start<Probe>(ProbeActor.Of);
        var clock = new ManualClock();
        var home = new ObjectHome(new ClockedIpc(_node.Ipc, clock), _probe.Home.Actor);
        var caller = home.Adopt(new Probe());
        var toOther = new ProbeClient(new CallContext(home.Ipc, _node.Ipc.Kernel.Identity), other.Handles[0]);
        var outcome = new TaskCompletionSource<Outcome<int>>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        toOther.ParkThen(7, caller, outcome.SetResult);
        await toOther.Noted(Limit);
        Assert.Equal(1, other.ParkedCount);
        using var gate = new ManualResetEventSlim();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        other.InTurn = () =>
        {
            other.InTurn = null;
            held.SetResult();
            gate.Wait(Limit);
        };
        var holder = Task.Run(async () => await toOther.Add(1, 1, CancellationToken.None), Limit);
        await held.Task.WaitAsync(Limit);

        clock.Advance(ObjectHome.OutgoingDeadline);

        // A turn of the other runs: nobody else may touch what it has parked.
        var during = other.ParkedCount;
        gate.Set();
        await holder;
        Assert.Equal(1, during);
        Assert.Equal(Errno.ETIMEDOUT, (await outcome.Task.WaitAsync(Limit)).Errno);
        await toOther.Noted(Limit);
        Assert.Equal(0, other.ParkedCount);
    }
}
