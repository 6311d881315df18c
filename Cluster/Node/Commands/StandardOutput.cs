using System.Runtime.InteropServices;

namespace K42.Node.Commands;

/// <summary>Standard output for bytes, which tells when nobody reads it any more: .NET's own goes on as if
/// somebody did. It writes where the descriptor stands, which other programs may share.</summary>
internal sealed partial class StandardOutput : Stream
{
    private const int Descriptor = 1;
    private const int BrokenPipe = 32, Interrupted = 4, NotNow = 11; // EPIPE, EINTR, EAGAIN: errno(3)
    private const short Writable = 4; // POLLOUT, poll(2)

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="ReaderGoneException">Nobody reads it any more.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var taken = Write(Descriptor, buffer, (nuint)buffer.Length);
            if (taken >= 0)
            {
                buffer = buffer[(int)taken..];
                continue;
            }
            var error = Marshal.GetLastPInvokeError();
            if (error == BrokenPipe) throw new ReaderGoneException();
            if (error == NotNow) WaitUntilWritable();
            else if (error != Interrupted)
                throw new IOException($"standard output: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is kept back.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private static void WaitUntilWritable()
    {
        var wanted = new Poll { Descriptor = Descriptor, Events = Writable };
        _ = WaitFor(ref wanted, 1, -1);
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int WaitFor(ref Poll wanted, nuint count, int milliseconds);

    private struct Poll // struct pollfd, poll(2)
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

/// <summary>Whoever read standard output reads no further; the program ends without a word.</summary>
internal sealed class ReaderGoneException() : Exception("Nobody reads standard output.");
