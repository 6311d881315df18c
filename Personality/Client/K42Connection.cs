using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using K42.Linux.V1;
using K42.Native.V1;

namespace K42.Client;

/// <summary>A connection to one node's gateway. Sessions, single calls and questions about the cluster
/// share it.</summary>
/// <remarks>Safe for use by many threads. It connects when it is first used and again whenever it
/// must.</remarks>
public sealed class K42Connection : IAsyncDisposable
{
    /// <summary>The largest message that is taken, in bytes: one reply with several big reads.</summary>
    private const int MessageBytesMax = 32 * 1024 * 1024;

    private const string NobodyListens = "nobody listens there";

    // Big enough that a sequential read is not paced by window updates.
    private const int WindowBytes = 8 * 1024 * 1024;

    // gRPC's own back-off grows to minutes; a node that is back should have its sessions within a second.
    private static readonly TimeSpan ReconnectBackoffMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReconnectBackoffMax = TimeSpan.FromSeconds(1);

    private readonly GrpcChannel _channel;
    private readonly K42Credential? _credential;

    private K42Connection(string address, GrpcChannel channel, K42Credential? credential)
    {
        Address = address;
        _channel = channel;
        _credential = credential;
        Calls = new Linux.V1.Linux.LinuxClient(channel);
        Cluster = new Cluster.ClusterClient(channel);
    }

    /// <summary>host:port, or unix:PATH.</summary>
    public string Address { get; }

    /// <summary>The bare service: a session stream, and one method per call.</summary>
    public Linux.V1.Linux.LinuxClient Calls { get; }

    /// <summary>Nodes, processes, pipes and volumes of the cluster.</summary>
    public Cluster.ClusterClient Cluster { get; }

    /// <summary>What carries everything; tests watch its state.</summary>
    internal GrpcChannel Channel => _channel;

    /// <summary>Connects to a gateway with mutual TLS and waits until it answers.</summary>
    /// <param name="address">host:port. The gateway's certificate must be for this host.</param>
    /// <param name="credentialFile">The PEM file that <c>k42 up</c> or <c>k42 credential add</c>
    /// made.</param>
    /// <exception cref="IOException">The credential can't be used, or the gateway can't be
    /// reached.</exception>
    public static async Task<K42Connection> ConnectAsync(
        string address, string credentialFile, CancellationToken cancellation = default)
    {
        var credential = K42Credential.Load(credentialFile);
        var handler = Handler();
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = [credential.Certificate],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => credential.Certificate,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { credential.Authority },
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
        };
        var uri = $"https://{address}";
        return await Open(uri, address, handler, credential, cancellation).ConfigureAwait(false);
    }

    /// <summary>Connects over a Unix socket: the user id of this process is the identity.</summary>
    /// <exception cref="IOException">The gateway can't be reached.</exception>
    public static Task<K42Connection> ConnectUnixAsync(
        string socketPath, CancellationToken cancellation = default)
    {
        var handler = Handler();
        handler.ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            var end = new UnixDomainSocketEndPoint(socketPath);
            try
            {
                await socket.ConnectAsync(end, cancel).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        return Open("http://localhost", $"unix:{socketPath}", handler, null, cancellation);
    }

    /// <summary>Begins a session: a new process on the gateway's node, or the claim of one that spawn
    /// made.</summary>
    /// <exception cref="RpcException">The gateway refuses: its status says why.</exception>
    public Task<K42Session> BeginSessionAsync(
        K42SessionOptions? options = null, CancellationToken cancellation = default) =>
        K42Session.Begin(this, options ?? new K42SessionOptions(), cancellation);

    /// <summary>Begins a session that is named in ps.</summary>
    public Task<K42Session> BeginSessionAsync(string name, CancellationToken cancellation = default) =>
        BeginSessionAsync(new K42SessionOptions { Name = name }, cancellation);

    /// <summary>Why a call of the service failed, in words for whoever made it.</summary>
    public static string Reason(RpcException e)
    {
        // What the library says when it finds no way to a gateway is about itself.
        var isUnreached = e.StatusCode == StatusCode.Unavailable
            && e.Status.Detail.Contains("subchannel", StringComparison.OrdinalIgnoreCase);
        if (!isUnreached) return e.Status.Detail;
        for (var cause = e.Status.DebugException; cause != null; cause = cause.InnerException)
        {
            if (cause is SocketException socket) return socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => NobodyListens,
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                    "no host has that name",
                _ => socket.Message,
            };
        }
        return NobodyListens;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _channel.ShutdownAsync().ConfigureAwait(false);
        _channel.Dispose();
        _credential?.Dispose();
    }

    private static SocketsHttpHandler Handler() => new()
    {
        InitialHttp2StreamWindowSize = WindowBytes,
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(15),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        ConnectTimeout = TimeSpan.FromSeconds(10),
    };

    private static async Task<K42Connection> Open(string uri, string address, SocketsHttpHandler handler,
        K42Credential? credential, CancellationToken cancellation)
    {
        var channel = GrpcChannel.ForAddress(uri, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MessageBytesMax,
            MaxSendMessageSize = MessageBytesMax,
            InitialReconnectBackoff = ReconnectBackoffMin,
            MaxReconnectBackoff = ReconnectBackoffMax,
        });
        var connection = new K42Connection(address, channel, credential);
        try
        {
            await connection.Cluster.StatusAsync(new StatusRequest(), cancellationToken: cancellation);
            return connection;
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new IOException(
                $"The gateway at {address} can't be used: {Reason(e).TrimEnd('.')}.", e);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
