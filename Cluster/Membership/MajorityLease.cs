namespace K42.Cluster.Membership;

/// <summary>A node's right to serve: it lasts T1 from the moment at which a majority was last asked and
/// answered.</summary>
/// <remarks>Time counts from when the question was *sent*, so however late the answer comes, every supporter
/// stopped supporting no earlier than the right ends. Pure: times come in, and one thread uses it.</remarks>
/// <param name="fenceTicks">T1 in ticks of the clock that the times come from.</param>
internal sealed class MajorityLease(long fenceTicks)
{
    private readonly Dictionary<int, long> _supportedAt = [];

    /// <summary>A member that is not this node was accepted. To a node that was alone that itself counts as
    /// its support at this time; otherwise it never extends the right, however late it is learnt: the
    /// newcomer counts as heard no later than the majority was that there is.</summary>
    public void Add(int uid, long now) => _supportedAt.TryAdd(uid, Math.Min(now, Bound()));

    /// <summary>A member is gone, and no longer part of what a majority is of.</summary>
    public void Remove(int uid) => _supportedAt.Remove(uid);

    /// <summary>A member answered what was sent at a time.</summary>
    public void Support(int uid, long sentAt)
    {
        if (_supportedAt.TryGetValue(uid, out var before) && sentAt > before) _supportedAt[uid] = sentAt;
    }

    /// <summary>Until when this node may serve, on the same clock; <see cref="long.MaxValue"/> when
    /// alone.</summary>
    public long ServesUntil()
    {
        var bound = Bound();
        return bound == long.MaxValue ? bound : bound + fenceTicks;
    }

    /// <summary>When the last one was heard whom a majority needs.</summary>
    private long Bound()
    {
        // Of n members a majority is n/2 + 1; this node is one of them, so n/2 others must stand behind it.
        var others = (_supportedAt.Count + 1) / 2;
        if (others == 0) return long.MaxValue;
        var times = _supportedAt.Values.ToArray();
        Array.Sort(times);
        return times[^others];
    }
}
