using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;

namespace K42.TestKit.Links;

/// <summary>How the simulated network behaves.</summary>
public sealed record SimulatedLinkSettings
{
    /// <summary>The shortest time that bytes are under way.</summary>
    public TimeSpan LatencyMin { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>The longest time; each write draws its own, but never overtakes the one before.</summary>
    public TimeSpan LatencyMax { get; init; } = TimeSpan.FromMicroseconds(500);

    /// <summary>Bytes under way beyond which a writer is told to wait, like a full socket.</summary>
    public int SocketBytes { get; init; } = 262_144;

    /// <summary>True: what was written arrives in pieces of random size, as TCP may cut it.</summary>
    public bool Fragment { get; init; } = true;
}

/// <summary>A network in one process over the clock that is given: links that can be cut, parted, paused and
/// killed. Like TCP it never reorders or loses bytes while a connection lives.</summary>
/// <remarks>Not thread-safe: the clock runs everything in one order, which with one seed is always the same.
/// The peer's name, which a certificate proves on a real link, is here that of the node that owns the
/// transport.
/// </remarks>
public sealed class SimulatedLinks(
    IClock clock, IRandomness randomness, SimulatedLinkSettings? settings = null)
{
    private readonly Dictionary<NodeRef, SimulatedTransport> _nodes = [];
    private readonly HashSet<(NodeRef, NodeRef)> _parted = [];
    private readonly HashSet<NodeRef> _paused = [];
    private readonly List<SimulatedConnection> _connections = [];

    internal IClock Clock { get; } = clock;

    internal SimulatedLinkSettings Settings { get; } = settings ?? new SimulatedLinkSettings();

    /// <summary>Connections that are alive now.</summary>
    public int Connections => _connections.Count;

    /// <summary>The transport of one node; give it to that node's <see cref="LinkTable"/>.</summary>
    /// <param name="member">The node.</param>
    /// <param name="certifiedName">The name that its certificate would prove; its own when null.</param>
    public ILinkTransport For(Member member, string? certifiedName = null) =>
        _nodes[member.Node] = new SimulatedTransport(this, member.Node, certifiedName ?? member.Name);

    /// <summary>Resets the connections between two nodes: of the bytes under way a random part
    /// arrives.</summary>
    public void Cut(NodeRef one, NodeRef other)
    {
        foreach (var connection in Between(one, other)) connection.Reset();
    }

    /// <summary>From now on nothing passes between two nodes, and neither notices: bytes wait.</summary>
    public void Part(NodeRef one, NodeRef other) => _parted.Add(Pair(one, other));

    /// <summary>Ends <see cref="Part"/>: what waited is delivered.</summary>
    public void Heal(NodeRef one, NodeRef other)
    {
        _parted.Remove(Pair(one, other));
        foreach (var connection in Between(one, other)) connection.Wake();
    }

    /// <summary>A node stops reading; its timers go on.</summary>
    public void Pause(NodeRef node) => _paused.Add(node);

    /// <summary>A paused node reads again.</summary>
    public void Resume(NodeRef node)
    {
        _paused.Remove(node);
        foreach (var connection in _connections.ToArray()) connection.Wake();
    }

    /// <summary>A node is gone: its connections reset, it makes and takes no more, and hears
    /// nothing.</summary>
    public void Kill(NodeRef node)
    {
        if (!_nodes.Remove(node)) return;
        foreach (var connection in _connections.ToArray())
        {
            if (connection.Touches(node)) connection.Reset();
        }
    }

    /// <summary>True for a node that was not killed.</summary>
    public bool IsAlive(NodeRef node) => _nodes.ContainsKey(node);

    internal bool IsParted(NodeRef one, NodeRef other) => _parted.Contains(Pair(one, other));

    internal bool IsPaused(NodeRef node) => _paused.Contains(node);

    internal int Below(int bound) => bound <= 0 ? 0 : (int)(randomness.Next() % (ulong)bound);

    internal TimeSpan Latency()
    {
        var spread = Settings.LatencyMax.Ticks - Settings.LatencyMin.Ticks;
        var more = spread <= 0 ? 0 : (long)(randomness.Next() % (ulong)spread);
        return Settings.LatencyMin + TimeSpan.FromTicks(more);
    }

    internal void Forget(SimulatedConnection connection) => _connections.Remove(connection);

    /// <summary>After the time of a round trip, a connection or a failure.</summary>
    internal void Dial(SimulatedTransport from, LinkSession session, Member member) =>
        Clock.Schedule(Latency() + Latency(), _ =>
        {
            if (!IsAlive(from.Node)) return;
            if (!_nodes.TryGetValue(member.Node, out var to) || to.Table is null || from.Table is null
                || IsParted(from.Node, member.Node) || IsPaused(member.Node) || IsPaused(from.Node))
            {
                session.ConnectionLost(null);
                return;
            }
            var connection = new SimulatedConnection(this, from, to, session);
            _connections.Add(connection);
            connection.Begin();
        }, null);

    private SimulatedConnection[] Between(NodeRef one, NodeRef other) =>
        [.. _connections.Where(connection => connection.Touches(one) && connection.Touches(other))];

    private static (NodeRef, NodeRef) Pair(NodeRef one, NodeRef other) =>
        one < other ? (one, other) : (other, one);
}

/// <summary>One node's end of the simulated network.</summary>
internal sealed class SimulatedTransport(SimulatedLinks network, NodeRef node, string certifiedName)
    : ILinkTransport
{
    public NodeRef Node { get; } = node;

    public string CertifiedName { get; } = certifiedName;

    public LinkTable? Table { get; private set; }

    public void Start(LinkTable table) => Table = table;

    public void Dial(LinkSession session, Member member) => network.Dial(this, session, member);

    public void Dispose()
    {
        Table = null;
        network.Kill(Node);
    }
}
