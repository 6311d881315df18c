namespace K42.Kernel.Ipc.Links;

/// <summary>Where links write what an operator should see. May be called from any thread; must not
/// throw.</summary>
public interface ILinkLog
{
    /// <summary>Something expected: a connection opened or resumed.</summary>
    void Info(string message);

    /// <summary>Something to look at: a connection lost or refused, a broken protocol.</summary>
    void Warning(string message);
}

/// <summary>What happened on all links of a node, for metrics and specs. Rare events only: nothing per
/// frame.</summary>
public sealed class LinkCounters
{
    private readonly long[] _refused = new long[32];
    private long _opened;
    private long _resumed;
    private long _lost;
    private long _protocolErrors;
    private long _ended;
    private long _sendsRefused;
    private long _handovers;

    /// <summary>Connections that reached the open state, first ones and resumed ones.</summary>
    public long Opened => Volatile.Read(ref _opened);

    /// <summary>Connections that continued an earlier session.</summary>
    public long Resumed => Volatile.Read(ref _resumed);

    /// <summary>Open connections that were lost.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>Records that broke the protocol.</summary>
    public long ProtocolErrors => Volatile.Read(ref _protocolErrors);

    /// <summary>Sessions that ended.</summary>
    public long Ended => Volatile.Read(ref _ended);

    /// <summary>Sends refused because a queue was full.</summary>
    public long SendsRefused => Volatile.Read(ref _sendsRefused);

    /// <summary>Times that a sender left the writing to the connection's own thread: a full socket, or enough
    /// done for others.</summary>
    public long WriterHandovers => Volatile.Read(ref _handovers);

    /// <summary>Connections refused for one reason, by us or by the peer.</summary>
    public long Refused(LinkRefusal reason) => Volatile.Read(ref _refused[(int)reason & 31]);

    internal void CountOpened(bool resumed)
    {
        Interlocked.Increment(ref _opened);
        if (resumed) Interlocked.Increment(ref _resumed);
    }

    internal void CountLost() => Interlocked.Increment(ref _lost);

    internal void CountProtocolError() => Interlocked.Increment(ref _protocolErrors);

    internal void CountEnded() => Interlocked.Increment(ref _ended);

    internal void CountSendRefused() => Interlocked.Increment(ref _sendsRefused);

    internal void CountHandover() => Interlocked.Increment(ref _handovers);

    internal void CountRefused(LinkRefusal reason) => Interlocked.Increment(ref _refused[(int)reason & 31]);
}
