using Grpc.Core;
using Grpc.Net.Client;
using K42.Client;
using Xunit;

namespace K42.Personality.Tests.Gateway;

/// <summary>A client's session while its gateway can't be reached.</summary>
public sealed class OutageSpec
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>With gRPC's own back-off the fourth refusal alone is more than nine seconds away, and the
    /// session is over by then.</summary>
    [Fact]
    public async Task A_session_outlives_five_refused_connections_within_six_seconds()
    {
        await using var node = await GatewayNode.StartAsync(
            options => options with { ResumeTime = TimeSpan.FromSeconds(6) });
        using var proxy = OutageProxy.Before(node.Gateway.Endpoint!);
        await using var connection = await K42Connection.ConnectAsync(
            proxy.Address, node.CredentialOf("root", 0), Stop);
        await using var session = await connection.BeginSessionAsync("outage", Stop);
        var (reader, writer) = await session.Main.PipeAsync(0, Stop);
        var waiting = session.Main.ReadAsync(reader, 1, Stop);

        proxy.Shut();
        await Refusals(connection.Channel, session, 5);
        proxy.Open();

        await session.Main.WriteAsync(writer, "x"u8.ToArray(), Stop);
        Assert.Equal("x"u8.ToArray(), (await waiting).ToArray());
    }

    private static async Task Refusals(GrpcChannel channel, K42Session session, int count)
    {
        for (var refused = 0; refused < count;)
        {
            var before = channel.State;
            await Task.WhenAny(channel.WaitForStateChangedAsync(before, Stop), session.Completion);
            Assert.False(session.Completion.IsCompleted, $"the session ended after {refused} refusals");
            if (channel.State == ConnectivityState.TransientFailure) refused++;
        }
    }
}
