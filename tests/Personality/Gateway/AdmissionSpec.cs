using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using K42.Client;
using K42.Linux.V1;
using Xunit;
using Errno = K42.Client.Errno;
using OpenFlags = K42.Client.OpenFlags;

namespace K42.Personality.Tests.Gateway;

/// <summary>Who is let in, and what bad input gets: a clear status or an errno, never a crash.</summary>
public sealed class AdmissionSpec : IAsyncLifetime
{
    private const uint MessageBytes = 64 * 1024;

    private GatewayNode _node = null!;
    private K42Connection _root = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await GatewayNode.StartAsync(options => options with
        {
            MessageBytesMax = (int)MessageBytes,
            CallsMax = 4,
            UnacknowledgedBytesMax = 128 * 1024,
        });
        _root = await _node.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _root.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_client_certificate_there_is_no_connection()
    {
        using var credential = K42Credential.Load(_node.CredentialOf("root", 0));
        using var handler = new SocketsHttpHandler { SslOptions = Trusting(credential) };
        using var channel = GrpcChannel.ForAddress($"https://{_node.Address}", new() { HttpHandler =
            handler });
        var stranger = new K42.Linux.V1.Linux.LinuxClient(channel);
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await stranger.GetpidAsync(new GetpidRequest(), cancellationToken: Stop));
        Assert.Contains(refused.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal });
    }

    [Fact]
    public async Task A_credential_of_another_cluster_is_refused_by_both_sides()
    {
        await using var other = await GatewayNode.StartAsync();
        await Assert.ThrowsAsync<IOException>(
            () => K42Connection.ConnectAsync(_node.Address, other.CredentialOf("root", 0), Stop));
        using var ours = K42Credential.Load(_node.CredentialOf("root", 0));
        using var theirs = K42Credential.Load(other.CredentialOf("root", 0));
        var options = Trusting(ours);
        options.LocalCertificateSelectionCallback = (_, _, _, _, _) => theirs.Certificate;
        using var handler = new SocketsHttpHandler { SslOptions = options };
        using var channel = GrpcChannel.ForAddress($"https://{_node.Address}", new() { HttpHandler =
            handler });
        await Assert.ThrowsAsync<RpcException>(async () =>
            await new K42.Linux.V1.Linux.LinuxClient(channel).GetpidAsync(new GetpidRequest(),
                cancellationToken: Stop));
    }

    [Fact]
    public async Task A_local_socket_is_the_user_who_connects()
    {
        await using var local = await K42Connection.ConnectUnixAsync(_node.SocketPath, Stop);
        await using var session = await local.BeginSessionAsync("local", Stop);
        var uid = (await session.Main.MakeAsync(SystemCalls.Getuid(), null, Stop)).Result;
        var host = uint.Parse(
            File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:",
                StringComparison.Ordinal))
                .Split('\t')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(host, uid);
    }

    [Theory]
    [InlineData(false, false, StatusCode.InvalidArgument)]
    [InlineData(true, true, StatusCode.InvalidArgument)]
    public async Task A_stream_begins_with_one_greeting(bool first, bool second, StatusCode status)
    {
        using var stream = _root.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Greeting(first), Stop);
        var ended = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            if (first) await stream.ResponseStream.MoveNext(Stop);
            if (first) await stream.RequestStream.WriteAsync(Greeting(second), Stop);
            while (await stream.ResponseStream.MoveNext(Stop)) { }
        });
        Assert.Equal(status, ended.StatusCode);
    }

    [Fact]
    public async Task A_session_is_opened_only_by_its_secret_and_its_user()
    {
        await using var session = await _root.BeginSessionAsync("mine", Stop);
        var guessed = await Refused(_root, session.Key[..^1] + (session.Key[^1] == '0' ? '1' : '0'));
        Assert.Equal(StatusCode.NotFound, guessed);
        await using var alice = await _node.ConnectAsync("alice", 1_000);
        Assert.Equal(StatusCode.PermissionDenied, await Refused(alice, session.Key));
        Assert.Equal(StatusCode.NotFound, await Refused(_root, "n9.1-00"));
        Assert.Equal(session.Pid, await session.Main.GetPidAsync(Stop));
    }

    [Fact]
    public async Task A_child_is_claimed_only_with_its_token()
    {
        await using var parent = await _root.BeginSessionAsync("parent", Stop);
        var child = await parent.Main.SpawnAsync("node-1", Stop);
        var forged = child with { Token = new byte[16] };
        var refused = await Assert.ThrowsAsync<RpcException>(
            () => _root.BeginSessionAsync(new K42SessionOptions { Claim = forged }, Stop));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        await using var claimed = await _root.BeginSessionAsync(new K42SessionOptions { Claim =
            child }, Stop);
        Assert.Equal(child.Pid, claimed.Pid);
        await claimed.Main.ExitAsync(5);
        Assert.Equal((child.Pid, 5 << 8), await parent.Main.WaitAsync(-1, 0, Stop));
        var nowhere = await Assert.ThrowsAsync<K42Exception>(() => parent.Main.SpawnAsync("node-9", Stop));
        Assert.Equal(Errno.ENODEV, nowhere.Errno);
    }

    [Fact]
    public async Task Calls_over_the_limits_are_skipped_and_say_why()
    {
        using var stream = _root.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(
            new SessionRequest { Hello = new Hello { Name = "greedy", Resumable = true } }, Stop);
        await stream.ResponseStream.MoveNext(Stop);
        Assert.Equal(4u, stream.ResponseStream.Current.Welcome.CallsMax);
        var request = new SessionRequest();
        for (var tag = 1UL; tag <= 5; tag++) request.Calls.Add(new Call { Tag = tag, Pause =
            new PauseRequest() });
        request.Calls.Add(new Call { Tag = 6, Task = 77, Getpid = new GetpidRequest() });
        request.Calls.Add(new Call { Tag = 7 });
        await stream.RequestStream.WriteAsync(request, Stop);
        var done = await Completions(stream, 3);
        Assert.Equal((Skipped.TooManyCalls, (int)Errno.EAGAIN), (done[5].Skipped, done[5].Errno));
        Assert.Equal((Skipped.NoTask, (int)Errno.ESRCH), (done[6].Skipped, done[6].Errno));
        Assert.Equal((Skipped.TooManyCalls, (int)Errno.EAGAIN), (done[7].Skipped, done[7].Errno));
        await stream.RequestStream.WriteAsync(new SessionRequest { Cancel = { 1, 2, 3, 4 } }, Stop);
        Assert.All((await Completions(stream, 4)).Values, one => Assert.Equal((int)Errno.EINTR, one.Errno));
        await stream.RequestStream.WriteAsync(new SessionRequest { Calls = { new Call { Tag = 8 } } }, Stop);
        var unknown = (await Completions(stream, 1))[8];
        Assert.Equal((Skipped.UnknownCall, (int)Errno.ENOSYS), (unknown.Skipped, unknown.Errno));
    }

    [Fact]
    public async Task A_message_of_far_too_many_calls_ends_the_stream_and_says_so()
    {
        using var stream = _root.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Greeting(true), Stop);
        await stream.ResponseStream.MoveNext(Stop);
        var request = new SessionRequest();
        for (var tag = 1UL; tag <= 17; tag++) request.Calls.Add(new Call { Tag = tag });
        await stream.RequestStream.WriteAsync(request, Stop);
        var ended = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Stop));
        Assert.Equal(StatusCode.InvalidArgument, ended.StatusCode);
        Assert.Contains("at most 16 calls", ended.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_of_one_message_are_bounded_and_what_is_beyond_says_so()
    {
        using var stream = _root.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Greeting(true), Stop);
        await stream.ResponseStream.MoveNext(Stop);
        // 12 times 64 KiB at least, where 128 KiB may be unsent.
        var request = new SessionRequest { Calls = { SystemCalls.Open("/dev/zero", OpenFlags.ReadOnly) } };
        for (var tag = 1UL; tag <= 12; tag++)
        {
            var read = SystemCalls.Read(0, 1_000_000);
            (read.Tag, read.Linked) = (tag, true);
            read.Use.Add(new UseResult { Tag = 0 });
            request.Calls.Add(read);
        }
        await stream.RequestStream.WriteAsync(request, Stop);
        var done = await Completions(stream, 13);
        Assert.Equal(0, done[0].Errno);
        Assert.Contains(done.Values, one => one.Skipped == Skipped.TooManyCalls
            || one.Skipped == Skipped.TooManyBytes);
    }

    [Fact]
    public async Task A_call_is_given_up_by_a_cancel_in_its_own_message()
    {
        using var stream = _root.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Greeting(true), Stop);
        await stream.ResponseStream.MoveNext(Stop);
        var pause = new Call { Tag = 1, Pause = new PauseRequest() };
        await stream.RequestStream.WriteAsync(new SessionRequest { Calls = { pause }, Cancel = { 1 } }, Stop);
        Assert.Equal((int)Errno.EINTR, (await Completions(stream, 1))[1].Errno);
    }

    [Fact]
    public async Task A_repeated_tag_means_the_last_call_before_that_has_it()
    {
        using var stream = _root.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Greeting(true), Stop);
        await stream.ResponseStream.MoveNext(Stop);
        var first = SystemCalls.Open("/dev/null", OpenFlags.ReadOnly);
        var second = SystemCalls.Open("/dev/zero", OpenFlags.ReadOnly);
        var read = SystemCalls.Read(0, 3);
        (first.Tag, second.Tag, read.Tag) = (1, 1, 2);
        read.Use.Add(new UseResult { Tag = 1 });
        var request = new SessionRequest { Calls = { first } };
        await stream.RequestStream.WriteAsync(request, Stop);
        await Completions(stream, 1);
        request = new SessionRequest { Calls = { second, read } };
        await stream.RequestStream.WriteAsync(request, Stop);
        Assert.Equal(3, (await Completions(stream, 2))[2].Result);
    }

    [Fact]
    public async Task A_message_over_the_limit_ends_the_stream_and_says_so()
    {
        using var stream = _root.Calls.Session(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Greeting(true), Stop);
        await stream.ResponseStream.MoveNext(Stop);
        var call = SystemCalls.Write(1, new byte[MessageBytes]);
        var ended = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            // The gateway may end the stream before all of the message was taken.
            var sent = stream.RequestStream.WriteAsync(new SessionRequest { Calls = { call } }, Stop);
            await stream.ResponseStream.MoveNext(Stop);
            await sent;
        });
        Assert.Equal(StatusCode.ResourceExhausted, ended.StatusCode);
        Assert.NotEqual(0, (await _root.Calls.GetpidAsync(new GetpidRequest(),
            cancellationToken: Stop)).Result);
    }

    [Fact]
    public async Task Absurd_arguments_get_errnos()
    {
        await using var session = await _root.BeginSessionAsync("absurd", Stop);
        var me = session.Main;
        async Task<Errno> Of(Call call) => (Errno)(await me.CallAsync(call, Stop)).Errno;
        Assert.Equal(Errno.EBADF, await Of(SystemCalls.Read(-1, ulong.MaxValue)));
        Assert.Equal(Errno.EBADF, await Of(SystemCalls.Close(int.MinValue)));
        Assert.Equal(Errno.ENAMETOOLONG, await Of(SystemCalls.Stat(new string('x', 256))));
        Assert.Equal(Errno.ENAMETOOLONG, await Of(SystemCalls.Stat("/" + new string('x', 4_096))));
        Assert.Equal(Errno.ENOENT, await Of(SystemCalls.Stat("")));
        Assert.Equal(Errno.ENOSYS, await Of(SystemCalls.Numeric(99_999, [])));
        Assert.Equal(Errno.EINVAL, await Of(SystemCalls.RtSigaction(0, new SignalAction())));
        Assert.Equal(Errno.EINVAL, await Of(SystemCalls.Kill(session.Pid, 65)));
    }

    private static SessionRequest Greeting(bool greets) =>
        greets ? new SessionRequest { Hello = new Hello { Name = "raw" } } : new SessionRequest();

    private static SslClientAuthenticationOptions Trusting(K42Credential credential) => new()
    {
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { credential.Authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    private static async Task<StatusCode> Refused(K42Connection connection, string key)
    {
        var named = new Metadata { { "k42-session", key } };
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await connection.Calls.GetpidAsync(new GetpidRequest(), named, cancellationToken: Stop));
        return refused.StatusCode;
    }

    private static async Task<Dictionary<ulong, Completion>> Completions(
        AsyncDuplexStreamingCall<SessionRequest, SessionReply> stream, int count)
    {
        var done = new Dictionary<ulong, Completion>();
        while (done.Count < count && await stream.ResponseStream.MoveNext(Stop))
        {
            foreach (var completion in stream.ResponseStream.Current.Completions)
                done[completion.Tag] = completion;
        }
        return done;
    }
}
