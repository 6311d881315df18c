using System.IO.Pipelines;
using System.Net.Security;
using K42.Benchmarks.Harness;
using Microsoft.AspNetCore.Connections;

namespace K42.Benchmarks.Peers;

/// <summary>Mutual TLS between silos, done as Orleans' own TLS package does: an SslStream between the
/// socket's pipes and Orleans. The package itself is not on every feed.</summary>
internal static class OrleansTls
{
    private const string HostName = "localhost";

    /// <summary>Puts TLS below Orleans on every connection that the builder makes.</summary>
    public static void Use(IConnectionBuilder builder, BenchCertificates certificates, bool isServer) =>
        builder.Use(next => async context =>
        {
            var below = context.Transport;
            await using var tls = new SslStream(new DuplexPipeStream(below), leaveInnerStreamOpen: false);
            if (isServer) await tls.AuthenticateAsServerAsync(ServerOptions(certificates));
            else await tls.AuthenticateAsClientAsync(ClientOptions(certificates));
            var above = new DuplexPipe(
                PipeReader.Create(tls, new StreamPipeReaderOptions(bufferSize: 65_536, leaveOpen: true)),
                PipeWriter.Create(tls, new StreamPipeWriterOptions(leaveOpen: true)));
            try
            {
                context.Transport = above;
                await next(context);
            }
            finally
            {
                await above.Input.CompleteAsync();
                await above.Output.CompleteAsync();
                context.Transport = below;
            }
        });

    /// <summary>The listening end: asks for a certificate of this run's authority.</summary>
    public static SslServerAuthenticationOptions ServerOptions(BenchCertificates certificates) => new()
    {
        ServerCertificate = certificates.Server,
        ClientCertificateRequired = true,
        CertificateChainPolicy = certificates.CreatePolicy(),
    };

    /// <summary>The connecting end.</summary>
    public static SslClientAuthenticationOptions ClientOptions(BenchCertificates certificates) => new()
    {
        TargetHost = HostName,
        ClientCertificates = [certificates.Client],
        CertificateChainPolicy = certificates.CreatePolicy(),
    };

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A pipe pair as the one stream that SslStream wants.</summary>
    private sealed class DuplexPipeStream(IDuplexPipe pipe) : Stream
    {
        private readonly Stream _input = pipe.Input.AsStream();
        private readonly Stream _output = pipe.Output.AsStream();

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel = default) =>
            _input.ReadAsync(buffer, cancel);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancel = default) =>
                _output.WriteAsync(buffer, cancel);

        public override Task FlushAsync(CancellationToken cancel) => _output.FlushAsync(cancel);

        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) =>
            _output.Write(buffer, offset, count);

        public override void Flush() => _output.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
