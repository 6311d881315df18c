using K42.Client;
using K42.Personality.Tests.Gateway;

namespace K42.Conformance;

/// <summary>Connections to one node, one for each who.</summary>
internal sealed class GatewayConnections(GatewayNode node) : IAsyncDisposable
{
    private readonly Dictionary<string, K42Connection> _open = [];

    /// <summary>The connection of somebody, made when it is first asked for.</summary>
    public async Task<K42Connection> Of(Identity who)
    {
        var key = $"{who.Uid}:{who.Gid}:{string.Join(',', who.Groups)}";
        if (!_open.TryGetValue(key, out var connection))
            _open[key] = connection = await node.ConnectAsync(who.Uid, who.Gid, who.Groups);
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _open.Values) await connection.DisposeAsync();
    }
}
