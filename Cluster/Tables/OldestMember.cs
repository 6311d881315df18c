using Akka.Actor;
using Akka.Cluster;
using K42.Cluster.Membership;

namespace K42.Cluster.Tables;

/// <summary>The members as one actor saw them, and the oldest, which is the grantor until it is
/// removed.</summary>
/// <remarks>The oldest only ever changes by its removal, so a node that names a new one is done with the
/// old.</remarks>
internal sealed class OldestMember
{
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private Member? _oldest;

    /// <summary>The grantor's address, or null before any member is known.</summary>
    public UniqueAddress? Address => _oldest?.UniqueAddress;

    /// <summary>All members, in no order.</summary>
    public IReadOnlyCollection<UniqueAddress> All => _members.Keys;

    /// <summary>True unless the grantor is on its way out.</summary>
    public bool IsStaying(UniqueAddress address) =>
        _members.TryGetValue(address, out var member) && member.Status == MemberStatus.Up;

    /// <summary>Takes an event of Akka.Cluster.</summary>
    /// <returns>True when the set of members changed.</returns>
    public bool Apply(ClusterEvent.IMemberEvent change)
    {
        var member = change.Member;
        if (change is ClusterEvent.MemberRemoved)
        {
            var removed = _members.Remove(member.UniqueAddress);
            Find();
            return removed;
        }
        if (change is ClusterEvent.MemberJoined or ClusterEvent.MemberWeaklyUp) return false;
        // A node that joined and went away again before it was up has no age, and holds nothing.
        var isNew = !_members.ContainsKey(member.UniqueAddress);
        if (isNew && change is not (ClusterEvent.MemberUp or ClusterEvent.MemberLeft)) return false;
        _members[member.UniqueAddress] = member;
        Find();
        return isNew;
    }

    private void Find()
    {
        _oldest = null;
        foreach (var member in _members.Values)
            if (_oldest == null || member.IsOlderThan(_oldest)) _oldest = member;
    }

    /// <summary>An actor of the given name under a member's <see cref="ClusterRoot"/>.</summary>
    public static ActorSelection At(IActorContext context, UniqueAddress address, string name) =>
        context.ActorSelection(new RootActorPath(address.Address) / "user" / ClusterRoot.Name / name);
}
