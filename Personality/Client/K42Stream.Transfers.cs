using K42.Linux.V1;

namespace K42.Client;

public sealed partial class K42Stream
{
    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!CanRead) throw new NotSupportedException("it was not opened for reading");
        if (buffer.IsEmpty) return 0;
        if (_rest.IsEmpty) _rest = await NextAsync(buffer.Length, cancellationToken).ConfigureAwait(false);
        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        _position += count;
        return count;
    }

    /// <inheritdoc/>
    public override async Task CopyToAsync(
        Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_rest.IsEmpty) _rest =
                await NextAsync(TransferBytes, cancellationToken).ConfigureAwait(false);
            if (_rest.IsEmpty) return;
            await destination.WriteAsync(_rest, cancellationToken).ConfigureAwait(false);
            _position += _rest.Length;
            _rest = default;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!CanWrite) throw new NotSupportedException("it was not opened for writing");
        if (CanSeek && CanRead) ForgetAhead(_position);
        while (!buffer.IsEmpty)
        {
            var piece = buffer[..Math.Min(buffer.Length, TransferBytes)];
            if (CanSeek)
            {
                await WrittenAsync(TransfersMax - 1).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                // The caller may change its buffer as soon as this returns.
                _behind.Enqueue((piece.Length, WriteWhole(piece.ToArray(), _position)));
                _position += piece.Length;
                buffer = buffer[piece.Length..];
            }
            else
            {
                var written =
                    await Task.WriteAsync(Descriptor, piece, cancellationToken).ConfigureAwait(false);
                buffer = buffer[written..];
            }
        }
    }

    // The next bytes in order; none at the end.
    private async ValueTask<ReadOnlyMemory<byte>> NextAsync(int wanted, CancellationToken cancellation)
    {
        if (!CanSeek)
            return await Task.ReadAsync(Descriptor, Math.Min(wanted, TransferBytes),
                cancellation).ConfigureAwait(false);
        await WrittenAsync(0).ConfigureAwait(false);
        while (true)
        {
            ReadAhead();
            // Taken out only once it is there: a read that is cancelled leaves it to the next.
            var (offset, done) = _ahead.Peek();
            var completion = await done.WaitAsync(cancellation).ConfigureAwait(false);
            _ahead.Dequeue();
            if (completion.Errno != 0)
            {
                ForgetAhead(_position);
                throw new K42Exception((Errno)completion.Errno, "pread64", null, completion.Skipped);
            }
            if (offset != _position) continue;
            var data = completion.Data.Memory;
            // A short transfer leaves a gap before those behind it: begin again after it.
            if (data.Length < TransferBytes) ForgetAhead(_position + data.Length);
            return data;
        }
    }

    private void ReadAhead()
    {
        // The window grows from one transfer, so that a small file costs one call. It is filled up when half
        // empty, so that the calls leave together and not one message each.
        if (_ahead.Count > _window / 2) return;
        var window = Math.Min(_window, (int)Math.Max(1, Task.Session.Limits.CallsMax / 2));
        _window = Math.Min(_window * 2, TransfersMax);
        var batch = Task.NewBatch();
        for (var i = _ahead.Count; i < window; i++)
        {
            var call = SystemCalls.Pread64(Descriptor, TransferBytes, _nextAhead);
            _ahead.Enqueue((_nextAhead, batch.Add(call).Completion));
            _nextAhead += TransferBytes;
        }
        batch.Post();
    }

    private int _window = 1;

    private void ForgetAhead(long position)
    {
        _ahead.Clear();
        _rest = default;
        _nextAhead = position;
        _window = 1;
    }

    private async Task<int> WriteWhole(ReadOnlyMemory<byte> data, long offset)
    {
        var count = data.Length;
        while (!data.IsEmpty)
        {
            var written = await Task.WriteAtAsync(Descriptor, data, offset).ConfigureAwait(false);
            data = data[written..];
            offset += written;
        }
        return count;
    }

    // Waits until at most so many writes are under way; the first that failed throws.
    private async Task WrittenAsync(int underWayMax)
    {
        while (_behind.Count > underWayMax) await _behind.Dequeue().Done.ConfigureAwait(false);
    }
}
