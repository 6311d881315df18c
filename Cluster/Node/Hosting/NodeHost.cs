using System.Net;

using Akka.Actor;
using Akka.Configuration;

using K42.Cluster.Membership;
using K42.Cluster.Security;
using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Devices;
using K42.Kernel.Ipc;
using K42.Kernel.Ipc.Links;
using K42.Kernel.Ipc.Links.Tcp;
using K42.Gateway;
using K42.Kernel.Processes;
using K42.Kernel.Runtime;
using K42.Servers.Names;
using K42.Servers.Pipes;
using K42.Servers.Volumes;

namespace K42.Node.Hosting;

/// <summary>A node: membership, IPC and links, then kernel, servers and gateway, booted in that
/// order.</summary>
/// <remarks>Calls go down: what boots later may call what booted before, never the reverse.</remarks>
internal sealed class NodeHost : IAsyncDisposable
{
    private readonly List<Func<Task>> _ends = [];

    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProcessHost? _processes;

    private NodeHost(NodeSettings settings) => Settings = settings;

    /// <summary>What it was told.</summary>
    public NodeSettings Settings { get; }

    /// <summary>The membership and its tables.</summary>
    public ClusterNode Cluster { get; private set; } = null!;

    /// <summary>Ends when something failed without which the node can't go on; it must stop then, so that the
    /// others publish its end.</summary>
    public Task Failed => _failed.Task;

    /// <summary>The node's IPC.</summary>
    public IpcNode Ipc { get; private set; } = null!;

    /// <summary>Boots a node.</summary>
    /// <exception cref="ClusterStartException">It can't; the message is one sentence that says what to
    /// do.</exception>
    public static async Task<NodeHost> StartAsync(NodeSettings settings, CancellationToken stop)
    {
        var host = new NodeHost(settings);
        try
        {
            await host.BootAsync(stop).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends what was booted, the last first.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var end in _ends.AsEnumerable().Reverse())
        {
            try
            {
                await end().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The others must still see this node leave.
                Console.Error.WriteLine($"a part of the node did not end in order: {e}");
            }
        }
        _ends.Clear();
    }

    private async Task BootAsync(CancellationToken stop)
    {
        var executor = new PoolExecutor(
            failure => Console.Error.WriteLine($"a continuation failed: {failure}"));
        var credential = Credential.Load(Path.Combine(Settings.Directory, "node.pem"), PeerRole.Node);
        var transport = new TcpLinkTransport(
            new IPEndPoint(IPAddress.Parse(Settings.Host), 0),
            new TcpLinkCredentials(credential.Certificate, [credential.Authority]));
        try
        {
            Cluster = await JoinAsync(credential, transport.LocalEndPoint.Port, executor, stop)
                .ConfigureAwait(false);
        }
        catch
        {
            transport.Dispose();
            throw;
        }
        _ends.Add(() => Cluster.DisposeAsync().AsTask());
        Configured(() =>
        {
            BootIpc(transport, executor);
            BootKernel();
            BootServers();
            return true;
        });
        Cluster.System.ActorOf(
            Props.Create(() => new CertificateWatch(credential, TimeProvider.System)), "certificate-watch");
        await BootGatewayAsync(credential, stop).ConfigureAwait(false);
    }

    /// <summary>What the operator set, in node.conf of the node's directory; hocon/reference has every
    /// setting.</summary>
    private string Hocon() =>
        File.Exists(ConfigPath) ? $"{IpcHocon.Text}\n{File.ReadAllText(ConfigPath)}" : IpcHocon.Text;

    private string ConfigPath => Path.Combine(Settings.Directory, "node.conf");

    /// <summary>Runs a step that reads settings: a bad one is told with the name of its file.</summary>
    /// <exception cref="ClusterStartException">A setting can't be used.</exception>
    private T Configured<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        // Whatever the parser, or a setting's own check, throws: they have no type in common.
        catch (Exception e) when (File.Exists(ConfigPath) && e is not (ClusterStartException or IOException))
        {
            throw new ClusterStartException($"{ConfigPath} can't be used: {e.Message}", e);
        }
    }

    private Config Config => Cluster.System.Settings.Config;

    private Task<ClusterNode> JoinAsync(
        Credential credential, int linkPort, IExecutor executor, CancellationToken stop)
    {
        var hocon = Hocon();
        return Configured(() => ClusterNode.StartAsync(
            new ClusterNodeOptions
            {
                Name = Settings.Name,
                DataDirectory = Settings.Directory,
                Credential = credential,
                BindHost = Settings.Host,
                PublicHost = Settings.Host,
                Port = Settings.MembershipPort,
                Seeds = Settings.Seeds,
                Reform = Settings.Reform,
                LinkHost = Settings.Host,
                LinkPort = linkPort,
                GatewayAddress = $"{Settings.Host}:{Settings.GatewayPort}",
                Cluster = ClusterOptions.FromConfig(
                    ConfigurationFactory.ParseString(hocon),
                    Settings.Profile.Length > 0 ? Settings.Profile : null),
                Hocon = hocon,
                Executor = executor,
            },
            stop));
    }

    private void BootIpc(TcpLinkTransport transport, IExecutor executor)
    {
        var (clock, randomness) = (new SystemClock(executor), new SystemRandomness());
        Ipc = new IpcNode(Cluster.System, new IpcNodeOptions(
            Cluster.Membership.Self.Node, clock, executor, randomness, Cluster.Blocks,
                ContractCatalogue.NewRequest) { Settings = IpcSettings.From(Config) });
        var links = new LinkTable(
            new LinkContext(
                LinkOptions.From(Config), new LinkIdentity(
                    Cluster.ClusterId, 0, Catalogues.ForLinks(ContractCatalogue.Contracts)), clock, executor,
                randomness, Ipc, new AkkaLinkLog(Cluster.System)),
            transport, Cluster.Membership.Self);
        Ipc.Connect(links);
        links.Start(Cluster.Membership);
        _ends.Add(() =>
        {
            // With the transport, which is theirs.
            links.Dispose();
            Ipc.Dispose();
            return Task.CompletedTask;
        });
    }

    private void BootKernel()
    {
        var homes = new NumberHomes(Cluster.Blocks);
        var table = Cluster.System.ActorOf(
            ProcessRoot.Props(
                Ipc, Ipc, Cluster.Membership, Cluster.Grantor, homes,
                ProcessSettings.From(Cluster.System.Settings.Config)),
            "processes");
        Cluster.System.ActorOf(Props.Create(() => new EndWatch(table, _failed)), "process-watch");
        _processes = new ProcessHost(table, Ipc, Cluster.Membership, homes);
        // Without a majority a node's programs end before the others publish their deaths.
        Cluster.ServingChanged += serves =>
        {
            if (!serves) _processes.EndAll();
        };
        if (!Cluster.Membership.MayServe) _processes.EndAll();
        Cluster.System.ActorOf(DeviceRoot.Props(Ipc), "devices");
    }

    private void BootServers()
    {
        Cluster.System.ActorOf(VolumeRoot.Props(Ipc, VolumeSettings.From(Config)), "volumes");
        Cluster.System.ActorOf(PipeRoot.Props(Ipc, PipeSettings.From(Config)), "pipes");
        Cluster.System.ActorOf(
            NameRoot.Props(Ipc, Cluster.Membership, Cluster.Table, NameSettings.From(
                Config, createsRoot: Settings.Seeds.Count == 0)), "names");
    }

    private async Task BootGatewayAsync(Credential credential, CancellationToken stop)
    {
        var gateway = await GatewayHost.StartAsync(
            new GatewayOptions
            {
                Address = IPAddress.Parse(Settings.Host),
                Port = Settings.GatewayPort,
                ServerCertificate = credential.Certificate,
                Authority = credential.Authority,
                UnixSocketPath = Settings.UnixSocket.Length > 0 ? Settings.UnixSocket : null,
                Authenticator = new NodeAuthenticator(credential.Authority),
                Host = _processes!,
            },
            stop).ConfigureAwait(false);
        _ends.Add(async () =>
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            await gateway.StopAsync(patience.Token).ConfigureAwait(false);
            await gateway.DisposeAsync().ConfigureAwait(false);
        });
    }

    /// <summary>Tells when an actor has ended.</summary>
    private sealed class EndWatch : ActorBase
    {
        private readonly TaskCompletionSource _ended;

        public EndWatch(IActorRef watched, TaskCompletionSource ended)
        {
            _ended = ended;
            Context.Watch(watched);
        }

        protected override bool Receive(object message) => message is Terminated && _ended.TrySetResult();
    }
}
