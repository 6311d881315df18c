using Grpc.Core;
using K42.Client;
using K42.Linux.V1;
using Xunit;
using Errno = K42.Client.Errno;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<
    K42.Linux.V1.SessionRequest, K42.Linux.V1.SessionReply>;

namespace K42.Personality.Tests.Gateway;

/// <summary>What one user takes leaves room for others, and comes back.</summary>
public sealed class SharingSpec : IAsyncLifetime
{
    private const int Sigstop = 19, Sessions = 8;
    private const long Bytes = 8 << 20;

    private GatewayNode _node = null!;
    private K42Connection _root = null!;
    private K42Connection _alice = null!;
    private K42Connection _bob = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await GatewayNode.StartAsync(
            options => options with { SessionsMax = Sessions, BytesMax = Bytes });
        _root = await _node.ConnectAsync();
        _alice = await _node.ConnectAsync("alice", 1_000);
        _bob = await _node.ConnectAsync("bob", 1_001);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in new[] { _root, _alice, _bob }) await connection.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_user_has_as_many_sessions_as_others_leave_and_root_all_of_them()
    {
        var open = new List<K42Session>();
        foreach (var (who, count) in new[] { (_alice, 4), (_bob, 2), (_root, 2) })
        {
            for (var i = 0; i < count; i++) open.Add(await who.BeginSessionAsync("many", Stop));
            var refused = await Assert.ThrowsAsync<RpcException>(() => who.BeginSessionAsync("more", Stop));
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        }
        foreach (var session in open) await session.DisposeAsync();
        for (var begun = false; !begun;)
        {
            try
            {
                await using var again = await _alice.BeginSessionAsync("again", Stop);
                begun = true;
            }
            catch (RpcException full) when (full.StatusCode == StatusCode.ResourceExhausted)
            {
                // A session gives its place back a moment after its process has ended.
            }
        }
    }

    [Fact]
    public async Task What_a_users_waiting_calls_hold_is_bounded_however_it_is_brought()
    {
        using var stream = await Begin(_alice, resume: null);
        var request = new SessionRequest { Calls = { Tagged(1, SystemCalls.Pause()) } };
        for (var tag = 2ul; tag <= 9; tag++)
        {
            var call = Tagged(tag, SystemCalls.Getpid());
            call.Linked = true;
            // Two bytes each in the message, and many times that in memory.
            for (var use = 0; use < 30_000; use++) call.Use.Add(new UseResult());
            request.Calls.Add(call);
        }
        await stream.RequestStream.WriteAsync(request, Stop);
        var skipped = new HashSet<Skipped>();
        while (!skipped.Contains(Skipped.TooManyBytes))
            foreach (var one in await Next(stream)) skipped.Add(one.Skipped);
        // Others have room meanwhile.
        await using var bob = await _bob.BeginSessionAsync("bob", Stop);
        Assert.Equal(bob.Pid, await bob.Main.GetPidAsync(Stop));
        await stream.RequestStream.WriteAsync(new SessionRequest { Cancel = { 1 } }, Stop);
        while (!skipped.Contains(Skipped.LinkFailed))
            foreach (var one in await Next(stream)) skipped.Add(one.Skipped);
        var last = Tagged(20, SystemCalls.Getpid());
        await stream.RequestStream.WriteAsync(new SessionRequest { Calls = { last } }, Stop);
        while (true)
        {
            var done = (await Next(stream)).FirstOrDefault(one => one.Tag == 20);
            if (done is null) continue;
            Assert.Equal(0, done.Errno);
            return;
        }
    }

    [Fact]
    public async Task Results_that_wait_in_several_sessions_of_a_user_are_bounded_together()
    {
        var streams = new List<Stream>();
        var (given, refused) = (0, 0);
        for (var session = 0; session < 4; session++)
        {
            var stream = await Begin(_alice, resume: null);
            streams.Add(stream);
            var request = new SessionRequest
            {
                Calls = { Tagged(1, SystemCalls.Open("/dev/zero", OpenFlags.ReadOnly)) },
            };
            for (var tag = 2ul; tag <= 5; tag++)
            {
                var read = Tagged(tag, SystemCalls.Read(0, 1_000_000));
                (read.Linked, read.Task) = (true, 0);
                read.Use.Add(new UseResult { Tag = 1 });
                request.Calls.Add(read);
            }
            await stream.RequestStream.WriteAsync(request, Stop);
            // Answered, and not acknowledged.
            for (var answered = 0; answered < 5;)
            {
                foreach (var one in await Next(stream))
                {
                    answered++;
                    if (one.Skipped == Skipped.TooManyBytes) refused++;
                    else if (one.Errno == 0) given++;
                }
            }
        }
        Assert.InRange(given, 4, 12);
        Assert.InRange(refused, 4, 16);
        foreach (var stream in streams) stream.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stopped_process_ends_with_the_session_that_is_closed(bool drops)
    {
        using var stream = await Begin(_alice, resume: null, resumable: false);
        var pid = stream.ResponseStream.Current.Welcome.Pid;
        var stop = new SessionRequest { Calls = { Tagged(1, SystemCalls.Kill(pid, Sigstop)) } };
        await stream.RequestStream.WriteAsync(stop, Stop);
        await using var watcher = await _root.BeginSessionAsync("watcher", Stop);
        while (await StateOf(pid) != "T") await Task.Yield();
        await stream.RequestStream.CompleteAsync();
        if (drops) stream.Dispose();
        else while (await stream.ResponseStream.MoveNext(Stop)) { }
        while ((await watcher.CallAsync(SystemCalls.Kill(pid, 0), Stop)).Errno != (int)Errno.ESRCH)
            await Task.Yield();
    }

    [Fact]
    public async Task Of_many_streams_that_resume_at_once_the_newest_serves_and_all_hear()
    {
        var first = await Begin(_alice, resume: null);
        var key = first.ResponseStream.Current.Welcome.Session;
        var ends = Enumerable.Range(0, 20).Select(async _ =>
        {
            var stream = _alice.Calls.Session(cancellationToken: Stop);
            await stream.RequestStream.WriteAsync(Greeting(key, true), Stop);
            // Until it is told that another came; the last one is not.
            try
            {
                while (await stream.ResponseStream.MoveNext(Stop)) { }
            }
            catch (RpcException told)
            {
                return told.StatusCode;
            }
            return StatusCode.OK;
        }).ToList();
        for (var heard = 0; heard < 19; heard++)
        {
            var end = await Task.WhenAny(ends);
            ends.Remove(end);
            Assert.Equal(StatusCode.Aborted, await end);
        }
        using var again = await Begin(_alice, key);
        Assert.Equal(StatusCode.Aborted, await ends.Single());
        first.Dispose();
    }

    private static SessionRequest Greeting(string? resume, bool resumable) => new()
    {
        Hello = resume is null
            ? new Hello { Name = "raw", Resumable = resumable }
            : new Hello { Resume = new Resume { Session = resume }, Resumable = true },
    };

    private static async Task<Stream> Begin(K42Connection who, string? resume, bool resumable = true)
    {
        var stream = who.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Greeting(resume, resumable), Stop);
        Assert.True(await stream.ResponseStream.MoveNext(Stop));
        return stream;
    }

    private static Call Tagged(ulong tag, Call call)
    {
        call.Tag = tag;
        return call;
    }

    private static async Task<IReadOnlyList<Completion>> Next(Stream stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(Stop));
        return stream.ResponseStream.Current.Completions;
    }

    private async Task<string> StateOf(int pid)
    {
        var request = new Native.V1.ProcessesRequest();
        var all = await _root.Cluster.ProcessesAsync(request, cancellationToken: Stop);
        return all.Processes.First(process => process.Pid == pid).State;
    }
}
