using K42.Contracts;

namespace K42.Cluster.Membership;

/// <summary>Holds back the news of a node's death until that node can no longer serve: T2 after T1.</summary>
/// <remarks>A node that was cut off from only some of the others may be removed while it still had a
/// majority's support. So each removal waits until every member has said when it last supported the removed
/// node, and until T1 has passed since the last of those; at the latest until T1 has passed since the removal
/// was seen, because whoever took part in it supports the node no more. A crashed node was silent for longer
/// than T1 before its removal, and waits for nothing but one round of answers. Pure: times come in, and one
/// thread uses it.</remarks>
/// <param name="fenceTicks">T1 and a margin, in ticks of the clock that the times come from.</param>
internal sealed class RemovalGate(long fenceTicks)
{
    private sealed class Removal(NodeRef node, int uid, long seenAt, long supportedAt, HashSet<int> unheard)
    {
        public bool IsProved { get; set; }
        public NodeRef Node { get; } = node;
        public int Uid { get; } = uid;
        public long SeenAt { get; } = seenAt;
        public long SupportedAt { get; set; } = supportedAt;
        public HashSet<int> Unheard { get; } = unheard;
    }

    private readonly List<Removal> _removals = [];

    /// <summary>True while a removal waits.</summary>
    public bool IsWaiting => _removals.Count > 0;

    /// <summary>A removal was seen.</summary>
    /// <param name="node">Who.</param>
    /// <param name="uid">Its number.</param>
    /// <param name="now">The time.</param>
    /// <param name="supportedAt">When this node last supported it; null when it never did: then it knows
    /// nothing about the removed node's silence, and waits for T1 from now on.</param>
    /// <param name="members">The numbers of the other members that are left.</param>
    public void Begin(NodeRef node, int uid, long now, long? supportedAt, IEnumerable<int> members) =>
        _removals.Add(new Removal(node, uid, now, supportedAt ?? now, [.. members]));

    /// <summary>A member that is left said when it last supported others.</summary>
    /// <param name="member">Its number.</param>
    /// <param name="askedAt">When this node asked; answers to questions from before the removal do not
    /// count.</param>
    /// <param name="supported">Whom it supported, and when.</param>
    public void Heard(int member, long askedAt, IReadOnlyList<(int Uid, long At)> supported)
    {
        foreach (var removal in _removals)
        {
            foreach (var (uid, at) in supported)
                if (uid == removal.Uid) removal.SupportedAt = Math.Max(removal.SupportedAt, at);
            if (askedAt >= removal.SeenAt) removal.Unheard.Remove(member);
        }
    }

    /// <summary>A member from which an answer may be awaited is itself gone.</summary>
    public void MemberGone(int member)
    {
        foreach (var removal in _removals) removal.Unheard.Remove(member);
    }

    /// <summary>A newer life of the same node exists: the older is certainly over.</summary>
    public void ProvedDead(NodeRef newer)
    {
        foreach (var removal in _removals)
        {
            if (removal.Node.Id != newer.Id || removal.Node.Incarnation >= newer.Incarnation) continue;
            removal.IsProved = true;
        }
    }

    /// <summary>Takes out the nodes whose death may be told now.</summary>
    public IReadOnlyList<NodeRef> TakeDue(long now)
    {
        var due = new List<NodeRef>();
        foreach (var removal in _removals)
        {
            var isSilent = removal.Unheard.Count == 0 && now >= removal.SupportedAt + fenceTicks;
            if (removal.IsProved || isSilent || now >= removal.SeenAt + fenceTicks) due.Add(removal.Node);
        }
        _removals.RemoveAll(removal => due.Contains(removal.Node));
        return due;
    }
}
