using K42.Client;
using K42.Personality.Tests.Gateway;

namespace K42.Conformance.Generated;

/// <summary>Runs many cases on one node, which saves its start; after each, its root is as it was.</summary>
internal sealed class SharedGatewayRunner : IScriptRunner, IAsyncDisposable
{
    private readonly GatewayNode _node;
    private readonly GatewayConnections _connections;

    private SharedGatewayRunner(GatewayNode node) =>
        (_node, _connections) = (node, new GatewayConnections(node));

    /// <inheritdoc/>
    public string Name => "k42";

    /// <summary>A runner with a node of its own.</summary>
    public static async Task<SharedGatewayRunner> StartAsync() => new(await GatewayNode.StartAsync());

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CallResult>> Run(ScriptCase script, CancellationToken cancellation)
    {
        var root = await _connections.Of(Identity.Root);
        await using (var session = await root.BeginSessionAsync("furnish", cancellation))
            await GatewayRunner.Furnish(session.Main, cancellation);
        return await GatewayRunner.Run(script, _connections, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _connections.DisposeAsync();
        await _node.DisposeAsync();
    }
}
