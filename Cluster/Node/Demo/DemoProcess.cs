using K42.Client;

namespace K42.Node.Demo;

/// <summary>A process of the demo: a session of its own, on the node it says.</summary>
internal sealed class DemoProcess : IAsyncDisposable
{
    private readonly K42Connection _connection;

    private DemoProcess(K42Connection connection, K42Session session, string node) =>
        (_connection, Session, Node) = (connection, session, node);

    /// <summary>The session.</summary>
    public K42Session Session { get; }

    /// <summary>Its process.</summary>
    public K42Task Task => Session.Main;

    /// <summary>Where it is.</summary>
    public string Node { get; }

    /// <summary>Its number.</summary>
    public int Pid => Session.Pid;

    /// <summary>A new process on the node of a gateway.</summary>
    public static async Task<DemoProcess> BeginAsync(
        string gateway, string credential, string name, CancellationToken cancel)
    {
        var connection = await K42Connection.ConnectAsync(gateway, credential, cancel).ConfigureAwait(false);
        var session = await connection.BeginSessionAsync(name, cancel).ConfigureAwait(false);
        return new DemoProcess(connection, session, session.Node);
    }

    /// <summary>A child of this process on another node, with what this process has open.</summary>
    public async Task<DemoProcess> SpawnAsync(
        string node, string credential, string name, CancellationToken cancel)
    {
        var child = await Task.SpawnAsync(node, cancel).ConfigureAwait(false);
        var connection = await K42Connection.ConnectAsync(child.GatewayAddress, credential, cancel)
            .ConfigureAwait(false);
        var options = new K42SessionOptions { Name = name, Claim = child };
        var session = await connection.BeginSessionAsync(options, cancel).ConfigureAwait(false);
        return new DemoProcess(connection, session, session.Node);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Session.DisposeAsync().ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or Grpc.Core.RpcException or OperationCanceledException)
        {
            // Its node may be the one that was killed.
        }
    }
}
