using System.Buffers;
using System.Net;
using System.Net.Security;
using Grpc.Core;
using Grpc.Net.Client;
using K42.Benchmarks.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace K42.Benchmarks.Peers;

/// <summary>The two ends of bare gRPC streams over mutual TLS: messages are raw bytes, no protobuf.</summary>
internal static class GrpcEnd
{
    /// <summary>The name of the serving child.</summary>
    public const string ServerName = "grpc";

    private const string ServiceName = "k42.bench.Bare";

    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(
        static (bytes, context) =>
        {
            context.SetPayloadLength(bytes.Length);
            context.GetBufferWriter().Write(bytes);
            context.Complete();
        },
        static context => context.PayloadAsReadOnlySequence().ToArray());

    /// <summary>98 bytes there, 24 back, as often as the caller likes.</summary>
    public static readonly Method<byte[], byte[]> PingPong =
        new(MethodType.DuplexStreaming, ServiceName, nameof(PingPong), Raw, Raw);

    /// <summary>Four bytes say how many pieces of 64 KiB shall come back.</summary>
    public static readonly Method<byte[], byte[]> Pieces =
        new(MethodType.ServerStreaming, ServiceName, nameof(Pieces), Raw, Raw);

    /// <summary>Connects to the child.</summary>
    public static GrpcChannel Connect(int port, BenchCertificates certificates)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [certificates.Client],
                CertificateChainPolicy = certificates.CreatePolicy(),
            },
        };
        return GrpcChannel.ForAddress(
            $"https://localhost:{port}",
            new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    /// <summary>The child's side.</summary>
    public static async Task<int> ServeAsync(BenchCertificates certificates)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificates.Server;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (client, _, _) => certificates.IsTrusted(client);
            });
        }));
        var app = builder.Build();
        app.MapGrpcService<BareService>();
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        return new Uri(addresses.Addresses.Single()).Port;
    }
}

/// <summary>What a generator would make of the methods: gRPC binds a base class, serves its heir.</summary>
[BindServiceMethod(typeof(BareServiceBase), nameof(Bind))]
internal abstract class BareServiceBase
{
    public static void Bind(ServiceBinderBase binder, BareServiceBase? service)
    {
        DuplexStreamingServerMethod<byte[], byte[]>? pingPong = service is null ? null : service.PingPong;
        ServerStreamingServerMethod<byte[], byte[]>? pieces = service is null ? null : service.Pieces;
        binder.AddMethod(GrpcEnd.PingPong, pingPong);
        binder.AddMethod(GrpcEnd.Pieces, pieces);
    }

    public abstract Task PingPong(
        IAsyncStreamReader<byte[]> requests, IServerStreamWriter<byte[]> replies, ServerCallContext context);

    public abstract Task Pieces(
        byte[] request, IServerStreamWriter<byte[]> replies, ServerCallContext context);
}

/// <summary>The serving end of <see cref="GrpcEnd"/>.</summary>
internal sealed class BareService : BareServiceBase
{
    public override async Task PingPong(
        IAsyncStreamReader<byte[]> requests, IServerStreamWriter<byte[]> replies, ServerCallContext context)
    {
        var reply = new byte[BenchPayload.ReplyBytes];
        while (await requests.MoveNext(context.CancellationToken))
        {
            BenchPayload.Answer(requests.Current, reply);
            await replies.WriteAsync(reply);
        }
    }

    public override async Task Pieces(
        byte[] request, IServerStreamWriter<byte[]> replies, ServerCallContext context)
    {
        var piece = new byte[BenchPayload.BulkBytes];
        for (var i = BitConverter.ToInt32(request); i > 0; i--) await replies.WriteAsync(piece);
    }
}
