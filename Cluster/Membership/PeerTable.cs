using Akka.Cluster;
using Member = K42.Contracts.Ports.Member;

namespace K42.Cluster.Membership;

/// <summary>What this node knows of one ActorSystem of the cluster, its own included.</summary>
/// <param name="address">Which.</param>
/// <param name="metAt">When it was first heard of.</param>
internal sealed class Peer(UniqueAddress address, long metAt)
{
    public UniqueAddress Address { get; } = address;
    public long MetAt { get; } = metAt;
    public Member? Told { get; set; }
    public bool IsUp { get; set; }
    public bool IsDown { get; set; }
    public Hello? Hello { get; set; }

    /// <summary>When this node last supported its right to serve; null before the first time.</summary>
    public long? SupportedAt { get; set; }
}

/// <summary>The ActorSystems of the cluster as this node knows them, and whom it supported lately.</summary>
/// <remarks>Pure: times come in, and one thread uses it.</remarks>
/// <param name="own">This node.</param>
/// <param name="supportTicks">How long the support of a node that is gone is remembered, because others may
/// still wait to hear of it.</param>
/// <param name="strangerTicks">How long a node is kept that said who it is and never came up.</param>
internal sealed class PeerTable(UniqueAddress own, long supportTicks, long strangerTicks)
{
    /// <summary>Greetings kept of nodes that Akka.Cluster has not shown yet.</summary>
    public const int StrangersMax = 1_024;

    private readonly Dictionary<UniqueAddress, Peer> _peers = [];
    private readonly Dictionary<int, (long SupportedAt, long GoneAt)> _gone = [];

    /// <summary>All, this node included once it is known.</summary>
    public IEnumerable<Peer> All => _peers.Values;

    /// <summary>All but this node.</summary>
    public IEnumerable<Peer> Others => _peers.Values.Where(peer => !peer.Address.Equals(own));

    /// <summary>The members other than this node. Only they are asked, and only they are awaited.</summary>
    public IEnumerable<Peer> OthersUp => Others.Where(peer => peer.IsUp);

    /// <summary>This node, once it is known.</summary>
    public Peer? Own => Find(own);

    /// <summary>A known one.</summary>
    public Peer? Find(UniqueAddress address) => _peers.GetValueOrDefault(address);

    /// <summary>A known one, or one that is known from now on.</summary>
    public Peer Get(UniqueAddress address, long now)
    {
        if (Find(address) is { } known) return known;
        var peer = new Peer(address, now);
        _peers.Add(address, peer);
        return peer;
    }

    /// <summary>True when somebody who is not known and not up may be kept.</summary>
    public bool HasRoomForStranger => _peers.Values.Count(peer => !peer.IsUp) < StrangersMax;

    /// <summary>Takes out one that is gone; its support is remembered.</summary>
    public Peer? Remove(UniqueAddress address, long now)
    {
        if (!_peers.Remove(address, out var peer)) return null;
        if (peer.SupportedAt is { } at) _gone[address.Uid] = (at, now);
        return peer;
    }

    /// <summary>Whom this node supported, and when: members, and those whose removal others may see
    /// later.</summary>
    public IReadOnlyList<(int Uid, long At)> Supports() =>
    [
        .. from peer in Others
           where peer.SupportedAt != null
           select (peer.Address.Uid, peer.SupportedAt!.Value),
        .. _gone.Select(entry => (entry.Key, entry.Value.SupportedAt)),
    ];

    /// <summary>Drops what is too old to matter.</summary>
    public void Forget(long now)
    {
        foreach (var (uid, support) in _gone)
            if (now >= support.GoneAt + supportTicks) _gone.Remove(uid);
        foreach (var peer in Others.Where(peer => !peer.IsUp && now >= peer.MetAt + strangerTicks).ToArray())
            _peers.Remove(peer.Address);
    }
}
