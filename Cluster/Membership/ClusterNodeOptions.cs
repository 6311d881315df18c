using K42.Cluster.Security;
using K42.Contracts.Ports;

namespace K42.Cluster.Membership;

/// <summary>What a node must know to become a member.</summary>
public sealed record ClusterNodeOptions
{
    /// <summary>The node's name, unique in the cluster, as in its certificate: "node-1".</summary>
    public required string Name { get; init; }

    /// <summary>Where node.json lives; made with mode 0700 when missing; one running node per
    /// directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The node's credential, handed over: the node disposes of it, also when it can't start. When
    /// left out it is read from node.pem in the data directory.</summary>
    public Credential? Credential { get; init; }

    /// <summary>The address that membership traffic is taken on.</summary>
    public string BindHost { get; init; } = "127.0.0.1";

    /// <summary>How the other nodes reach <see cref="BindHost"/>; must be in the certificate.</summary>
    public string PublicHost { get; init; } = "127.0.0.1";

    /// <summary>The TCP port of membership traffic; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>"host:port" of nodes to join through; this node's own address is skipped. Empty makes a new
    /// cluster, or goes on alone with the one that this node was the last member of.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>The operator's word that no other member runs: this node goes on with its cluster alone, and
    /// the others join it again.</summary>
    public bool Reform { get; init; }

    /// <summary>Where the node takes IPC links: host.</summary>
    public string LinkHost { get; init; } = "127.0.0.1";

    /// <summary>Where the node takes IPC links: port.</summary>
    public int LinkPort { get; init; }

    /// <summary>host:port of the node's gateway; empty when it has none.</summary>
    public string GatewayAddress { get; init; } = "";

    /// <summary>Timings.</summary>
    public ClusterOptions Cluster { get; init; } = ClusterOptions.Default;

    /// <summary>More configuration for the ActorSystem, such as dispatchers; wins over
    /// hocon/node.conf.</summary>
    public string Hocon { get; init; } = "";

    /// <summary>More types that may cross between nodes on Akka.Remote.</summary>
    public IReadOnlyList<Type> WireTypes { get; init; } = [];

    /// <summary>Where callbacks run; the thread pool when left out.</summary>
    public IExecutor? Executor { get; init; }

    /// <summary>The monotonic clock, which must go on while the machine sleeps, and timers.</summary>
    public TimeProvider Time { get; init; } = BootClock.Instance;
}
