using System.Buffers.Binary;
using System.Text;

namespace K42.Kernel.Ipc.Links;

/// <summary>Why a connection was not let in. Numbers are on the wire and forever.</summary>
public enum LinkRefusal : byte
{
    /// <summary>Not refused.</summary>
    None = 0,

    /// <summary>The peer belongs to another cluster.</summary>
    OtherCluster = 1,

    /// <summary>Hello names another node or incarnation than this one.</summary>
    WrongTarget = 2,

    /// <summary>The membership does not know the peer (yet); trying again is right.</summary>
    UnknownPeer = 3,

    /// <summary>The peer's incarnation was removed, or a later one is a member.</summary>
    RemovedPeer = 4,

    /// <summary>The certificate belongs to another node than the one that Hello claims.</summary>
    WrongCertificateName = 5,

    /// <summary>No protocol version is known to both.</summary>
    NoCommonProtocol = 6,

    /// <summary>The session that the peer wants to resume has ended here.</summary>
    SessionGone = 7,

    /// <summary>The previous connection is still delivering; trying again is right.</summary>
    Busy = 8,

    /// <summary>The wrong side dialled: the lower node dials the higher.</summary>
    WrongDirection = 9,

    /// <summary>Something other than Hello came first, or it could not be read.</summary>
    Malformed = 10,

    /// <summary>The TLS handshake failed: no certificate, another authority's, or an expired one.</summary>
    Tls = 11,

    /// <summary>Too many connections are in their handshake.</summary>
    TooMany = 12,

    /// <summary>The handshake took longer than it may.</summary>
    TimedOut = 13,

    /// <summary>A later connection was accepted since; the dialler has given this one up.</summary>
    Stale = 14,
}

/// <summary>A connection is not let in.</summary>
public sealed class LinkRefusedException : Exception
{
    /// <summary>Says why, for the peer and for the log.</summary>
    public LinkRefusedException(LinkRefusal reason, string message) : base(message) => Reason = reason;

    /// <summary>The kind of refusal.</summary>
    public LinkRefusal Reason { get; }

    /// <summary>The Refusal record of it.</summary>
    internal byte[] ToRecord()
    {
        var text = Encoding.UTF8.GetBytes(Message);
        var length = 1 + Math.Min(text.Length, LinkWire.RefusalBytesMax - 1);
        var record = new byte[LinkWire.HeaderBytes + length];
        LinkWire.WriteHeader(record, length, RecordKind.Refusal, 0);
        record[LinkWire.HeaderBytes] = (byte)Reason;
        text.AsSpan(0, length - 1).CopyTo(record.AsSpan(LinkWire.HeaderBytes + 1));
        return record;
    }

    /// <summary>Reads the body of a Refusal record; unknown reasons are kept as numbers.</summary>
    internal static LinkRefusedException FromBody(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) throw new LinkProtocolException("an empty Refusal");
        // The text is the peer's: it goes into our log without control characters.
        var text = Encoding.UTF8.GetString(body[1..]);
        var clean = string.Create(text.Length, text, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) ? '?' : from[i];
        });
        return new LinkRefusedException((LinkRefusal)body[0], clean);
    }
}
