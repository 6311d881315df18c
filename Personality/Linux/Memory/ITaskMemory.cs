namespace K42.Personality.Linux.Memory;

/// <summary>A program's memory, by its own addresses. Nothing here throws for a bad address.</summary>
public interface ITaskMemory
{
    /// <summary>How many of the bytes from an address on can be read: 0 to count.</summary>
    long Readable(ulong address, long count);

    /// <summary>How many of the bytes from an address on can be written: 0 to count.</summary>
    long Writable(ulong address, long count);

    /// <summary>Copies in; false, with nothing promised about the span, when not all of it can be
    /// read.</summary>
    bool TryRead(ulong address, Span<byte> into);

    /// <summary>Copies out; false when not all of it can be written.</summary>
    bool TryWrite(ulong address, ReadOnlySpan<byte> from);

    /// <summary>Copies out bytes that stay unchanged, so that an implementation may keep them
    /// instead.</summary>
    bool TryWrite(ulong address, ReadOnlyMemory<byte> from) => TryWrite(address, from.Span);

    /// <summary>Copies in; an implementation may lend its own bytes if they do not change during the
    /// call.</summary>
    bool TryRead(ulong address, int count, out ReadOnlyMemory<byte> bytes)
    {
        var copy = new byte[count];
        bytes = copy;
        return TryRead(address, copy);
    }
}
