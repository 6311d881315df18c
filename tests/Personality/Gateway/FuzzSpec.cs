using Google.Protobuf;
using Grpc.Core;
using K42.Client;
using K42.Linux.V1;
using Xunit;

namespace K42.Personality.Tests.Gateway;

/// <summary>Random calls from a user without privileges: each gets an errno or a clear status, nobody else
/// notices.</summary>
public sealed class FuzzSpec : IAsyncLifetime
{
    private const uint Alice = 1_000, Mallory = 3_000;
    private const int BatchMax = 20;
    private const int Continue = 18;

    private static readonly StatusCode[] Clear =
    [
        StatusCode.OK, StatusCode.Cancelled, StatusCode.InvalidArgument, StatusCode.NotFound,
        StatusCode.ResourceExhausted, StatusCode.Unavailable,
    ];

    private GatewayNode _node = null!;
    private K42Connection _root = null!;
    private K42Connection _mallory = null!;
    private K42Session _alice = null!;
    private string _before = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await GatewayNode.StartAsync();
        _root = await _node.ConnectAsync();
        _mallory = await _node.ConnectAsync("mallory", Mallory);
        await using (var session = await _root.BeginSessionAsync("prepares", Stop))
        {
            await Made(session, SystemCalls.Mkdir("/alice", 0x1ed));
            await Made(session, SystemCalls.Chown("/alice", Alice, Alice));
            await Made(session, SystemCalls.Mkdir("/mallory", 0x1ff));
            await Write(session, "/secret", 0x180, "root's own");
        }
        _alice = await (await _node.ConnectAsync("alice", Alice)).BeginSessionAsync("alice", Stop);
        await Write(_alice, "/alice/a", 0x1a4, "everybody may read this");
        await Write(_alice, "/alice/private", 0x180, "nobody may read this");
        await Made(_alice, SystemCalls.Symlink("a", "/alice/link"));
        _before = await State();
    }

    public async ValueTask DisposeAsync()
    {
        await _alice.DisposeAsync();
        await _mallory.DisposeAsync();
        await _root.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Random_calls_of_a_session_are_all_answered_and_touch_nothing_of_others(int seed)
    {
        var random = new RandomCalls(seed);
        var (made, answered, succeeded) = (0, 0, 0);
        while (made < 1_000)
        {
            await using var session = await RandomSession.Begin(_mallory, Stop);
            while (made < 1_000 && !session.Ended.IsCompleted)
            {
                var calls = Enumerable.Range(made, BatchMax).Select(type => Call(random, session, type));
                made += BatchMax;
                await session.Send([.. calls]);
                while (!session.AllAnswered.IsCompleted)
                {
                    // Whatever waits is given up; whatever was stopped goes on.
                    await session.CancelAll();
                    foreach (var pid in session.Pids)
                    {
                        await _root.Calls.KillAsync(
                            new KillRequest { Pid = pid, Sig = Continue }, cancellationToken: Stop);
                    }
                }
            }
            Assert.Contains(await session.Close(), Clear);
            (answered, succeeded) = (answered + session.AnsweredCount, succeeded + session.SucceededCount);
        }
        // Of some sessions the end cuts off a batch.
        Assert.InRange(answered, made * 2 / 3, made);
        Assert.InRange(succeeded, made / 20, made);
        Assert.Equal(_before, await State());
        Assert.Equal(_alice.Pid, await _alice.Main.GetPidAsync(Stop));
    }

    [Fact]
    public async Task Random_single_calls_get_an_errno_or_a_clear_status()
    {
        var random = new RandomCalls(3);
        for (var made = 0; made < 300; made++)
        {
            var call = random.Next(made);
            var name = K42.Linux.V1.Call.Descriptor.FindFieldByNumber((int)call.CallCase);
            var arguments = ((IMessage)name.Accessor.GetValue(call)).ToByteArray();
            var method = MethodOf(name.MessageType.ClrType.Name[..^"Request".Length]);
            IsClear(await Single(method, arguments));
        }
        Assert.Equal(_before, await State());
        Assert.Equal(_alice.Pid, await _alice.Main.GetPidAsync(Stop));
    }

    [Fact]
    public async Task Bytes_that_are_no_message_get_a_status_and_the_gateway_serves_on()
    {
        var random = new RandomCalls(4);
        foreach (var method in new[] { "Read", "Openat", "Setgroups", "Numeric" })
        {
            for (var made = 0; made < 10; made++)
            {
                var garbage = random.Garbage(1 + random.Below(300));
                IsClear(await Single(MethodOf(method), garbage), StatusCode.Unknown);
            }
        }
        var nothing = _mallory.Channel.CreateCallInvoker().AsyncUnaryCall(
            MethodOf("Nothing"), null, new CallOptions(cancellationToken: Stop), []);
        Assert.Equal(StatusCode.Unimplemented, (await StatusOf(nothing.ResponseAsync)).StatusCode);
        foreach (var name in new[] { "", "node-1", "1", "99999", "-1", new string('x', 70_000), "\0" })
        {
            var asked = _mallory.Cluster.ProcessesAsync(new Native.V1.ProcessesRequest { Node = name },
                cancellationToken: Stop);
            IsClear(await StatusOf(asked.ResponseAsync));
        }
        Assert.Equal(_alice.Pid, await _alice.Main.GetPidAsync(Stop));
    }

    private static Call Call(RandomCalls random, RandomSession session, int type)
    {
        var call = random.Next(type);
        call.Tag = session.NextTag();
        call.Linked = random.Below(12) == 0;
        if (random.Below(12) == 0) call.Task = (uint)random.Below(4);
        if (random.Below(12) == 0)
        {
            call.Use.Add(new UseResult
            {
                Tag = call.Tag - (ulong)random.Below(3),
                Field = (uint)random.Below(9),
                Index = (uint)random.Below(4),
            });
        }
        return call;
    }

    private static Method<byte[], byte[]> MethodOf(string name)
    {
        var bytes = Marshallers.Create(static one => one, static one => one);
        return new Method<byte[], byte[]>(MethodType.Unary, "k42.linux.v1.Linux", name, bytes, bytes);
    }

    private static void IsClear(Status status, params StatusCode[] others) =>
        Assert.True(Clear.Concat(others).Contains(status.StatusCode), $"{status}");

    private async Task<Status> Single(Method<byte[], byte[]> method, byte[] arguments)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var options = new CallOptions(cancellationToken: giveUp.Token);
        var invoker = _mallory.Channel.CreateCallInvoker();
        using var call = invoker.AsyncUnaryCall(method, null, options, arguments);
        // Some wait for what never comes: they have had their time when others were served.
        for (var others = 0; others < 5 && !call.ResponseAsync.IsCompleted; others++)
            await _alice.Main.GetPidAsync(Stop);
        if (!call.ResponseAsync.IsCompleted) await giveUp.CancelAsync();
        var status = await StatusOf(call.ResponseAsync);
        // A cancel that meets the beginning of the answer is told by gRPC's client as an error of its own.
        var isCancel = giveUp.IsCancellationRequested && status.DebugException is InvalidOperationException;
        return isCancel ? Status.DefaultCancelled : status;
    }

    private static async Task<Status> StatusOf(Task call)
    {
        try
        {
            await call;
            return Status.DefaultSuccess;
        }
        catch (RpcException refused)
        {
            return refused.Status;
        }
    }

    // All that others could notice; access times change when a file is read, which Mallory may.
    private async Task<string> State()
    {
        await using var session = await _root.BeginSessionAsync("looks", Stop);
        var seen = new List<string>();
        foreach (var path in new[] { "/", "/alice", "/alice/a", "/alice/private", "/alice/link", "/secret" })
        {
            var stat = (await Made(session, SystemCalls.Lstat(path))).Stat;
            seen.Add($"{path} {stat.Ino} {stat.Mode} {stat.Nlink} {stat.Uid} {stat.Gid} {stat.Size} "
                + $"{stat.Mtim} {stat.Ctim}");
            if ((stat.Mode & 0xf000) != 0x8000) continue;
            var fd = (int)(await Made(session, SystemCalls.Open(path, OpenFlags.ReadOnly))).Result;
            seen.Add((await Made(session, SystemCalls.Pread64(fd, 100, 0))).Data.ToStringUtf8());
        }
        return string.Join('\n', seen);
    }

    private static async Task Write(K42Session session, string path, uint mode, string text)
    {
        var flags = OpenFlags.WriteOnly | OpenFlags.Create;
        var fd = await session.Main.OpenAsync(path, flags, mode, Stop);
        await session.Main.WriteAsync(fd, System.Text.Encoding.UTF8.GetBytes(text), Stop);
        await Made(session, SystemCalls.Close(fd));
    }

    private static async Task<Completion> Made(K42Session session, Call call) =>
        await session.Main.MakeAsync(call, null, Stop);
}
