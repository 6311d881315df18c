using K42.Linux.V1;

namespace K42.Client;

/// <summary>An open file as a <see cref="Stream"/>: a descriptor of a task.</summary>
/// <remarks>
/// Files that have an offset are read ahead and written behind: several transfers are under way at once, so
/// what a read gives may be older than another program's latest write, and an error of a write may come with
/// a later write, with the flush, or with the dispose. Pipes and devices are read and written one transfer at
/// a time. Not safe for two operations at once. Prefer the asynchronous methods: the others wait for them.
/// </remarks>
public sealed partial class K42Stream : Stream
{
    /// <summary>Bytes of one transfer: what one call of the file's server carries, so that nothing on the
    /// way has to put pieces together.</summary>
    public const int TransferBytes = 64 * 1024;

    /// <summary>Transfers under way at once.</summary>
    public const int TransfersMax = 32;

    private readonly bool _ownsDescriptor;
    private readonly Queue<(long Offset, Task<Completion> Done)> _ahead = new();
    private readonly Queue<(int Bytes, Task<int> Done)> _behind = new();
    private ReadOnlyMemory<byte> _rest;
    private long _position;
    private long _nextAhead;
    private bool _disposed;

    private K42Stream(K42Task task, int fd, bool canRead, bool canWrite, bool canSeek, bool ownsDescriptor)
    {
        (Task, Descriptor) = (task, fd);
        (CanRead, CanWrite, CanSeek) = (canRead, canWrite, canSeek);
        _ownsDescriptor = ownsDescriptor;
    }

    /// <summary>Whose descriptor it is.</summary>
    public K42Task Task { get; }

    /// <summary>The descriptor.</summary>
    public int Descriptor { get; }

    /// <inheritdoc/>
    public override bool CanRead { get; }

    /// <inheritdoc/>
    public override bool CanSeek { get; }

    /// <inheritdoc/>
    public override bool CanWrite { get; }

    /// <summary>The size, asked of the file.</summary>
    public override long Length => Wait(LengthAsync());

    /// <inheritdoc/>
    public override long Position
    {
        get => CanSeek ? _position : throw new NotSupportedException("it has no offset");
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <summary>Opens a file.</summary>
    /// <param name="flags"><see cref="OpenFlags"/>. With Append, writes are one at a time.</param>
    /// <param name="mode">Permission bits of a new file.</param>
    /// <exception cref="K42Exception">It can't be opened.</exception>
    public static async Task<K42Stream> OpenAsync(
        K42Task task, string path, int flags, uint mode = 0x1b6, CancellationToken cancellation = default)
    {
        var fd = await task.OpenAsync(path, flags | OpenFlags.CloseOnExec, mode,
            cancellation).ConfigureAwait(false);
        return await OverAsync(task, fd, flags, ownsDescriptor: true, cancellation).ConfigureAwait(false);
    }

    /// <summary>A stream over a descriptor, from the descriptor's offset on.</summary>
    /// <param name="flags">How it was opened.</param>
    /// <param name="ownsDescriptor">Whether disposing the stream closes the descriptor.</param>
    public static async Task<K42Stream> OverAsync(K42Task task, int fd, int flags, bool ownsDescriptor,
        CancellationToken cancellation = default)
    {
        var access = flags & 3;
        var (canRead, canWrite) = (access != OpenFlags.WriteOnly, access != OpenFlags.ReadOnly);
        var at = await task.CallAsync(SystemCalls.Lseek(fd, 0, (int)SeekOrigin.Current), cancellation)
            .ConfigureAwait(false);
        var type = at.Errno == 0
            ? (await task.StatAsync(fd, cancellation).ConfigureAwait(false)).Mode & 0xf000 : 0;
        // Only a regular file has contents by offset; an appending writer leaves the offset to the server.
        var canSeek = type == 0x8000 && (flags & OpenFlags.Append) == 0;
        var stream = new K42Stream(task, fd, canRead, canWrite, canSeek, ownsDescriptor);
        stream._position = stream._nextAhead = canSeek ? at.Result : 0;
        return stream;
    }

    /// <summary>The size, asked of the file.</summary>
    public async Task<long> LengthAsync(CancellationToken cancellation = default)
    {
        if (!CanSeek) throw new NotSupportedException("it has no length");
        await WrittenAsync(0).ConfigureAwait(false);
        return (await Task.StatAsync(Descriptor, cancellation).ConfigureAwait(false)).Size;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        if (!CanSeek) throw new NotSupportedException("it has no offset");
        var target = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => Length + offset,
        };
        if (target < 0) throw new IOException("an offset can't be negative");
        if (target != _position) ForgetAhead(target);
        return _position = target;
    }

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        Wait(WrittenAsync(0));
        Wait(Task.MakeAsync(SystemCalls.Ftruncate(Descriptor, value)));
        ForgetAhead(_position);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        Wait(ReadAsync(buffer.AsMemory(offset, count)).AsTask());

    /// <inheritdoc/>
    public override Task<int> ReadAsync(
        byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        Wait(WriteAsync(buffer.AsMemory(offset, count)).AsTask());

    /// <inheritdoc/>
    public override Task WriteAsync(
        byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Waits until all that was written has been taken by the file. It is not fsync(2).</summary>
    public override void Flush() => Wait(WrittenAsync(0));

    /// <summary>Waits until all that was written has been taken by the file. It is not fsync(2).</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => WrittenAsync(0);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            await WrittenAsync(0).ConfigureAwait(false);
        }
        finally
        {
            if (_ownsDescriptor) await Task.CallAsync(SystemCalls.Close(Descriptor)).ConfigureAwait(false);
        }
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Wait(DisposeAsync().AsTask());
        base.Dispose(disposing);
    }

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
