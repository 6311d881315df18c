using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

/// <summary>One connection's way out: an ordered, reliable, authenticated flow of bytes.</summary>
/// <remarks>A <see cref="LinkConduit"/> calls the three writers one at a time, never concurrently.</remarks>
public interface ILinkPipe
{
    /// <summary>Takes all bytes without ever blocking the caller.</summary>
    /// <returns>False when not all of them could leave yet: then the pipe sends the rest on a thread of its
    /// own and calls <see cref="LinkConduit.ContinueFlush"/> from it; nobody writes before that.</returns>
    /// <exception cref="IOException">The connection is dead (other exceptions are taken the same
    /// way).</exception>
    bool TryWrite(ReadOnlySpan<byte> bytes);

    /// <summary>Writes all bytes, blocking if it must. Called only from the pipe's own thread.</summary>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Makes the pipe's own thread call <see cref="LinkConduit.ContinueFlush"/>.</summary>
    void HandOver();

    /// <summary>Kills the connection; any thread, any number of times, returns at once. The transport then
    /// reports the conduit closed.</summary>
    void Abort();
}

/// <summary>Makes connections.</summary>
public interface ILinkTransport : IDisposable
{
    /// <summary>Begins to accept, giving each connection to the table.</summary>
    void Start(LinkTable table);

    /// <summary>Tries once to connect; returns at once. Ends in exactly one call of
    /// <see cref="LinkSession.ConnectionLost"/>, at once or after the connection lived.</summary>
    void Dial(LinkSession session, Member member);
}

/// <summary>Optional part of a receiver: hears what the peer understands, before any of its frames.</summary>
public interface ILinkGreeter
{
    /// <summary>Called at each connection, on its reader, before frames; the bytes are the peer's
    /// own.</summary>
    void Greeted(ILink link, ulong features, ReadOnlyMemory<byte> catalogue);
}

/// <summary>Optional part of a receiver: hears when a link that refused a Send has room again.</summary>
public interface ILinkRoomListener
{
    /// <summary>At least half of the refusing queue is free. Called on the executor, once per refusal or run
    /// of refusals.</summary>
    void RoomAgain(ILink link);
}
