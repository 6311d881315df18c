using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using K42.Client;
using Xunit;

namespace K42.Personality.Tests.Gateway;

/// <summary>What other people's tools ask of a gateway: reflection and health.</summary>
public sealed class ServiceSpec : IAsyncLifetime
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
    public async Task Reflection_lists_the_services_and_gives_their_files()
    {
        var reflection = new ServerReflection.ServerReflectionClient(_root.Channel);
        using var stream = reflection.ServerReflectionInfo(cancellationToken: Stop);
        var listed = await Ask(stream, new ServerReflectionRequest { ListServices = "" });
        var names = listed.ListServicesResponse.Service.Select(service => service.Name).ToHashSet();
        Assert.Superset(
            new HashSet<string> { "k42.linux.v1.Linux", "k42.native.v1.Cluster", "grpc.health.v1.Health" },
            names);
        var symbol = new ServerReflectionRequest { FileContainingSymbol = "k42.linux.v1.Linux" };
        var file = (await Ask(stream, symbol)).FileDescriptorResponse.FileDescriptorProto;
        Assert.Contains(file, bytes => bytes.ToStringUtf8().Contains("SessionRequest"));
        var unknown = new ServerReflectionRequest { FileContainingSymbol = "k42.linux.v1.Nothing" };
        Assert.Equal((int)StatusCode.NotFound, (await Ask(stream, unknown)).ErrorResponse.ErrorCode);
    }

    [Fact]
    public async Task Health_follows_the_majority()
    {
        var health = new Health.HealthClient(_root.Channel);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await Status(health));
        _node.Membership.MayServe = false;
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await Status(health));
        var refused = await Assert.ThrowsAsync<RpcException>(() => _root.BeginSessionAsync("late", Stop));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        _node.Membership.MayServe = true;
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await Status(health));
    }

    [Fact]
    public async Task A_session_that_is_there_makes_no_calls_while_its_node_has_no_majority()
    {
        await using var session = await _root.BeginSessionAsync("before", Stop);
        Assert.Equal(0, (await session.Main.CallAsync(SystemCalls.Getpid(), Stop)).Errno);
        var named = new Metadata { { "k42-session", session.Key } };
        Assert.Equal(0, (await _root.Calls.GetpidAsync(new(), named, cancellationToken: Stop)).Errno);
        _node.Membership.MayServe = false;
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await _root.Calls.GetpidAsync(new(), named, cancellationToken: Stop));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Contains("no majority", refused.Status.Detail, StringComparison.Ordinal);
        await Assert.ThrowsAsync<K42SessionEndedException>(
            () => session.Main.CallAsync(SystemCalls.Getpid(), Stop));
        _node.Membership.MayServe = true;
    }

    private static async Task<HealthCheckResponse.Types.ServingStatus> Status(Health.HealthClient health) =>
        (await health.CheckAsync(new HealthCheckRequest(), cancellationToken: Stop)).Status;

    private static async Task<ServerReflectionResponse> Ask(
        AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> stream,
        ServerReflectionRequest request)
    {
        await stream.RequestStream.WriteAsync(request, Stop);
        await stream.ResponseStream.MoveNext(Stop);
        return stream.ResponseStream.Current;
    }
}
