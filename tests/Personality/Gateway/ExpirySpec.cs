using Grpc.Core;
using K42.Client;
using K42.Contracts;
using K42.Gateway;
using K42.Linux.V1;
using Microsoft.AspNetCore.Http;
using Xunit;
using Errno = K42.Client.Errno;

namespace K42.Personality.Tests.Gateway;

/// <summary>What ends with time: a credential, and the patience for a session whose stream dropped. Time is
/// virtual.</summary>
public sealed class ExpirySpec : IAsyncLifetime
{
    private static readonly TimeSpan ResumeTime = TimeSpan.FromSeconds(37);

    private readonly WatchedClock _clock = new();
    private GatewayNode _node = null!;
    private K42Connection _root = null!;
    private long _expiresNs;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var starting = GatewayNode.StartAsync(
            options => options with
            {
                ResumeTime = ResumeTime,
                Authenticator = new MortalAlice(options.Authenticator, () => _expiresNs),
            },
            _clock);
        // Servers that are not there yet are asked again, after a while.
        while (!starting.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
        _node = await starting;
        _root = await _node.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _root.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task When_its_credential_expires_a_session_is_hung_up_and_told_so()
    {
        await using var alice = await Alice(TimeSpan.FromMinutes(1));
        using var stream = await Begin(alice, new Hello { Name = "mortal", Resumable = true });
        var pid = stream.ResponseStream.Current.Welcome.Pid;
        var pause = new Call { Tag = 1, Pause = new PauseRequest() };
        var getpid = new Call { Tag = 2, Getpid = new GetpidRequest() };
        await stream.RequestStream.WriteAsync(new SessionRequest { Calls = { pause, getpid } }, Stop);
        await stream.ResponseStream.MoveNext(Stop);
        Assert.Equal(pid, stream.ResponseStream.Current.Completions.Single().Result);

        _clock.Advance(TimeSpan.FromSeconds(60));

        var replies = new List<SessionReply>();
        var ended = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.ResponseStream.MoveNext(Stop)) replies.Add(stream.ResponseStream.Current);
        });
        Assert.Equal(StatusCode.Unauthenticated, ended.StatusCode);
        Assert.Contains("expired at 20", ended.Status.Detail);
        var status = replies.SelectMany(reply => reply.Events).Single().Ended.WaitStatus;
        const int hangup = 1;
        Assert.Equal(hangup, status);
        Assert.Equal((int)Errno.ESRCH, (await Signal(pid)).Errno);
    }

    [Fact]
    public async Task With_an_expired_credential_nothing_is_resumed_and_nothing_called()
    {
        await using var alice = await Alice(TimeSpan.FromSeconds(10));
        var key = "";
        var dropped = _clock.Scheduled(ResumeTime);
        using (var stream = await Begin(alice, new Hello { Name = "mortal", Resumable = true }))
            key = stream.ResponseStream.Current.Welcome.Session;
        await dropped;
        await alice.Calls.GetpidAsync(new GetpidRequest(), cancellationToken: Stop);

        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(StatusCode.Unauthenticated, await Refused(() => Resume(alice, key)));
        Assert.Equal(StatusCode.Unauthenticated, await Refused(async () =>
            await alice.Calls.GetpidAsync(new GetpidRequest(), cancellationToken: Stop)));
        Assert.Equal(StatusCode.Unauthenticated, await Refused(async () =>
            await alice.Cluster.StatusAsync(new Native.V1.StatusRequest(), cancellationToken: Stop)));
        // With a new one the user is back, but what acted by the old one is gone.
        _expiresNs = 0;
        var refused = StatusCode.OK;
        while (refused == StatusCode.OK) refused = await Tried(() => Resume(alice, key));
        Assert.Equal(StatusCode.NotFound, refused);
        await alice.Calls.GetpidAsync(new GetpidRequest(), cancellationToken: Stop);
    }

    [Fact]
    public async Task A_dropped_session_waits_for_its_time_and_no_longer()
    {
        var dropped = _clock.Scheduled(ResumeTime);
        Welcome welcome;
        using (var stream = await Begin(_root, new Hello { Name = "dropped", Resumable = true }))
            welcome = stream.ResponseStream.Current.Welcome;
        await dropped;

        _clock.Advance(ResumeTime - TimeSpan.FromSeconds(1));
        Assert.Equal(0, (await Signal(welcome.Pid)).Errno);
        dropped = _clock.Scheduled(ResumeTime);
        (await Resume(_root, welcome.Session)).Dispose();
        await dropped;
        // The time runs anew from the second drop.
        _clock.Advance(ResumeTime - TimeSpan.FromSeconds(1));
        Assert.Equal(0, (await Signal(welcome.Pid)).Errno);

        _clock.Advance(TimeSpan.FromSeconds(1));
        while ((await Signal(welcome.Pid)).Errno == 0) await Task.Yield();
        Assert.Equal((int)Errno.ESRCH, (await Signal(welcome.Pid)).Errno);
        // The session is forgotten a moment after its last process has ended.
        var refused = StatusCode.OK;
        while (refused == StatusCode.OK) refused = await Tried(() => Resume(_root, welcome.Session));
        Assert.Equal(StatusCode.NotFound, refused);
    }

    private async Task<K42Connection> Alice(TimeSpan lives)
    {
        _expiresNs = _clock.RealtimeNs + (long)lives.TotalNanoseconds;
        return await _node.ConnectAsync("alice", MortalAlice.Uid);
    }

    private async Task<Completion> Signal(int pid) =>
        await _root.Calls.KillAsync(new KillRequest { Pid = pid }, cancellationToken: Stop);

    private static Task<AsyncDuplexStreamingCall<SessionRequest, SessionReply>> Resume(
        K42Connection connection, string key) =>
        Begin(connection, new Hello { Resumable = true, Resume = new Resume { Session = key } });

    private static async Task<AsyncDuplexStreamingCall<SessionRequest, SessionReply>> Begin(
        K42Connection connection, Hello hello)
    {
        var stream = connection.Calls.Session(cancellationToken: Stop);
        try
        {
            await stream.RequestStream.WriteAsync(new SessionRequest { Hello = hello }, Stop);
        }
        catch (Exception refused) when (refused is RpcException or InvalidOperationException)
        {
            // Before the greeting was sent; the reader learns why.
        }
        await stream.ResponseStream.MoveNext(Stop);
        return stream;
    }

    private static async Task<StatusCode> Tried(
        Func<Task<AsyncDuplexStreamingCall<SessionRequest, SessionReply>>> call)
    {
        try
        {
            (await call()).Dispose();
            return StatusCode.OK;
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
    }

    private static async Task<StatusCode> Refused(Func<Task> call) =>
        (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;

    private sealed class MortalAlice(IGatewayAuthenticator inner, Func<long> expiresNs)
        : IGatewayAuthenticator
    {
        public const uint Uid = 1_000;

        public Principal? Authenticate(HttpContext context)
        {
            var principal = inner.Authenticate(context);
            return principal?.Uid == Uid ? principal with { ExpiresNs = expiresNs() } : principal;
        }
    }
}
