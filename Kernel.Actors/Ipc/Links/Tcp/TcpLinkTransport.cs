using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>Links over TCP with mutual TLS 1.3: one blocking reader thread per connection.</summary>
/// <remarks>A dial has a thread of its own, which becomes the reader. Blocking reads and writes from the
/// caller's thread measured half the latency and less than half the processor time of asynchronous ones.
/// </remarks>
public sealed class TcpLinkTransport : ILinkTransport
{
    private readonly ConcurrentDictionary<TcpLinkConnection, bool> _connections = new();
    private readonly TcpLinkCredentials _credentials;
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);
    private readonly ManualResetEventSlim _stopping = new();

    // Accepted and in their handshake, the oldest first; guarded by itself.
    private readonly List<TcpLinkConnection> _entering = [];
    private readonly SpinSlots _slots = SpinSlots.ForThisMachine();
    private readonly Socket _listener;
    private LinkTable? _table;
    private volatile bool _disposed;

    /// <summary>Takes the port at once, so that it can be told to others; accepts after Start.</summary>
    /// <param name="listen">Where links are taken; port 0 takes any.</param>
    /// <param name="credentials">Who we are and whom we believe.</param>
    /// <exception cref="SocketException">The port is in use, or not ours to take.</exception>
    public TcpLinkTransport(IPEndPoint listen, TcpLinkCredentials credentials)
    {
        _credentials = credentials;
        _listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(listen);
            _listener.Listen(128);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
    }

    /// <summary>Makes the socket of a dial.</summary>
    internal Func<Socket> NewSocket { get; init; } =
        static () => new Socket(SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Where links are taken.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <inheritdoc/>
    public void Start(LinkTable table)
    {
        _table = table;
        new Thread(AcceptLoop) { IsBackground = true, Name = "k42-link-accept" }.Start();
    }

    /// <inheritdoc/>
    public void Dial(LinkSession session, Member member)
    {
        var thread = new Thread(() => DialAndRead(session, member))
        {
            IsBackground = true,
            Name = $"k42-link {session.Peer}",
        };
        thread.Start();
    }

    /// <summary>Stops listening and drops every connection.</summary>
    public void Dispose()
    {
        _disposed = true;
        _stopping.Set();
        _listener.Dispose();
        foreach (var connection in _connections.Keys) connection.Abort();
    }

    private void AcceptLoop()
    {
        while (!_disposed)
        {
            Socket socket;
            try
            {
                socket = _listener.Accept();
            }
            catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
            {
                if (_disposed) return;
                // Out of descriptors, or a peer that went away between: neither ends the listening.
                _table!.Context.Refuse(LinkRefusal.TooMany, $"Links: could not accept, {broken.Message}");
                _stopping.Wait(AcceptPause);
                continue;
            }
            var (where, connection) =
                (RemoteOf(socket), new TcpLinkConnection(socket, _table!.Context, _slots));
            if (!Enter(connection, where))
            {
                connection.Close();
                continue;
            }
            var thread = new Thread(() => AcceptAndRead(connection, where))
            {
                IsBackground = true,
                Name = "k42-link in",
            };
            thread.Start();
        }
    }

    /// <summary>Lets a connection into its handshake. When there are too many, the one that is silent for the
    /// longest gives way: who has no certificate can't keep nodes out by waiting.</summary>
    private bool Enter(TcpLinkConnection newcomer, string where)
    {
        TcpLinkConnection? oldest = null;
        lock (_entering)
        {
            var full = _entering.Count >= _table!.Context.Options.HandshakesMax;
            if (full) oldest = _entering.Find(static one => !one.IsAuthenticated);
            if (oldest is not null) _entering.Remove(oldest);
            if (!full || oldest is not null) _entering.Add(newcomer);
            if (!full) return true;
        }
        oldest?.Abort();
        _table.Context.Refuse(LinkRefusal.TooMany, oldest is null
            ? $"Link from {where}: too many handshakes."
            : $"Link from {where}: too many handshakes, the oldest gives way.");
        return oldest is not null;
    }

    private void Leave(TcpLinkConnection connection)
    {
        lock (_entering) _entering.Remove(connection);
    }

    private void AcceptAndRead(TcpLinkConnection connection, string where)
    {
        Run(connection, session: null, where, () => Leave(connection));
        Leave(connection);
    }

    private void DialAndRead(LinkSession session, Member member)
    {
        Socket? socket = null;
        var where = $"{member.LinkHost}:{member.LinkPort}";
        var given = false;
        try
        {
            // Fails when the process has no descriptor left.
            socket = NewSocket();
            using (_table!.Context.Clock.Schedule(_table.Context.Options.HandshakeTimeout,
                static socket => ((Socket)socket!).Dispose(), socket))
            {
                socket.Connect(member.LinkHost, member.LinkPort);
            }
            given = Run(
                new TcpLinkConnection(socket, _table.Context, _slots), session, where, static () => { });
        }
        catch (Exception failed) when (failed is SocketException or ObjectDisposedException)
        {
            if (session.FailureIsNews)
                _table!.Context.LogOften($"Link to {session.Peer}, {member.Name}, {where}: {failed.Message}");
            socket?.Dispose();
        }
        if (!given) session.ConnectionLost(null);
    }

    /// <summary>A connection's whole life, on its reader thread.</summary>
    /// <returns>True when a conduit was made, which then reported its end itself.</returns>
    private bool Run(TcpLinkConnection connection, LinkSession? session, string where, Action opened)
    {
        var context = _table!.Context;
        LinkConduit? conduit = null;
        var timedOut = false;
        var timer = context.Clock.Schedule(context.Options.HandshakeTimeout, _ =>
        {
            Volatile.Write(ref timedOut, true);
            connection.Abort();
        }, null);
        _connections[connection] = true;
        try
        {
            if (_disposed) return false;
            var name = connection.Authenticate(_credentials, dialled: session is not null);
            conduit = new LinkConduit(_table, connection, name, session);
            connection.Join(conduit);
            if (session is not null && !conduit.Begin()) return true;
            connection.ReadLoop(conduit, () =>
            {
                timer.Dispose();
                opened();
            });
        }
        catch (LinkRefusedException refused)
        {
            context.Refuse(refused.Reason,
                $"Link with {where}: refused, {refused.Reason}: {refused.Message}.");
        }
        catch (Exception lost) when (lost is not OutOfMemoryException)
        {
            // An open connection's loss is told by its session; this one never got so far.
            if (conduit is not { IsOpen: true } && !timedOut)
                context.Refuse(LinkRefusal.Tls, $"Link with {where}: no handshake, {lost.Message}");
        }
        finally
        {
            timer.Dispose();
            if (timedOut)
                context.Refuse(LinkRefusal.TimedOut, $"Link with {where}: the handshake took too long.");
            connection.Close();
            _connections.TryRemove(connection, out _);
            conduit?.Closed();
        }
        return conduit is not null;
    }

    private static string RemoteOf(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint?.ToString() ?? "an unknown address";
        }
        catch (SocketException)
        {
            return "a lost address";
        }
    }
}
