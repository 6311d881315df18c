using K42.Contracts;
using K42.Kernel.Ipc;
using K42.TestKit;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

public sealed class LocalCallSpec : IAsyncLifetime
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

    private ProbeClient ClientOf(int pid, Rights matched = Rights.All, Rights unmatched = Rights.None) =>
        new(_node.Process(pid), _probe.Export(pid, matched, unmatched));

    private static async Task<Errno> ErrnoOf<T>(ValueTask<Outcome<T>> call) => (await call).Errno;

    [Fact]
    public async Task A_call_gives_back_what_the_object_answered()
    {
        var sum = await ClientOf(5_000).Add(40, 2, Limit);
        Assert.Equal(42, sum.Value);
    }

    [Fact]
    public async Task An_idle_object_runs_its_turn_on_the_callers_thread()
    {
        var client = ClientOf(5_000);
        await client.Add(1, 1, Limit);
        // The call completes before it is awaited, so the thread is still the caller's.
        var here = Environment.CurrentManagedThreadId;
        var call = client.ThreadOfTurn(CancellationToken.None);
        Assert.True(call.IsCompletedSuccessfully);
        Assert.Equal(here, (await call).Value);
    }

    [Fact]
    public async Task The_object_learns_the_caller_and_the_handle_from_the_kernel()
    {
        var known = await ClientOf(5_001).WhoAmI(Limit);
        Assert.Equal("5001/1000 by a handle of 5001", known.Value);
    }

    [Fact]
    public async Task A_handle_without_the_right_refuses_the_call()
    {
        Assert.Equal(Errno.EPERM, await ErrnoOf(ClientOf(5_000, Rights.Read).AnswerParked(1, Limit)));
    }

    [Fact]
    public async Task A_handle_of_another_process_allows_only_what_everyone_may()
    {
        var handle = _probe.Export(5_000, Rights.All, Rights.Read);
        var other = new ProbeClient(_node.Process(5_001), handle);
        Assert.Equal(3, (await other.Add(1, 2, Limit)).Value);
        Assert.Equal(Errno.EPERM, await ErrnoOf(other.AnswerParked(1, Limit)));
    }

    [Fact]
    public async Task A_process_without_any_right_on_a_handle_may_not_even_make_calls_that_need_none()
    {
        var handle = _probe.Export(5_000, Rights.All);
        var guesser = new ProbeClient(_node.Process(5_001), handle);
        Assert.Equal(Errno.EPERM, await ErrnoOf(guesser.WhoAmI(Limit)));
        Assert.Equal(1, _node.Ipc.RefusedCount);
    }

    [Fact]
    public async Task A_guessed_handle_is_an_error_and_reaches_nobody()
    {
        var real = _probe.Export(5_000, Rights.All);
        var context = _node.Process(5_000);
        ObjectHandle[] guesses =
        [
            real with { Sequence = real.Sequence + 1 }, real with { Sequence = 0 },
                real with { Index = real.Index + 77 },
            real with { Index = uint.MaxValue }, real with { Index = 60_001 }, real with { Index = 0 },
            real with { Node = new NodeRef(1, 2) }, real with { Node = new NodeRef(9, 1) }, default,
        ];
        foreach (var guess in guesses)
            Assert.Equal(Errno.EIO, await ErrnoOf(new ProbeClient(context, guess).Add(1, 1, Limit)));
    }

    [Fact]
    public async Task A_call_of_another_contract_is_ENOSYS()
    {
        var probe = ClientOf(5_000);
        var file = new K42.Contracts.Servers.PipeClient(probe.Context, probe.Handle);
        Assert.Equal(Errno.ENOSYS, await ErrnoOf(file.List(Limit)));
    }

    [Fact]
    public async Task A_buffer_over_its_declared_maximum_is_E2BIG()
    {
        var client = ClientOf(5_000);
        Assert.Equal(Errno.E2BIG, await ErrnoOf(client.Echo(new byte[65_537], Limit)));
        Assert.Equal(65_536, (await client.Echo(new byte[65_536], Limit)).Value.Length);
    }

    [Fact]
    public async Task A_given_handle_has_no_more_rights_than_its_giver()
    {
        var giver = ClientOf(5_000, Rights.Read | Rights.ControlAccess);
        Assert.Equal(Errno.EPERM, await ErrnoOf(
            giver.GiveAccess(5_001, Rights.Read | Rights.Write, Rights.None, Limit)));
        Assert.Equal(Errno.EPERM, await ErrnoOf(giver.GiveAccess(5_001, Rights.Read, Rights.Write, Limit)));
        var given = await giver.GiveAccess(5_001, Rights.Read, Rights.None, Limit);
        var taker = new ProbeClient(_node.Process(5_001), given.Value);
        Assert.Equal(2, (await taker.Add(1, 1, Limit)).Value);
        // Without ControlAccess it ends there.
        Assert.Equal(Errno.EPERM, await ErrnoOf(taker.GiveAccess(5_002, Rights.Read, Rights.None, Limit)));
    }

    [Fact]
    public async Task A_released_handle_is_stale_and_its_object_hears_of_it()
    {
        var first = ClientOf(5_000);
        first.Release();
        Assert.Equal(Errno.EIO, await ErrnoOf(first.Add(1, 1, Limit)));
        Assert.Equal([5_000], _probe.Dropped);
    }

    [Fact]
    public async Task Nobody_else_can_release_a_handle()
    {
        var mine = ClientOf(5_000);
        new ProbeClient(_node.Process(5_001), mine.Handle).Release();
        Assert.Equal(2, (await mine.Add(1, 1, Limit)).Value);
    }

    [Fact]
    public async Task A_dead_process_is_refused_and_loses_its_handles()
    {
        var client = ClientOf(5_000);
        var other = ClientOf(5_001);
        _node.Ipc.Dismiss(client.Context);
        Assert.NotEqual(Errno.None, await ErrnoOf(client.Add(1, 1, Limit)));
        Assert.Equal(2, (await other.Add(1, 1, Limit)).Value);
        Assert.Equal([5_000], _probe.Dropped);
    }

    [Fact]
    public async Task A_revoked_identity_is_refused_and_counted()
    {
        var handle = _probe.Export(5_000, Rights.All, Rights.Read);
        var context = _node.Process(5_009);
        _node.Ipc.Dismiss(context);
        Assert.Equal(Errno.EPERM, await ErrnoOf(new ProbeClient(context, handle).Add(1, 1, Limit)));
        Assert.Equal(1, _node.Ipc.RefusedCount);
    }

    [Fact]
    public async Task A_parked_call_is_answered_by_a_later_turn()
    {
        var client = ClientOf(5_000);
        var parked = client.Park(40, CancellationToken.None);
        Assert.False(parked.IsCompleted);
        Assert.Equal(1, (await client.AnswerParked(2, Limit)).Value);
        Assert.Equal(42, (await parked).Value);
    }

    [Fact]
    public async Task A_cancelled_parked_call_is_EINTR_and_its_late_answer_counts_nothing()
    {
        var client = ClientOf(5_000);
        using var signal = new CancellationTokenSource();
        var parked = client.Park(40, signal.Token);
        await signal.CancelAsync();
        Assert.Equal(Errno.EINTR, await ErrnoOf(parked));
        Assert.Equal(0, (await client.AnswerParked(2, Limit)).Value);
    }

    [Fact]
    public async Task A_cancel_that_comes_before_the_call_is_not_lost()
    {
        using var signal = new CancellationTokenSource();
        await signal.CancelAsync();
        Assert.Equal(Errno.EINTR, await ErrnoOf(ClientOf(5_000).Park(1, signal.Token)));
    }

    [Fact]
    public async Task A_cancel_after_the_answer_changes_nothing()
    {
        using var signal = new CancellationTokenSource();
        var client = ClientOf(5_000);
        var parked = client.Park(40, signal.Token);
        await client.AnswerParked(2, Limit);
        await signal.CancelAsync();
        Assert.Equal(42, (await parked).Value);
    }

    [Fact]
    public async Task An_object_holds_no_more_parked_calls_than_its_contract_says()
    {
        var clients = Enumerable.Range(0, 2_001).Select(i => ClientOf(5_000 + i)).ToArray();
        var parked = Enumerable.Range(0, 2_000)
            .Select(i => clients[i].Park(i, CancellationToken.None).AsTask()).ToList();
        Assert.Equal(Errno.Overloaded, await ErrnoOf(clients[2_000].Park(1, Limit)));
        Assert.Equal(2_000, (await clients[0].AnswerParked(1, Limit)).Value);
        var answers = await Task.WhenAll(parked);
        Assert.Equal(Enumerable.Range(1, 2_000), answers.Select(answer => answer.Value));
    }

    [Fact]
    public async Task A_greedy_process_leaves_room_on_an_object_for_others()
    {
        var (greedy, modest) = (ClientOf(5_000), ClientOf(5_001));
        var parked = new List<Task<Outcome<int>>>();
        while (greedy.Park(1, CancellationToken.None).AsTask() is { IsCompleted: false } taken)
            parked.Add(taken);
        Assert.Equal(1_000, parked.Count);
        for (var i = 0; i < 100; i++) parked.Add(modest.Park(1, CancellationToken.None).AsTask());
        Assert.DoesNotContain(parked, call => call.IsCompleted);
        Assert.Equal(1_100, (await modest.AnswerParked(1, Limit)).Value);
        // What was answered counts no more.
        Assert.False(greedy.Park(1, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task A_process_parks_no_more_calls_on_a_node_than_the_setting_says()
    {
        await using var node = new LocalNode(settings: new IpcSettings { ParkedPerProcessMax = 10 });
        var (one, two) = (node.Start<Probe>(ProbeActor.Of), node.Start<Probe>(ProbeActor.Of));
        var process = node.Process(5_000);
        var first = new ProbeClient(process, one.Export(5_000, Rights.All));
        var second = new ProbeClient(process, two.Export(5_000, Rights.All));
        for (var i = 0; i < 5; i++)
        {
            Assert.False(first.Park(1, CancellationToken.None).IsCompleted);
            Assert.False(second.Park(1, CancellationToken.None).IsCompleted);
        }
        Assert.Equal(Errno.Overloaded, await ErrnoOf(first.Park(1, Limit)));
        var other = new ProbeClient(node.Process(5_001), one.Export(5_001, Rights.All));
        Assert.False(other.Park(1, CancellationToken.None).IsCompleted);
        Assert.Equal(5, (await second.AnswerParked(1, Limit)).Value);
        Assert.False(first.Park(1, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Handles_that_a_process_gives_away_count_for_it_and_not_for_who_gets_them()
    {
        await using var node = new LocalNode(settings: new IpcSettings { HandlesPerProcessMax = 10 });
        var probe = node.Start<Probe>(ProbeActor.Of);
        var (greedy, victim) = (node.Process(5_000), node.Process(5_001));
        var giver = new ProbeClient(greedy, probe.Export(5_000, Rights.All));
        var taker = new ProbeClient(victim, probe.Export(5_001, Rights.All));
        var given = new List<ObjectHandle>();
        for (var i = 0; i < 9; i++)
            given.Add((await giver.GiveAccess(5_001, Rights.Read, Rights.None, Limit)).Value);
        Assert.Equal(Errno.EMFILE,
            await ErrnoOf(giver.GiveAccess(5_001, Rights.Read, Rights.None, Limit)));
        Assert.Equal(Errno.None, await ErrnoOf(taker.GiveAccess(5_002, Rights.Read, Rights.None, Limit)));
        // One that is released makes room again.
        new ProbeClient(victim, given[0]).Release();
        Assert.Equal(Errno.None, await ErrnoOf(giver.GiveAccess(5_001, Rights.Read, Rights.None, Limit)));
    }

    [Theory]
    [InlineData(1_000u, 40)]
    [InlineData(0u, 63)]
    public async Task Handles_of_a_users_processes_count_together_and_the_last_are_for_kernels(
        uint uid, int expected)
    {
        // The probe has one itself, and the last is left over.
        var settings = new IpcSettings { HandlesMax = 65, HandlesPerUserMax = 40 };
        await using var node = new LocalNode(settings: settings);
        var probe = node.Start<Probe>(ProbeActor.Of);
        var one = new ProbeClient(node.Process(5_000, uid), probe.Export(5_000, Rights.All));
        var two = new ProbeClient(node.Process(5_001, uid), probe.Export(5_001, Rights.All));
        var made = 2;
        var last = default(Outcome<ObjectHandle>);
        while (await one.GiveAccess(5_000, Rights.All, Rights.None, Limit) is { Failed: false } given)
            (last, made) = (given, made + 1);
        Assert.Equal(expected, made);
        Assert.Equal(Errno.EMFILE, await ErrnoOf(two.GiveAccess(5_001, Rights.Read, Rights.None, Limit)));
        Assert.Equal(2, (await two.Add(1, 1, Limit)).Value);
        probe.Export(0, Rights.All);
        // One that is released makes room for another process of the user.
        new ProbeClient(one.Context, last.Value).Release();
        if (uid == 0) new ProbeClient(one.Context, one.Handle).Release();
        Assert.Equal(Errno.None, await ErrnoOf(two.GiveAccess(5_001, Rights.Read, Rights.None, Limit)));
    }

    [Fact]
    public async Task A_factory_that_its_actor_lets_go_is_called_no_more()
    {
        var factory = new ProbeClient(_node.Process(5_000), _probe.ExportFactory(ProbeContract.ContractId));
        Assert.Equal(Errno.EPERM, await ErrnoOf(factory.Add(1, 1, Limit)));
        _probe.InTurn = () => _probe.Home.Expel(_probe);
        Assert.Equal(2, (await ClientOf(5_001).Add(1, 1, Limit)).Value);
        Assert.Equal(Errno.EIO, await ErrnoOf(factory.Add(1, 1, Limit)));
    }

    [Fact]
    public async Task A_second_answer_changes_nothing()
    {
        Assert.Equal(1, (await ClientOf(5_000).AnswerTwice(Limit)).Value);
    }

    [Fact]
    public async Task One_way_calls_arrive_in_order_and_nobody_waits()
    {
        var client = ClientOf(5_000);
        for (var i = 1; i <= 100; i++) client.Note(i);
        Assert.Equal(5_050, (await client.Noted(Limit)).Value);
    }

    [Fact]
    public async Task A_million_answers_on_reused_requests_are_each_their_own()
    {
        var clients = Enumerable.Range(0, 8).Select(i => ClientOf(5_000 + i)).ToArray();
        await Task.WhenAll(clients.Select((client, at) => Task.Run(
            async () =>
            {
                for (var i = 0; i < 125_000; i++)
                {
                    var sum = await client.Add(i, at, CancellationToken.None);
                    if (sum.Errno == Errno.Overloaded) continue;
                    if (sum.Value != i + at) Assert.Fail($"{i} + {at} gave {sum}");
                }
            },
            Limit)));
    }

    [Fact]
    public async Task A_local_call_allocates_nothing()
    {
        var client = ClientOf(5_000);
        for (var i = 0; i < 20_000; i++) await client.Add(i, 1, Limit);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var here = Environment.CurrentManagedThreadId;
        for (var i = 0; i < 10_000; i++)
        {
            var call = client.Add(i, 1, CancellationToken.None);
            if (!call.IsCompleted) Assert.Fail("the object was not idle");
            await call;
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(here, Environment.CurrentManagedThreadId);
        Assert.InRange(allocated, 0, 10_000);
    }
}
