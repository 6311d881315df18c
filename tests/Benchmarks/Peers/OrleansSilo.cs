using System.Net;
using System.Net.Sockets;
using K42.Benchmarks.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace K42.Benchmarks.Peers;

/// <summary>One Orleans silo on loopback; several of them join into a cluster through the first.</summary>
internal sealed class OrleansSilo : IAsyncDisposable
{
    /// <summary>The name of the serving child with mutual TLS between silos.</summary>
    public const string TlsServer = "orleans-tls";

    /// <summary>The name of the serving child without.</summary>
    public const string PlainServer = "orleans-plain";

    private readonly IHost _host;

    private OrleansSilo(IHost host) => _host = host;

    /// <summary>The silo's hosted client.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Starts a silo.</summary>
    /// <param name="port">Where it listens for other silos.</param>
    /// <param name="primaryPort">The first silo's port; its own for the first.</param>
    /// <param name="tls">The run's certificates; null for plain TCP.</param>
    public static async Task<OrleansSilo> StartAsync(int port, int primaryPort, BenchCertificates? tls)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(port, FreePort(), new IPEndPoint(IPAddress.Loopback, primaryPort));
            if (tls is null) return;
            silo.Configure<SiloConnectionOptions>(options =>
            {
                options.ConfigureSiloInboundConnection(c => OrleansTls.Use(c, tls, isServer: true));
                options.ConfigureSiloOutboundConnection(c => OrleansTls.Use(c, tls, isServer: false));
            });
        });
        var host = builder.Build();
        await host.StartAsync();
        return new OrleansSilo(host);
    }

    /// <summary>The child's side: the first silo of a cluster.</summary>
    public static async Task<int> ServeAsync(BenchCertificates? tls)
    {
        var port = FreePort();
        await StartAsync(port, port, tls);
        return port;
    }

    /// <summary>A port that is free now: Orleans does not take 0. Another process may win it in between; the
    /// row then fails and says so.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A silo whose cluster's first silo is already gone takes minutes to leave: it gets no time for it.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        try
        {
            await _host.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }
        _host.Dispose();
    }
}
