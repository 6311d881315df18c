using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace K42.Personality.Tests.Gateway;

/// <summary>A TCP port before a gateway that can be shut, with all its connections, and opened
/// again.</summary>
internal sealed class OutageProxy : IDisposable
{
    private readonly IPEndPoint _gateway;
    private readonly ConcurrentBag<Socket> _open = [];
    private TcpListener _listener = new(IPAddress.Loopback, 0);

    private OutageProxy(IPEndPoint gateway) => _gateway = gateway;

    /// <summary>host:port of the proxy.</summary>
    public string Address => $"127.0.0.1:{Port}";

    private int Port { get; set; }

    /// <summary>An open proxy.</summary>
    public static OutageProxy Before(IPEndPoint gateway)
    {
        var proxy = new OutageProxy(gateway);
        proxy._listener.Start();
        proxy.Port = ((IPEndPoint)proxy._listener.LocalEndpoint).Port;
        _ = proxy.AcceptAll(proxy._listener);
        return proxy;
    }

    /// <summary>Breaks every connection; from here on connecting is refused.</summary>
    public void Shut()
    {
        _listener.Stop();
        while (_open.TryTake(out var socket)) socket.Dispose();
    }

    /// <summary>Takes connections on the same port again.</summary>
    public void Open()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _ = AcceptAll(_listener);
    }

    public void Dispose() => Shut();

    private async Task AcceptAll(TcpListener listener)
    {
        try
        {
            while (true) _ = Join(await listener.AcceptSocketAsync());
        }
        catch (Exception e)
            when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Shut.
        }
    }

    private async Task Join(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _open.Add(client);
        _open.Add(server);
        try
        {
            await server.ConnectAsync(_gateway);
            await Task.WhenAny(Copy(client, server), Copy(server, client));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Shut, or an end has gone.
        }
        client.Dispose();
        server.Dispose();
    }

    private static async Task Copy(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            for (var count = 1; count > 0;)
            {
                count = await from.ReceiveAsync(buffer);
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other end's loop ends with it.
        }
    }
}
