using Grpc.Core;
using K42.Client;
using K42.Linux.V1;
using Xunit;
using Errno = K42.Client.Errno;

namespace K42.Personality.Tests.Gateway;

/// <summary>Sessions over real gRPC with mutual TLS, against a whole node.</summary>
public sealed class SessionSpec : IAsyncLifetime
{
    private GatewayNode _node = null!;
    private K42Connection _root = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await GatewayNode.StartAsync();
        _root = await _node.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _root.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_session_is_a_process_with_a_number_and_the_channels_user()
    {
        await using var alice = await _node.ConnectAsync("alice", 1_000);
        await using var session = await alice.BeginSessionAsync("hello", Stop);
        Assert.Equal(session.Pid, await session.Main.GetPidAsync(Stop));
        Assert.Equal(1_000, (await session.Main.MakeAsync(SystemCalls.Getuid(), null, Stop)).Result);
        var all = new Native.V1.ProcessesRequest();
        var found = await _root.Cluster.ProcessesAsync(all, cancellationToken: Stop);
        var process = Assert.Single(found.Processes, process => process.Pid == session.Pid);
        Assert.Equal(("hello", "alice", 1_000u), (process.Name, process.User, process.Uid));
    }

    [Fact]
    public async Task Open_write_read_and_close_are_one_round_trip()
    {
        await using var session = await _root.BeginSessionAsync("linked", Stop);
        var batch = session.NewBatch();
        var open = batch.Add(SystemCalls.Open("/greeting", OpenFlags.ReadWrite | OpenFlags.Create, 0x1a4));
        var write = batch.Then(SystemCalls.Write(0, "hello"u8.ToArray())).Using(open);
        var read = batch.Then(SystemCalls.Pread64(0, 100, 1)).Using(open);
        var close = batch.Then(SystemCalls.Close(0)).Using(open);
        await batch.SendAsync();
        Assert.Equal(5, (await write).Result);
        Assert.Equal("ello", (await read).Data.ToStringUtf8());
        Assert.Equal(0, (await close).Errno);
    }

    [Fact]
    public async Task What_is_linked_to_a_failure_does_not_run()
    {
        await using var session = await _root.BeginSessionAsync("linked", Stop);
        var batch = session.NewBatch();
        var open = batch.Add(SystemCalls.Open("/missing", OpenFlags.ReadOnly));
        var made = batch.Then(SystemCalls.Mkdir("/never", 0x1ff));
        var used = batch.Add(SystemCalls.Read(0, 1)).Using(open);
        var other = batch.Add(SystemCalls.Getpid());
        await batch.SendAsync();
        Assert.Equal((int)Errno.ENOENT, (await open).Errno);
        Assert.Equal(((int)Errno.ECANCELED, Skipped.LinkFailed), ((await made).Errno, (await made).Skipped));
        Assert.Equal(((int)Errno.ECANCELED, Skipped.NoResult), ((await used).Errno, (await used).Skipped));
        Assert.Equal(session.Pid, (await other).Result);
        Assert.False(await K42File.ExistsAsync(session.Main, "/never", Stop));
    }

    [Fact]
    public async Task A_call_that_waits_holds_up_no_other_and_can_be_given_up()
    {
        await using var session = await _root.BeginSessionAsync("waits", Stop);
        var (reader, writer) = await session.Main.PipeAsync(0, Stop);
        using var giveUp = new CancellationTokenSource();
        var first = session.CallAsync(SystemCalls.Read(reader, 10), giveUp.Token);
        Assert.Equal(session.Pid, await session.Main.GetPidAsync(Stop));
        Assert.False(first.IsCompleted);
        await giveUp.CancelAsync();
        Assert.Equal((int)Errno.EINTR, (await first).Errno);

        var second = session.Main.ReadAsync(reader, 10, Stop);
        await session.Main.WriteAsync(writer, "abc"u8.ToArray(), Stop);
        Assert.Equal("abc"u8.ToArray(), (await second).ToArray());
    }

    [Fact]
    public async Task A_forked_child_makes_calls_and_its_end_is_told_and_waited_for()
    {
        await using var session = await _root.BeginSessionAsync("parent", Stop);
        var (reader, writer) = await session.Main.PipeAsync(0, Stop);
        var child = await session.Main.ForkAsync(Stop);
        Assert.NotEqual(session.Pid, child.Pid);
        Assert.Equal(child.Pid, await child.GetPidAsync(Stop));
        await child.WriteAsync(writer, "from the child"u8.ToArray(), Stop);
        var read = await session.Main.ReadAsync(reader, 100, Stop);
        Assert.Equal("from the child"u8.ToArray(), read.ToArray());
        await child.ExitAsync(7);
        Assert.Equal(7 << 8, await child.Exited);
        Assert.Equal((child.Pid, 7 << 8), await session.Main.WaitAsync(-1, 0, Stop));
        Assert.Equal((int)Errno.ESRCH, (await child.CallAsync(SystemCalls.Getpid(), Stop)).Errno);
    }

    [Fact]
    public async Task A_signal_with_a_handler_is_an_event_and_ends_a_pause()
    {
        await using var session = await _root.BeginSessionAsync("signals", Stop);
        await session.Main.SetSignalActionAsync(10, Disposition.Handler, 0, Stop);
        var pause = session.CallAsync(SystemCalls.Pause(), Stop);
        await session.Main.KillAsync(session.Pid, 10, Stop);
        Assert.Equal((int)Errno.EINTR, (await pause).Errno);
        var signal = await session.Signals.ReadAsync(Stop);
        Assert.Equal((0u, 10, session.Pid), (signal.Task, signal.Signal.Number, signal.Signal.Sender));
    }

    [Fact]
    public async Task A_dropped_stream_is_resumed_and_no_call_is_lost_or_run_twice()
    {
        await using var session = await _root.BeginSessionAsync("resumes", Stop);
        var fd = await session.Main.OpenAsync("/log", OpenFlags.ReadWrite | OpenFlags.Create, 0x1a4, Stop);
        var (reader, writer) = await session.Main.PipeAsync(0, Stop);
        var waits = session.Main.ReadAsync(reader, 1, Stop);
        var written = new List<Task<int>>();
        for (var i = 0; i < 500; i++)
        {
            written.Add(session.Main.WriteAsync(fd, "x"u8.ToArray(), Stop));
            if (i % 100 == 50) session.DropStream();
        }
        Assert.All(await Task.WhenAll(written), count => Assert.Equal(1, count));
        Assert.Equal(500, (await session.Main.StatAsync(fd, Stop)).Size);
        await session.Main.WriteAsync(writer, "y"u8.ToArray(), Stop);
        Assert.Equal("y"u8.ToArray(), (await waits).ToArray());
    }

    [Fact]
    public async Task The_end_of_the_process_ends_the_session()
    {
        var session = await _root.BeginSessionAsync("ends", Stop);
        await session.Main.ExitAsync(3);
        Assert.False((await session.Completion.WaitAsync(Stop)).WasLost);
        await Assert.ThrowsAsync<K42SessionEndedException>(() => session.Main.GetPidAsync(Stop));
        await session.DisposeAsync();
    }

    [Fact]
    public async Task A_session_that_is_not_resumable_is_hung_up_when_its_stream_drops()
    {
        var session = await _root.BeginSessionAsync(new K42SessionOptions { Resumable = false }, Stop);
        await using var watcher = await _root.BeginSessionAsync("watcher", Stop);
        session.DropStream();
        Assert.True((await session.Completion.WaitAsync(Stop)).WasLost);
        while ((await watcher.CallAsync(SystemCalls.Kill(session.Pid, 0), Stop)).Errno == 0)
            await Task.Yield();
    }

    [Fact]
    public async Task A_unary_call_runs_in_a_process_of_its_own_or_in_the_session_that_it_names()
    {
        await using var session = await _root.BeginSessionAsync("named", Stop);
        var alone = await _root.Calls.GetpidAsync(new GetpidRequest(), cancellationToken: Stop);
        Assert.NotEqual(session.Pid, alone.Result);
        var named = new Metadata { { "k42-session", session.Key } };
        var same = await _root.Calls.GetpidAsync(new GetpidRequest(), named, cancellationToken: Stop);
        Assert.Equal(session.Pid, same.Result);
        var stat = new StatRequest { Path = K42Text.Encode("/missing") };
        var missing = await _root.Calls.StatAsync(stat, cancellationToken: Stop);
        Assert.Equal((int)Errno.ENOENT, missing.Errno);
    }
}
