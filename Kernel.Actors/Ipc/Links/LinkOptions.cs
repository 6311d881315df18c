using Akka.Configuration;

namespace K42.Kernel.Ipc.Links;

/// <summary>Every setting of links. Defaults and meanings are mirrored in
/// hocon/reference/links.conf.</summary>
public sealed record LinkOptions
{
    /// <summary>The largest frame: a full buffer of 64 KiB and room for what goes with it.</summary>
    public const int FrameBytesMax = 65_536 + 4_096;

    /// <summary>Bytes of calls that the peer may have in transit to us before we acknowledge some.</summary>
    public int CallCreditBytes { get; init; } = 524_288;

    /// <summary>Bytes of bulk frames that the peer may have in transit to us.</summary>
    public int BulkCreditBytes { get; init; } = 524_288;

    /// <summary>Bytes of reserved frames that the peer may have in transit to us.</summary>
    public int ReservedCreditBytes { get; init; } = 524_288;

    /// <summary>Most bytes per class kept for replay; caps the credit that a peer grants us.</summary>
    public int ReplayBytesMax { get; init; } = 8_388_608;

    /// <summary>Bytes of calls held (waiting, or sent and unacknowledged) beyond which Send
    /// refuses.</summary>
    public int CallQueueBytesMax { get; init; } = 4_194_304;

    /// <summary>Bytes of bulk frames held beyond which Send refuses.</summary>
    public int BulkQueueBytesMax { get; init; } = 4_194_304;

    /// <summary>Bytes of reserved frames held beyond which the link ends: its peer takes no
    /// replies.</summary>
    public int ReservedQueueBytesMax { get; init; } = 67_108_864;

    /// <summary>Bytes delivered after which an acknowledgement goes out alone, without waiting for
    /// company.</summary>
    public int AckBytes { get; init; } = 131_072;

    /// <summary>How long an acknowledgement of less than <see cref="AckBytes"/> waits for a frame to ride
    /// on.</summary>
    public TimeSpan AckDelay { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Bytes written during a delivered batch that are flushed without waiting for its
    /// end.</summary>
    public int CorkBytes { get; init; } = 65_536;

    /// <summary>Size of the buffer that one wake-up of a reader fills.</summary>
    public int ReadBufferBytes { get; init; } = 262_144;

    /// <summary>How long a reader looks for bytes before it blocks, while recent waits were short; zero for
    /// never. Not used on a machine with one processor.</summary>
    public TimeSpan SpinBudget { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>How long a session waits for a connection before it ends.</summary>
    public TimeSpan ResumeMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A connection that was silent this long is sent an acknowledgement.</summary>
    public TimeSpan KeepaliveInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A connection that brought nothing for this long is given up, and another is tried.</summary>
    public TimeSpan KeepaliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for connecting, TLS and Hello together.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First wait before a dead connection is dialled again; doubles at each failure.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Longest wait between two dials; the true wait is between half of it and all of it.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Accepted connections that may be in their handshake at once; beyond it the oldest that has
    /// shown no certificate is closed.</summary>
    public int HandshakesMax { get; init; } = 64;

    /// <summary>Bytes after which a connection is replaced by a fresh one with fresh TLS keys.</summary>
    public long RekeyBytes { get; init; } = 68_719_476_736;

    /// <summary>Reads the settings below k42.link; what is absent keeps its default.</summary>
    /// <param name="config">The whole configuration.</param>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static LinkOptions From(Config config)
    {
        var link = config.GetConfig("k42.link");
        var d = new LinkOptions();
        if (link is null || link.IsEmpty) return d;
        return new LinkOptions
        {
            CallCreditBytes = Bytes(link, "call-credit-bytes", d.CallCreditBytes),
            BulkCreditBytes = Bytes(link, "bulk-credit-bytes", d.BulkCreditBytes),
            ReservedCreditBytes = Bytes(link, "reserved-credit-bytes", d.ReservedCreditBytes),
            ReplayBytesMax = Bytes(link, "replay-bytes-max", d.ReplayBytesMax),
            CallQueueBytesMax = Bytes(link, "call-queue-bytes-max", d.CallQueueBytesMax),
            BulkQueueBytesMax = Bytes(link, "bulk-queue-bytes-max", d.BulkQueueBytesMax),
            ReservedQueueBytesMax = Bytes(link, "reserved-queue-bytes-max", d.ReservedQueueBytesMax),
            AckBytes = Bytes(link, "ack-bytes", d.AckBytes),
            AckDelay = link.GetTimeSpan("ack-delay", d.AckDelay),
            CorkBytes = Bytes(link, "cork-bytes", d.CorkBytes),
            ReadBufferBytes = Bytes(link, "read-buffer-bytes", d.ReadBufferBytes),
            SpinBudget = link.GetTimeSpan("spin-budget", d.SpinBudget),
            ResumeMax = link.GetTimeSpan("resume-max", d.ResumeMax),
            KeepaliveInterval = link.GetTimeSpan("keepalive-interval", d.KeepaliveInterval),
            KeepaliveTimeout = link.GetTimeSpan("keepalive-timeout", d.KeepaliveTimeout),
            HandshakeTimeout = link.GetTimeSpan("handshake-timeout", d.HandshakeTimeout),
            BackoffMin = link.GetTimeSpan("backoff-min", d.BackoffMin),
            BackoffMax = link.GetTimeSpan("backoff-max", d.BackoffMax),
            HandshakesMax = link.GetInt("handshakes-max", d.HandshakesMax),
            RekeyBytes = link.GetByteSize("rekey-bytes") ?? d.RekeyBytes,
        }.Checked();
    }

    /// <summary>This, when every value is in its range.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public LinkOptions Checked()
    {
        Require(ReadBufferBytes >= 2 * FrameBytesMax, "read-buffer-bytes must hold two frames (139,264)");
        Require(CallQueueBytesMax > FrameBytesMax, "call-queue-bytes-max must hold a frame");
        Require(BulkQueueBytesMax > FrameBytesMax, "bulk-queue-bytes-max must hold a frame");
        Require(ReservedQueueBytesMax > FrameBytesMax, "reserved-queue-bytes-max must hold a frame");
        Require(AckBytes > 0 && AckBytes <= CallCreditBytes && AckBytes <= BulkCreditBytes
            && AckBytes <= ReservedCreditBytes, "ack-bytes must be positive and no more than any credit");
        Require(AckDelay > TimeSpan.Zero, "ack-delay must be positive");
        Require(SpinBudget >= TimeSpan.Zero && SpinBudget <= TimeSpan.FromMilliseconds(1),
            "spin-budget must be at most 1 ms");
        Require(ResumeMax > TimeSpan.Zero, "resume-max must be positive");
        Require(KeepaliveInterval > TimeSpan.Zero && KeepaliveTimeout >= KeepaliveInterval * 2,
            "keepalive-timeout must be at least twice keepalive-interval");
        Require(BackoffMin > TimeSpan.Zero && BackoffMax >= BackoffMin,
            "backoff-max must be at least backoff-min");
        Require(HandshakeTimeout > TimeSpan.Zero && HandshakesMax > 0, "handshake limits must be positive");
        Require(RekeyBytes >= 1_048_576, "rekey-bytes must be at least 1 MiB");
        return this;
    }

    private static int Bytes(Config link, string key, int otherwise) =>
        (int)Math.Min(int.MaxValue, link.GetByteSize(key) ?? otherwise);

    private static void Require(bool holds, string sentence)
    {
        if (!holds) throw new ArgumentException($"k42.link: {sentence}.");
    }
}
