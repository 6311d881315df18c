using System.Collections.Concurrent;

using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Personality.Linux;

/// <summary>Which nodes were removed from the membership, and the pipes on them with all their
/// ends.</summary>
/// <remarks>
/// A node that this one never knew as a member is not called lost: it may be so new that word of it is still
/// on its way. Safe for use by many threads. </remarks>
internal sealed class LostHomes : IMembershipListener
{
    private readonly ConcurrentDictionary<ushort, uint> _newestSeen = new();
    private readonly IMembership _membership;

    public LostHomes(IMembership membership)
    {
        _membership = membership;
        membership.Subscribe(this);
    }

    /// <summary>What a call on a pipe answers whose node died, or the error as it is.</summary>
    /// <param name="file">What was called.</param>
    /// <param name="errno">How the call failed.</param>
    /// <param name="lost">What it is when the pipe is lost: None for readers, EPIPE for writers.</param>
    /// <remarks>
    /// All of a lost pipe's ends on other nodes see that the other end is closed. A write that may have run
    /// before its node died is EPIPE as well, as one that did not: bytes that a pipe took promise nothing
    /// about a reader, and since no byte enters the pipe any more, nothing can arrive twice. </remarks>
    public Errno Answer(OpenFile file, Errno errno, Errno lost) =>
        errno is Errno.EIO or Errno.NotRun or Errno.MayHaveRun && IsLostPipe(file) ? lost : errno;

    /// <summary>Whether it is a pipe on a node that was removed.</summary>
    public bool IsLostPipe(OpenFile file) =>
        file.Type == Abi.FileMode.S_IFIFO && IsRemoved(file.Client.Handle.Node);

    void IMembershipListener.MemberUp(Member member) => _newestSeen.AddOrUpdate(
        member.Node.Id, member.Node.Incarnation,
        (_, seen) => Math.Max(seen, member.Node.Incarnation));

    void IMembershipListener.MemberRemoved(NodeRef node)
    {
    }

    // The list of members is changed before links to the removed one end, and so before their calls fail.
    private bool IsRemoved(NodeRef node)
    {
        if (_newestSeen.GetValueOrDefault(node.Id) < node.Incarnation) return false;
        foreach (var member in _membership.Members)
        {
            if (member.Node == node) return false;
        }
        return true;
    }
}
