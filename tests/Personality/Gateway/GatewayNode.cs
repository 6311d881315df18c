using Akka.Actor;
using Akka.Configuration;
using K42.Client;
using K42.Cluster.Security;
using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;
using K42.Gateway;
using K42.Kernel.Devices;
using K42.Kernel.Ipc;
using K42.Kernel.Processes;
using K42.Kernel.Runtime;
using K42.Servers.Names;
using K42.Servers.Pipes;
using K42.Servers.Volumes;
using Microsoft.AspNetCore.Http;

namespace K42.Personality.Tests.Gateway;

/// <summary>One whole node in the test's process: kernel, servers, and a gateway with mutual TLS.</summary>
internal sealed class GatewayNode : IAsyncDisposable
{
    private readonly ActorSystem _system;
    private readonly IpcNode _ipc;
    private readonly ClusterAuthority _authority;
    private readonly Credential _credential;
    private readonly string _folder = Directory.CreateTempSubdirectory("k42-gateway").FullName;

    private GatewayNode(IClock? clock)
    {
        const string quiet = "akka.loglevel = ERROR\nakka.stdout-loglevel = OFF\nakka.log-dead-letters = off";
        _system = ActorSystem.Create("k42", ConfigurationFactory.ParseString($"{IpcHocon.Text}\n{quiet}"));
        var executor = new PoolExecutor();
        var tables = new OneNodeTables(executor);
        _ipc = new IpcNode(_system, new IpcNodeOptions(
            OneNodeMembership.Node, clock ?? new SystemClock(executor), executor, new SystemRandomness(),
            tables,
            ContractCatalogue.NewRequest));
        var membership = Membership;
        _system.ActorOf(DeviceRoot.Props(_ipc), "devices");
        var homes = new NumberHomes(tables);
        var processes = _system.ActorOf(
            ProcessRoot.Props(_ipc, _ipc, membership, tables, homes), "processes");
        _system.ActorOf(PipeRoot.Props(_ipc), "pipes");
        _system.ActorOf(VolumeRoot.Props(_ipc), "volumes");
        _system.ActorOf(NameRoot.Props(_ipc, membership, tables, new NameSettings(true)), "names");
        Host = new ProcessHost(processes, _ipc, membership, homes);

        _authority = ClusterAuthority.OpenOrCreate(Path.Combine(_folder, "ca"));
        var path = Path.Combine(_folder, "node.pem");
        _authority.EnsureNode(path, OneNodeMembership.Name);
        _credential = Credential.Load(path, PeerRole.Node);
    }

    /// <summary>Whether the node has a majority.</summary>
    public OneNodeMembership Membership { get; } = new();

    /// <summary>Makes processes.</summary>
    public ProcessHost Host { get; }

    /// <summary>The gateway.</summary>
    public GatewayHost Gateway { get; private set; } = null!;

    /// <summary>host:port of the gateway.</summary>
    public string Address => $"127.0.0.1:{Gateway.Endpoint!.Port}";

    /// <summary>The gateway's Unix socket.</summary>
    public string SocketPath => Path.Combine(_folder, "gateway.sock");

    /// <summary>A node that serves.</summary>
    public static async Task<GatewayNode> StartAsync(
        Func<GatewayOptions, GatewayOptions>? change = null, IClock? clock = null)
    {
        var node = new GatewayNode(clock);
        await node.RootIsThere();
        var options = new GatewayOptions
        {
            ServerCertificate = node._credential.Certificate,
            Authority = node._credential.Authority,
            UnixSocketPath = node.SocketPath,
            Authenticator = new Authenticator(node._credential),
            Host = node.Host,
        };
        node.Gateway = await GatewayHost.StartAsync(change?.Invoke(options) ?? options);
        return node;
    }

    /// <summary>A credential file of a user: one PEM file, as the command line makes them.</summary>
    public string CredentialOf(string user, uint uid, params uint[] groups)
    {
        var path = Path.Combine(_folder, $"{user}.pem");
        if (!File.Exists(path)) _authority.IssueClient(path, new ClientIdentity(user, uid, uid, groups));
        return path;
    }

    /// <summary>A connection of a user.</summary>
    public Task<K42Connection> ConnectAsync(string user = "root", uint uid = 0) =>
        K42Connection.ConnectAsync(Address, CredentialOf(user, uid));

    /// <summary>A connection of somebody with these ids.</summary>
    public Task<K42Connection> ConnectAsync(uint uid, uint gid, IReadOnlyList<uint> groups)
    {
        var path = Path.Combine(_folder, $"u{uid}-{gid}-{string.Join('-', groups)}.pem");
        if (!File.Exists(path)) _authority.IssueClient(path, new ClientIdentity($"u{uid}", uid, gid, groups));
        return K42Connection.ConnectAsync(Address, path);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        _ipc.Dispose();
        await _system.Terminate();
        _credential.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // The mount table parks the question until there is a root volume.
    private async Task RootIsThere()
    {
        var names = NameClient.On(_ipc.Kernel, OneNodeMembership.Node);
        for (var version = 0UL; ;)
        {
            var table = await names.Table(version);
            if (!table.Failed && table.Value.Mounts.Length > 0) return;
            await Task.Yield();
        }
    }

    private sealed class Authenticator(Credential credential) : IGatewayAuthenticator
    {
        public Principal? Authenticate(HttpContext context)
        {
            if (context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>()
                ?.Socket is { AddressFamily: System.Net.Sockets.AddressFamily.Unix } socket)
            {
                var (peer, _) = UnixPeer.Of(socket);
                return new Principal(peer.User, peer.Uid, peer.Gid, peer.Groups, Authentication.PeerUid);
            }
            var certificate = context.Connection.ClientCertificate;
            return PeerCertificate.TryClient(certificate, credential.Authority, out var client, out _)
                ? new Principal(
                    client.User, client.Uid, client.Gid, client.Groups, Authentication.ClientCertificate)
                : null;
        }
    }
}

/// <summary>A membership of one.</summary>
internal sealed class OneNodeMembership : IMembership
{
    public const string Name = "node-1";

    public static NodeRef Node { get; } = new(1, 1);

    public Member Self { get; } = new(Node, Name, "127.0.0.1", 0, "");

    public IReadOnlyList<Member> Members => [Self];

    public bool MayServe { get; set; } = true;

    public void Subscribe(IMembershipListener listener) => listener.MemberUp(Self);
}

/// <summary>The replicated tables of a cluster of one: a dictionary.</summary>
internal sealed class OneNodeTables(IExecutor executor) : IBlockMap, INumberGrantor, IReplicatedTable
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _values = new(StringComparer.Ordinal);
    private readonly List<Action<string>> _subscribers = [];
    private int _lastBlock;

    public IReadOnlyList<string> Keys
    {
        get
        {
            lock (_gate) return [.. _values.Keys];
        }
    }

    public NodeRef HomeOf(int block) =>
        block <= Volatile.Read(ref _lastBlock) ? OneNodeMembership.Node : default;

    public void LeaseBlock(Action<Outcome<int>> done)
    {
        var block = Interlocked.Increment(ref _lastBlock);
        executor.Post(_ => done(block), null);
    }

    public ReadOnlyMemory<byte> Get(string key)
    {
        lock (_gate) return _values.GetValueOrDefault(key);
    }

    public void Put(string key, ReadOnlyMemory<byte> value, Action<Contracts.Errno> done)
    {
        Action<string>[] subscribers;
        lock (_gate)
        {
            if (value.IsEmpty) _values.Remove(key);
            else _values[key] = value.ToArray();
            subscribers = [.. _subscribers];
        }
        executor.Post(_ => done(Contracts.Errno.None), null);
        foreach (var subscriber in subscribers) executor.Post(_ => subscriber(key), null);
    }

    public void Subscribe(Action<string> changed)
    {
        lock (_gate) _subscribers.Add(changed);
    }
}
