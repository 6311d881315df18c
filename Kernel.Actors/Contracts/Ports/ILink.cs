namespace K42.Contracts.Ports;

/// <summary>What a frame is for: how it is ordered, limited and prioritised.</summary>
public enum FrameClass : byte
{
    /// <summary>A call. Waits for credit; refused when too much is queued.</summary>
    Call = 1,

    /// <summary>Replies, cancels, releases and signals: credit and a queue of their own, so that calls can't
    /// use them up; in the order of Send with calls, so that a cancel never overtakes its call.</summary>
    Reserved = 2,

    /// <summary>Bulk data: in order among themselves, not with calls, which wait for at most one piece of it.
    /// Refused when too much is queued.</summary>
    Bulk = 3,
}

/// <summary>Why a link ended for good.</summary>
public enum LinkEnd : byte
{
    /// <summary>The peer's incarnation was removed from the membership.</summary>
    PeerRemoved = 1,

    /// <summary>No connection could be had for link.resume-max.</summary>
    ResumeExpired = 2,

    /// <summary>This node is stopping.</summary>
    Closed = 3,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolError = 4,
}

/// <summary>A session with one incarnation of one peer: frames arrive once, in order, across reconnects.
/// </summary>
public interface ILink
{
    /// <summary>The peer, bound to its node certificate.</summary>
    NodeRef Peer { get; }

    /// <summary>Queues one frame and, when the writer is idle, sends it from this thread.</summary>
    /// <param name="frameClass">See <see cref="FrameClass"/>.</param>
    /// <param name="frame">Copied before this returns; at most 65,536 + 4,096 bytes.</param>
    /// <param name="rest">What follows the frame's first bytes, where it lies elsewhere; the maximum holds
    /// for both together.</param>
    /// <returns>The frame's number, positive and growing within its class; 0 when the link has ended or the
    /// class's queue is full, and then nothing was queued.</returns>
    long Send(FrameClass frameClass, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> rest = default);

    /// <summary>Asked after the link ended: true when the peer can have seen the frame ("may have run"),
    /// false when it certainly has not ("not run").</summary>
    bool MayHaveBeenSeen(long frameNumber);

    /// <summary>True once nothing comes or goes any more; then <see cref="ILinkReceiver.Ended"/> was called
    /// or is about to be.</summary>
    bool HasEnded { get; }
}

/// <summary>Who takes frames from links.</summary>
public interface ILinkReceiver
{
    /// <summary>A batch begins: one wake-up of the link's reader.</summary>
    void BatchBegins(ILink link);

    /// <summary>One frame, valid only during the call. A throw ends the link with ProtocolError.</summary>
    void Frame(ILink link, FrameClass frameClass, ReadOnlySpan<byte> frame);

    /// <summary>The batch is delivered; answers written during it are flushed after this returns.</summary>
    void BatchEnds(ILink link);

    /// <summary>No frame will ever come or go again. Called once.</summary>
    void Ended(ILink link, LinkEnd reason);
}

/// <summary>The links of this node: one per peer incarnation, made on first use.</summary>
public interface ILinkTable
{
    /// <summary>The link to a member, or null when that incarnation is unknown or removed.</summary>
    ILink? To(NodeRef peer);

    /// <summary>The links to every member there is, ordered by peer.</summary>
    IReadOnlyList<ILink> All { get; }
}
