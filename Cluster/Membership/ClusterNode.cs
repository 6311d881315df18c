using System.Collections.Immutable;
using System.Net.Sockets;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;
using K42.Cluster.Security;
using K42.Cluster.Tables;
using K42.Contracts;
using K42.Contracts.Ports;
using AkkaCluster = Akka.Cluster.Cluster;

namespace K42.Cluster.Membership;

/// <summary>A running member of a cluster: its ActorSystem and the ports that Akka.Cluster stands
/// behind.</summary>
public sealed class ClusterNode : IAsyncDisposable
{
    /// <summary>The name of every node's ActorSystem.</summary>
    public const string SystemName = "k42";

    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(8);

    private readonly MembershipSetup _setup;
    private readonly NodeDirectory _directory;

    private ClusterNode(ActorSystem system, MembershipSetup setup, ClusterParts parts, Credential credential,
        INumberGrantor grantor)
    {
        System = system;
        _setup = setup;
        _directory = setup.Directory;
        Credential = credential;
        Grantor = grantor;
        Blocks = parts.Map;
        Table = parts.Table;
    }

    /// <summary>The node's ActorSystem.</summary>
    public ActorSystem System { get; }

    /// <summary>Who belongs to the cluster.</summary>
    public IMembership Membership => _setup.Membership;

    /// <summary>Leases of blocks of process numbers.</summary>
    public INumberGrantor Grantor { get; }

    /// <summary>Which node serves which process numbers.</summary>
    public IBlockMap Blocks { get; }

    /// <summary>The replicated table.</summary>
    public IReplicatedTable Table { get; }

    /// <summary>The node's certificate and the cluster's authority, for links and the gateway.</summary>
    public Credential Credential { get; }

    /// <summary>The cluster's id: 32 hexadecimal digits, kept in the data directory.</summary>
    public string ClusterId => _setup.ClusterId;

    /// <summary>"host:port" under which others can name this node as a seed.</summary>
    public string Address => _setup.PublicAddress;

    /// <summary>Ends when this node is no member any more, and says why. It never may serve again in this
    /// life.</summary>
    public Task<ClusterEnd> Ended => _setup.WhenEnded;

    /// <summary>Raised with false when this node lost its majority for T1 and must end its programs, and with
    /// true when it may serve (again). Called on the membership's thread: return soon.</summary>
    public event Action<bool>? ServingChanged;

    /// <summary>Starts a node: makes a new cluster, joins one, or comes back to its own as a new
    /// incarnation.</summary>
    /// <param name="options">See <see cref="ClusterNodeOptions"/>.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The node, after it is a member, knows all others and has the block map and
    /// the table.</returns>
    /// <exception cref="ClusterStartException">It can't; the message is one sentence that says what to
    /// do.</exception>
    /// <exception cref="CredentialException">Its credential can't be used.</exception>
    public static async Task<ClusterNode> StartAsync(ClusterNodeOptions options, CancellationToken stop)
    {
        var path = Path.Combine(options.DataDirectory, "node.pem");
        var credential = options.Credential ?? Credential.Load(path, PeerRole.Node);
        NodeDirectory? directory = null;
        ActorSystem? system = null;
        try
        {
            options.Cluster.Check();
            if (credential.Name != options.Name)
                throw new ClusterStartException(
                    $"{path} is the credential of {credential.Name}, not of {options.Name}: check the path.");
            directory = NodeDirectory.Open(options.DataDirectory);
            system = CreateSystem(options, credential);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(options.Cluster.JoinTimeout);
            return await Join(options, directory, system, credential, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (system != null) await system.Terminate().ConfigureAwait(false);
            directory?.Dispose();
            credential.Dispose();
            if (e is OperationCanceledException && !stop.IsCancellationRequested)
                throw new ClusterStartException($"{options.Name} was not let into the cluster within "
                    + $"{options.Cluster.JoinTimeout.TotalSeconds:0} s: check that its seeds run and have a "
                    + "majority.");
            throw;
        }
    }

    /// <summary>True when a node runs with this data directory.</summary>
    public static bool IsRunning(string dataDirectory) => NodeDirectory.IsTaken(dataDirectory);

    /// <summary>Leaves the cluster in order and stops the ActorSystem.</summary>
    /// <param name="deadline">How long that may take in all.</param>
    /// <returns>True when the others saw it leave and everything stopped; false at the deadline, when the
    /// caller should end the process.</returns>
    public async Task<bool> LeaveAsync(TimeSpan deadline)
    {
        using var patience = new CancellationTokenSource(deadline, _setup.Time);
        var left = true;
        try
        {
            if (!Ended.IsCompleted)
            {
                var cluster = AkkaCluster.Get(System);
                cluster.Leave(cluster.SelfAddress);
                // Half of the time for the others' consent, the rest to stop.
                left = await Ended.WaitAsync(deadline / 2, _setup.Time)
                    .ConfigureAwait(false) == ClusterEnd.Left;
            }
        }
        catch (TimeoutException)
        {
            left = false;
        }
        try
        {
            await System.Terminate().WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        _setup.End(ClusterEnd.Left);
        _directory.Dispose();
        return left;
    }

    /// <summary>Stops the ActorSystem without a word to the others, as a crash would; for tests.</summary>
    internal async Task CrashAsync()
    {
        await System.Terminate().ConfigureAwait(false);
        _directory.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!System.WhenTerminated.IsCompleted) await LeaveAsync(LeavePatience).ConfigureAwait(false);
        Credential.Dispose();
    }

    private static async Task<ClusterNode> Join(ClusterNodeOptions options, NodeDirectory directory,
        ActorSystem system, Credential credential, CancellationToken patience)
    {
        var cluster = AkkaCluster.Get(system);
        var own = $"{cluster.SelfAddress.Host}:{cluster.SelfAddress.Port}";
        var seeds = options.Seeds.Where(seed => seed != own).Distinct().ToImmutableList();
        var forms = Forms(options, directory);
        var members = ImmutableList<Address>.Empty;
        if (!forms) members = await Knock(options, directory, system, seeds, patience).ConfigureAwait(false);
        else if (directory.State.ClusterId == "")
            directory.Save(directory.State with
            {
                ClusterId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                NodeId = 1,
            });

        var state = directory.State;
        var self = new Member(new NodeRef(state.NodeId, state.Incarnation), options.Name, options.LinkHost,
            options.LinkPort, options.GatewayAddress);
        ClusterNode? node = null;
        var setup = new MembershipSetup
        {
            PublicAddress = own,
            Directory = directory,
            Options = options.Cluster,
            Membership = new AkkaMembership(self, options.Time),
            Time = options.Time,
            ServingChanged = serves => node?.ServingChanged?.Invoke(serves),
        };
        var executor = options.Executor ?? new ThreadPoolExecutor();
        var parts = new ClusterParts(new BlockMap(), new ReplicatedTable(executor));
        setup.Membership.Subscribe(parts.Map);
        system.ActorOf(Props.Create(() => new ClusterRoot(setup, parts)), ClusterRoot.Name);
        var (leases, table) = await parts.Started.Task.WaitAsync(patience).ConfigureAwait(false);
        node = new ClusterNode(system, setup, parts, credential, new NumberGrantor(leases, executor));

        if (forms) cluster.Join(cluster.SelfAddress);
        else cluster.JoinSeedNodes(members);
        await Task.WhenAny(setup.WhenReady, setup.WhenEnded).WaitAsync(patience).ConfigureAwait(false);
        table.Tell(new TableActor.CatchUp(parts.HasTable), ActorRefs.NoSender);
        var ready = Task.WhenAll(setup.WhenReady, parts.HasMap.Task, parts.HasTable.Task);
        await Task.WhenAny(ready, setup.WhenEnded).WaitAsync(patience).ConfigureAwait(false);
        if (!ready.IsCompletedSuccessfully)
            throw new ClusterStartException($"{options.Name} was removed while it joined: start it again.");
        return node;
    }

    /// <summary>True when this node may begin, or go on with, a cluster of which it is the only
    /// member.</summary>
    private static bool Forms(ClusterNodeOptions options, NodeDirectory directory)
    {
        var state = directory.State;
        if (state.ClusterId == "") return options.Seeds.Count == 0;
        return options.Reform || (options.Seeds.Count == 0 && state.Peers.Count == 0);
    }

    private static async Task<ImmutableList<Address>> Knock(
        ClusterNodeOptions options, NodeDirectory directory,
        ActorSystem system, ImmutableList<string> seeds, CancellationToken patience)
    {
        var state = directory.State;
        var own = AkkaCluster.Get(system).SelfAddress;
        ImmutableList<Address> doors = [.. seeds.Union(state.Peers).Select(seed => ParseSeed(own, seed))];
        if (doors.IsEmpty)
            throw new ClusterStartException($"{options.Name} has no seed other than itself to join.");
        var knock = new Knock(ClusterMessages.Protocol, state.ClusterId, state.LeaseKey, options.Name,
            ClusterMessages.Pack(new NodeRef(state.NodeId, state.Incarnation)));
        var source =
            new TaskCompletionSource<KnockAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new KnockActor(knock, doors, source)), "knock");
        var answer = await source.Task.WaitAsync(patience).ConfigureAwait(false);
        if (answer.Refusal != "")
            throw new ClusterStartException(
                $"{options.Name} was refused by the cluster because {answer.Refusal}.");
        directory.Save(state with { ClusterId = answer.ClusterId, NodeId = (ushort)answer.NodeId });
        return [.. answer.Addresses.Select(address => ParseSeed(own, address))];
    }

    private static ActorSystem CreateSystem(ClusterNodeOptions options, Credential credential)
    {
        var network = ConfigurationFactory.ParseString($$"""
            akka.remote.dot-netty.tcp {
              hostname = "{{options.BindHost}}"
              public-hostname = "{{options.PublicHost}}"
              port = {{options.Port}}
            }
            """);
        var own = options.Hocon == "" ? Config.Empty : ConfigurationFactory.ParseString(options.Hocon);
        var config = own.WithFallback(network).WithFallback(options.Cluster.ToAkka())
            .WithFallback(Hocon.Node);
        var setup = ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(config),
            NodeTls.Setup(credential),
            new ClusterWireTypes(options.WireTypes));
        try
        {
            return ActorSystem.Create(SystemName, setup);
        }
        catch (Exception e) when (Causes(e).OfType<SocketException>().Any())
        {
            throw new ClusterStartException(
                $"{options.Name} can't listen on {options.BindHost}:{options.Port}: "
                + "is the port in use?", e);
        }
    }

    private static IEnumerable<Exception> Causes(Exception? e)
    {
        for (; e != null; e = e.InnerException)
        {
            yield return e;
            if (e is not AggregateException many) continue;
            foreach (var cause in many.InnerExceptions.SelectMany(Causes)) yield return cause;
        }
    }

    /// <summary>The Akka address of "host:port", of the same protocol and name as this node's own.</summary>
    private static Address ParseSeed(Address own, string seed)
    {
        var colon = seed.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(seed[(colon + 1)..], out var port))
            throw new ClusterStartException($"'{seed}' is no seed: write host:port.");
        return new Address(own.Protocol, own.System, seed[..colon], port);
    }
}
