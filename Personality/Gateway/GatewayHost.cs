using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using K42.Gateway.Services;
using K42.Gateway.Sessions;
using K42.Personality.Linux;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace K42.Gateway;

/// <summary>A node's gateway: gRPC over mutual TLS, and over a Unix socket for local clients.</summary>
/// <remarks>
/// Reflection and grpc.health are on. Without a certificate there is no TCP port, and without a client
/// certificate of the cluster's authority no connection: there is no insecure default.
/// </remarks>
public sealed class GatewayHost : IAsyncDisposable
{
    // Kestrel's defaults pace a sequential read by window updates.
    private const int StreamWindowBytes = 2 * 1024 * 1024;
    private const int ConnectionWindowBytes = 8 * 1024 * 1024;
    private const int StreamsMax = 1_000;

    private readonly WebApplication _application;
    private readonly SessionRegistry _sessions;

    private GatewayHost(WebApplication application, SessionRegistry sessions, IPEndPoint? endpoint)
    {
        _application = application;
        _sessions = sessions;
        Endpoint = endpoint;
    }

    /// <summary>Where TLS connections are taken; null when only a Unix socket is.</summary>
    public IPEndPoint? Endpoint { get; }

    /// <summary>Starts to serve.</summary>
    /// <exception cref="IOException">The port or the socket's path can't be had.</exception>
    public static async Task<GatewayHost> StartAsync(
        GatewayOptions options, CancellationToken cancellation = default)
    {
        if (options.ServerCertificate == null && options.UnixSocketPath == null)
            throw new ArgumentException("a gateway needs a certificate, a Unix socket, or both",
                nameof(options));
        var linux = options.Linux ?? new LinuxSystem(options.Host);
        var sessions = new SessionRegistry(options, linux);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel(kestrel => Listen(kestrel, options));
        AddServices(builder.Services, options, sessions);
        var application = builder.Build();
        application.UseRouting();
        application.MapGrpcService<LinuxService>();
        application.MapGrpcService<ClusterService>();
        application.MapGrpcHealthChecksService();
        application.MapGrpcReflectionService();
        if (options.UnixSocketPath != null) File.Delete(options.UnixSocketPath);
        await application.StartAsync(cancellation).ConfigureAwait(false);
        return new GatewayHost(application, sessions, Bound(application, options));
    }

    /// <summary>Takes no more sessions, hangs up those that there are, and closes every connection.</summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        _sessions.Stop();
        await _application.StopAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _sessions.Stop();
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static void Listen(KestrelServerOptions kestrel, GatewayOptions options)
    {
        kestrel.AddServerHeader = false;
        // A connection holds a descriptor before anybody knows whose it is: the node needs some for itself.
        kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsMax;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(15);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        if (options.ServerCertificate != null)
            kestrel.Listen(options.Address, options.Port, listen => Secure(listen, options));
        if (options.UnixSocketPath != null)
            kestrel.ListenUnixSocket(options.UnixSocketPath, listen => listen.Protocols =
                HttpProtocols.Http2);
    }

    private static void Secure(ListenOptions listen, GatewayOptions options)
    {
        var authority = options.Authority
            ?? throw new ArgumentException("a certificate needs its authority", nameof(options));
        listen.Protocols = HttpProtocols.Http2;
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = options.ServerCertificate,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            CheckCertificateRevocation = false,
            HandshakeTimeout = TimeSpan.FromSeconds(5),
            ClientCertificateValidation = (certificate, _, _) => IsIssuedBy(certificate, authority),
        });
        listen.UseWidePipes();
    }

    // Whether the holder may be a client, and which user, the authenticator decides.
    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    private static void AddServices(
        IServiceCollection services, GatewayOptions options, SessionRegistry sessions)
    {
        services.AddRouting();
        services.AddSingleton(options);
        services.AddSingleton(options.Authenticator);
        services.AddSingleton(sessions);
        services.AddSingleton<LinuxService>();
        services.AddSingleton<ClusterService>();
        services.AddSingleton<IHostLifetime, NodeLifetime>();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MessageBytesMax;
            grpc.MaxSendMessageSize = null;
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks().AddCheck("serving", () => options.Host.Membership.MayServe
            ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("the node has no majority"));
    }

    private static IPEndPoint? Bound(WebApplication application, GatewayOptions options)
    {
        if (options.ServerCertificate == null) return null;
        var addresses =
            application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        foreach (var address in addresses?.Addresses ?? [])
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
                return new IPEndPoint(options.Address, uri.Port);
        }
        throw new IOException("the gateway has no address");
    }

    // The node decides when to stop: the gateway listens to no signals.
    private sealed class NodeLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
