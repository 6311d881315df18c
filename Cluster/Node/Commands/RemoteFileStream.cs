using K42.Client;

namespace K42.Node.Commands;

/// <summary>A file of the cluster as a stream, read or written from one end to the other.</summary>
internal sealed class RemoteFileStream(K42Task task, int fd, bool writes) : Stream
{
    private long _position;

    public override bool CanRead => !writes;

    public override bool CanWrite => writes;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException("a sequential stream has no length");

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException("a sequential stream can't seek");
    }

    /// <summary>Opens a file for reading.</summary>
    public static async Task<RemoteFileStream> ReadAsync(K42Task task, string path) =>
        new(task, await task.OpenAsync(path, OpenFlags.ReadOnly).ConfigureAwait(false), writes: false);

    /// <summary>Makes a file, or empties it, for writing.</summary>
    public static async Task<RemoteFileStream> CreateAsync(K42Task task, string path) =>
        new(task, await task.OpenAsync(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate,
            0x1B6).ConfigureAwait(false), writes: true);

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var bytes = await task.ReadAsync(fd, buffer.Length, cancellationToken).ConfigureAwait(false);
        bytes.CopyTo(buffer);
        _position += bytes.Length;
        return bytes.Length;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var taken = await task.WriteAsync(fd, buffer, cancellationToken).ConfigureAwait(false);
            _position += taken;
            buffer = buffer[taken..];
        }
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("a sequential stream can't seek");

    public override void SetLength(long value) =>
        throw new NotSupportedException("a sequential stream has no length");

    public override async ValueTask DisposeAsync() => await task.CloseAsync(fd).ConfigureAwait(false);
}
