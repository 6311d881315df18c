using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.Kernel.Ipc.Links;
using K42.TestKit.Links;

namespace K42.TestKit.Simulation;

/// <summary>A cluster in one test: nodes on one thread, virtual time, links that can be cut, parted and
/// delayed, and nodes that can be killed; every choice follows from one seed.</summary>
/// <example><code>
/// using var cluster = new SimulatedCluster(seed: 7, MyCatalogue.NewRequest);
/// var (one, two) = (cluster.AddNode(), cluster.AddNode());
/// cluster.Run(async () => { ... await client.Read(4); cluster.Kill(two); ... });
/// </code></example>
public sealed class SimulatedCluster : IDisposable
{
    private readonly List<SimulatedNode> _nodes = [];
    private ushort _lastId;

    /// <summary>An empty cluster.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="requests">Makes requests of a contract's call: a catalogue's NewRequest.</param>
    /// <param name="links">How the network behaves.</param>
    public SimulatedCluster(
        ulong seed, Func<ushort, ushort, Request?> requests, SimulatedLinkSettings? links = null)
    {
        Loop = new SimulationLoop(seed);
        Randomness = new SimulatedRandomness(~seed);
        Requests = requests;
        var everywhere = new NodeLife("network");
        Network = new SimulatedLinks(
            new SimulatedClock(Loop, everywhere), new SimulatedRandomness(seed ^ 0xA5A5), links);
    }

    /// <summary>What runs it all.</summary>
    public SimulationLoop Loop { get; }

    /// <summary>The network between the nodes: cut, part, heal, pause.</summary>
    public SimulatedLinks Network { get; }

    /// <summary>Who is a member.</summary>
    public SimulatedMembershipBoard Board { get; } = new();

    /// <summary>Leases and replicated tables.</summary>
    public SimulatedTables Tables { get; init; } = new();

    /// <summary>Limits and times of links.</summary>
    public LinkOptions LinkOptions { get; init; } = new();

    /// <summary>What each node tells others that it understands; nothing unless set, and then it is
    /// asked.</summary>
    public Func<Member, ReadOnlyMemory<byte>> CatalogueOf { get; init; } = static _ => default;

    /// <summary>What one process may take of a node's IPC.</summary>
    public IpcSettings IpcSettings { get; init; } = new();

    /// <summary>The nodes that were added, in order; killed ones too.</summary>
    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    internal SimulatedRandomness Randomness { get; }

    internal Func<ushort, ushort, Request?> Requests { get; }

    /// <summary>Adds a node, or a new life of one that was killed.</summary>
    /// <param name="restartOf">The node to start again, with the next incarnation.</param>
    public SimulatedNode AddNode(SimulatedNode? restartOf = null)
    {
        var node = restartOf is null
            ? new NodeRef(++_lastId, 1)
            : new NodeRef(restartOf.Member.Node.Id, restartOf.Member.Node.Incarnation + 1);
        var member = new Member(node, $"node-{node.Id}", $"10.0.0.{node.Id}", 4242, "");
        var added = new SimulatedNode(this, member);
        _nodes.Add(added);
        Board.Up(member);
        added.Links.Start(added.Membership);
        return added;
    }

    /// <summary>kill -9: the node does nothing more from now on. The others do not know until it is
    /// removed.</summary>
    public void Kill(SimulatedNode node)
    {
        node.Life.End();
        Network.Kill(node.Member.Node);
    }

    /// <summary>The membership removes a node: its death is published.</summary>
    public void Remove(SimulatedNode node) => Board.Remove(node.Member.Node);

    /// <summary>Runs a scenario to its end, in the loop.</summary>
    public void Run(Func<Task> scenario) => Loop.Run(scenario);

    /// <summary>Waits in virtual time.</summary>
    public Task Elapse(TimeSpan time)
    {
        var elapsed = new TaskCompletionSource();
        Loop.AddTimer(time, new NodeLife("scenario"), static state =>
            ((TaskCompletionSource)state!).SetResult(), elapsed);
        return elapsed.Task;
    }

    /// <summary>Ends every node.</summary>
    public void Dispose()
    {
        foreach (var node in _nodes) node.Life.End();
    }

    internal LinkIdentity LinkIdentityOf(Member member) =>
        new($"simulation-{Loop.Seed}", 0, CatalogueOf(member));
}
