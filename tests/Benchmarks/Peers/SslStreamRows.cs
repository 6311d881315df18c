using System.Net.Security;
using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>A bare mutual-TLS SslStream: 98 bytes there, 24 back, blocking threads at both ends.</summary>
public sealed class SslStreamPingPongRow : CallRow
{
    private readonly byte[] _request = BenchPayload.CreateRequest(BenchPayload.Create());
    private readonly byte[] _reply = new byte[BenchPayload.ReplyBytes];
    private readonly long _sum = BenchPayload.Sum(BenchPayload.Create());
    private SslStream? _tls;
    private long _id;

    /// <inheritdoc/>
    public override string Name => "sslstream-pingpong";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Remote;

    /// <inheritdoc/>
    public override string Note => "mutual TLS, blocking";

    /// <inheritdoc/>
    protected override bool IsBlocking => true;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var child = await context.ShareAsync(c => c.StartProcessAsync(SslStreamEnd.ServerName));
        _tls = context.Own(SslStreamEnd.Connect(child.Port, context.Certificates, SslStreamEnd.PingPong));
    }

    /// <inheritdoc/>
    protected override ValueTask CallAsync(int caller, int count)
    {
        for (var i = 0; i < count; i++)
        {
            BenchPayload.SetId(_request, ++_id);
            _tls!.Write(_request);
            _tls.ReadExactly(_reply);
            BenchPayload.CheckReply(_reply, _id, _sum);
        }
        return ValueTask.CompletedTask;
    }
}

/// <summary>64 KiB pieces one way over a bare mutual-TLS SslStream, blocking threads at both ends.</summary>
public sealed class SslStreamBulkRow : CallRow
{
    private const int PiecesPerSample = 128;
    private readonly byte[] _piece = new byte[BenchPayload.BulkBytes];
    private readonly byte[] _count = new byte[sizeof(int)];
    private SslStream? _tls;

    /// <inheritdoc/>
    public override string Name => "sslstream-bulk";

    /// <inheritdoc/>
    public override BenchGroup Group => BenchGroup.Bulk;

    /// <inheritdoc/>
    public override string Note => "mutual TLS, blocking, one way";

    /// <inheritdoc/>
    public override int CallsPerSample => PiecesPerSample;

    /// <inheritdoc/>
    protected override bool IsBlocking => true;

    /// <inheritdoc/>
    protected override long? PayloadBytesPerCall => BenchPayload.BulkBytes;

    /// <inheritdoc/>
    public override async Task SetupAsync(BenchContext context)
    {
        var child = await context.ShareAsync(c => c.StartProcessAsync(SslStreamEnd.ServerName));
        _tls = context.Own(SslStreamEnd.Connect(child.Port, context.Certificates, SslStreamEnd.Bulk));
    }

    /// <inheritdoc/>
    protected override ValueTask CallAsync(int caller, int count)
    {
        for (var i = 1; i <= count; i++)
        {
            // One answer in 128 pieces (8 MiB): what is counted has arrived.
            _piece[0] = i == count ? SslStreamEnd.LastPiece : (byte)0;
            _tls!.Write(_piece);
        }
        _tls!.ReadExactly(_count);
        BenchPayload.Check(count, BitConverter.ToInt32(_count));
        return ValueTask.CompletedTask;
    }
}
