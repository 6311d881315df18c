using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>The two ends of a bare mutual-TLS stream: blocking calls, a thread per connection.</summary>
/// <remarks>
/// A connection opens with one byte: <see cref="PingPong"/> is followed by requests, each answered;
/// <see cref="Bulk"/> by pieces of 64 KiB, of which only one that begins with <see cref="LastPiece"/> is
/// answered, by the number of pieces since the last answer.
/// </remarks>
internal static class SslStreamEnd
{
    /// <summary>The name of the serving child.</summary>
    public const string ServerName = "sslstream";

    /// <summary>Opens a connection of requests and answers.</summary>
    public const byte PingPong = (byte)'P';

    /// <summary>Opens a connection of one-way pieces.</summary>
    public const byte Bulk = (byte)'B';

    /// <summary>First byte of a piece that asks how many have arrived.</summary>
    public const byte LastPiece = 1;

    private const int BacklogMax = 16;

    /// <summary>Connects to the child.</summary>
    public static SslStream Connect(int port, BenchCertificates certificates, byte mode)
    {
        var client = new TcpClient { NoDelay = true };
        client.Connect(IPAddress.Loopback, port);
        var tls = new SslStream(client.GetStream());
        tls.AuthenticateAsClient(OrleansTls.ClientOptions(certificates));
        tls.WriteByte(mode);
        return tls;
    }

    /// <summary>The child's side.</summary>
    public static Task<int> ServeAsync(BenchCertificates certificates)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(BacklogMax);
        Start(() =>
        {
            while (true)
            {
                var client = listener.AcceptTcpClient();
                Start(() => ServeConnection(client, certificates));
            }
        });
        return Task.FromResult(((IPEndPoint)listener.LocalEndpoint).Port);
    }

    private static void Start(ThreadStart run) => new Thread(run) { IsBackground = true }.Start();

    private static void ServeConnection(TcpClient client, BenchCertificates certificates)
    {
        client.NoDelay = true;
        using var tls = new SslStream(client.GetStream());
        try
        {
            tls.AuthenticateAsServer(OrleansTls.ServerOptions(certificates));
            if (tls.ReadByte() == PingPong) ServePingPong(tls);
            else ServeBulk(tls);
        }
        catch (IOException)
        {
            // The caller has gone: the normal end.
        }
    }

    private static void ServePingPong(SslStream tls)
    {
        Span<byte> request = stackalloc byte[BenchPayload.RequestBytes];
        Span<byte> reply = stackalloc byte[BenchPayload.ReplyBytes];
        while (true)
        {
            tls.ReadExactly(request);
            BenchPayload.Answer(request, reply);
            tls.Write(reply);
        }
    }

    private static void ServeBulk(SslStream tls)
    {
        var piece = new byte[BenchPayload.BulkBytes];
        var arrived = 0;
        while (true)
        {
            tls.ReadExactly(piece);
            arrived++;
            if (piece[0] != LastPiece) continue;
            tls.Write(BitConverter.GetBytes(arrived));
            arrived = 0;
        }
    }
}
