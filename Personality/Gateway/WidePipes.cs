using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace K42.Gateway;

/// <summary>Puts buffers of 64 KiB between HTTP/2 and TLS.</summary>
/// <remarks>Kestrel's own are of 4 KiB, and each becomes a TLS record of its own: four times as many records,
/// system calls and wake-ups at both ends as TLS needs. The Unix socket has no TLS and keeps its
/// pipes.</remarks>
internal static class WidePipes
{
    private const int BufferBytes = 65_536;

    /// <summary>Applies to the connections of an endpoint; call it after UseHttps.</summary>
    public static void UseWidePipes(this ListenOptions listen) => listen.Use(next => connection =>
    {
        var tls = connection.Features.Get<ISslStreamFeature>()?.SslStream;
        return tls is null ? next(connection) : Run(next, connection, tls);
    });

    private static async Task Run(ConnectionDelegate next, ConnectionContext connection, Stream tls)
    {
        var narrow = connection.Transport;
        // Reads of no bytes wait without a buffer, so an idle connection holds none.
        var input = PipeReader.Create(tls, new StreamPipeReaderOptions(
            bufferSize: BufferBytes, leaveOpen: true, useZeroByteReads: true));
        var output = PipeWriter.Create(tls, new StreamPipeWriterOptions(
            minimumBufferSize: BufferBytes, leaveOpen: true));
        connection.Transport = new DuplexPipe(input, output);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            connection.Transport = narrow;
            await input.CompleteAsync().ConfigureAwait(false);
            await Complete(output).ConfigureAwait(false);
        }
    }

    private static async Task Complete(PipeWriter output)
    {
        try
        {
            await output.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // What was left could not be sent: the peer has gone, and nobody is there to be told.
        }
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
