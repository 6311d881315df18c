using System.Net;

using Akka.Actor;
using Akka.Configuration;

using K42.Benchmarks.Harness;
using K42.Benchmarks.Peers;
using K42.Cluster.Security;
using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.Kernel.Ipc.Links;
using K42.Kernel.Ipc.Links.Tcp;
using K42.Kernel.Runtime;

namespace K42.Benchmarks.K42Rows;

/// <summary>A node that has IPC and links, and nothing else: no membership protocol, no servers.</summary>
internal sealed class BareNode : IDisposable
{
    /// <summary>The node that calls, and that dials: the lower one does.</summary>
    public static readonly NodeRef First = new(1, 1);

    /// <summary>The node that is called.</summary>
    public static readonly NodeRef Second = new(2, 1);

    private readonly ActorSystem _system;
    private readonly IClock _clock;
    private readonly PoolExecutor _executor = new();
    private LinkTable? _links;
    private TcpLinkTransport? _transport;

    public BareNode(NodeRef self)
    {
        var hocon = ConfigurationFactory.ParseString(IpcHocon.Text).WithFallback(AkkaRemoteEnd.Quiet);
        _system = ActorSystem.Create("k42", hocon);
        _clock = new SystemClock(_executor);
        Ipc = new IpcNode(_system, new IpcNodeOptions(
            self, _clock, _executor, new SystemRandomness(), Blocks: null, ContractCatalogue.NewRequest));
    }

    /// <summary>The node's IPC.</summary>
    public IpcNode Ipc { get; }

    /// <summary>Starts the callee.</summary>
    public Task<BenchObject> ServeAsync()
    {
        var started = new TaskCompletionSource<BenchObject>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        _system.ActorOf(BenchActor.Of(Ipc, started.SetResult));
        return started.Task;
    }

    /// <summary>Links this node with another one, over mutual TLS.</summary>
    /// <param name="credentialFile">This node's credential.</param>
    /// <param name="other">The other node.</param>
    /// <param name="otherPort">Its loopback port; 0 when it dials.</param>
    /// <returns>This node's own port.</returns>
    public int Link(string credentialFile, NodeRef other, int otherPort)
    {
        var credential = Credential.Load(credentialFile, PeerRole.Node);
        _transport = new TcpLinkTransport(
            new IPEndPoint(IPAddress.Loopback, 0),
            new TcpLinkCredentials(credential.Certificate, [credential.Authority]));
        var port = _transport.LocalEndPoint.Port;
        var self = Describe(Ipc.Node, port);
        _links = new LinkTable(
            new LinkContext(
                new LinkOptions(), new LinkIdentity(
                    "bench", 0, default), _clock, _executor, new SystemRandomness(),
                Ipc, new SilentLog()),
            _transport, self);
        Ipc.Connect(_links);
        _links.Start(new FixedMembership(self, Describe(other, otherPort)));
        return port;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links?.Dispose();
        _transport?.Dispose();
        Ipc.Dispose();
        _system.Terminate().Wait();
    }

    /// <summary>The name in a node's certificate.</summary>
    public static string NameOf(NodeRef node) => $"node-{node.Id}";

    private static Member Describe(NodeRef node, int port) =>
        new(node, NameOf(node), IPAddress.Loopback.ToString(), port, GatewayAddress: "");

    private sealed class FixedMembership(Member self, Member other) : IMembership
    {
        public Member Self => self;

        public IReadOnlyList<Member> Members { get; } =
            [.. new[] { self, other }.OrderBy(member => member.Node)];

        public bool MayServe => true;

        public void Subscribe(IMembershipListener listener)
        {
            foreach (var member in Members) listener.MemberUp(member);
        }
    }

    // A child that loses its parent at the end of the run is no news; a link that fails fails the row.
    private sealed class SilentLog : ILinkLog
    {
        public void Info(string message)
        {
        }

        public void Warning(string message)
        {
        }
    }
}
