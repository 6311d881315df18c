using Grpc.Core;
using Grpc.Net.Client;
using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>A bare bidirectional gRPC stream over mutual TLS: 98 bytes there, 24 back.</summary>
/// <param name="group">The table: the row stands beside calls between nodes and beside the gateway's.</param>
public sealed class GrpcStreamPingPongRow(BenchGroup group) : CallRow
{
    private readonly byte[] _request = BenchPayload.CreateRequest(BenchPayload.Create());
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private AsyncDuplexStreamingCall<byte[], byte[]>? _stream;
    private long _id;

    /// <inheritdoc/>
    public override string Name => "grpc-stream-pingpong";

    /// <inheritdoc/>
    public override BenchGroup Group => group;

    /// <inheritdoc/>
    public override string Note => "mutual TLS, raw bytes";

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var channel = await GrpcPair.ShareAsync(context);
        _stream = context.Own(
            channel.CreateCallInvoker().AsyncDuplexStreamingCall(GrpcEnd.PingPong, null, default));
    }

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            BenchPayload.SetId(_request, ++_id);
            await _stream!.RequestStream.WriteAsync(_request).ConfigureAwait(false);
            if (!await _stream.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
                throw new InvalidDataException("the stream ended");
            BenchPayload.CheckReply(_stream.ResponseStream.Current, _id, _sum);
        }
    }
}

/// <summary>Bare gRPC server streaming over mutual TLS: messages of 64 KiB.</summary>
public sealed class GrpcServerStreamRow : CallRow
{
    private CallInvoker? _invoker;

    /// <inheritdoc/>
    public override string Name => "grpc-server-stream";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.GatewayBulk;

    /// <inheritdoc/>
    public override string Note => "mutual TLS, raw bytes";

    // One call of 512 pieces (32 MiB), so that its beginning does not count.
    /// <inheritdoc/>
    public override int CallsPerSample => 512;

    /// <inheritdoc/>
    protected override long? PayloadBytesPerCall => BenchPayload.BulkBytes;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context) =>
        _invoker = (await GrpcPair.ShareAsync(context)).CreateCallInvoker();

    /// <inheritdoc/>
    protected override async ValueTask CallAsync(int caller, int count)
    {
        var request = BitConverter.GetBytes(count);
        using var call = _invoker!.AsyncServerStreamingCall(GrpcEnd.Pieces, null, default, request);
        var arrived = 0;
        while (await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
        {
            BenchPayload.Check(BenchPayload.BulkBytes, call.ResponseStream.Current.Length);
            arrived++;
        }
        BenchPayload.Check(count, arrived);
    }
}

internal static class GrpcPair
{
    public static async Task<GrpcChannel> ShareAsync(BenchContext context) =>
        await context.ShareAsync(async c =>
        {
            var child = await c.StartProcessAsync(GrpcEnd.ServerName);
            return GrpcEnd.Connect(child.Port, c.Certificates);
        });
}
