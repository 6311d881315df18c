using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using K42.Kernel.Ipc.Links.Tcp;
using K42.Kernel.Runtime;

namespace K42.Kernel.Tests.Links;

/// <summary>Nodes 1 and 2 over TCP and TLS on loopback; node 1 dials, through a proxy when there is
/// one.</summary>
internal sealed class TcpCluster : IDisposable
{
    private readonly PoolExecutor _executor = new();
    private readonly SystemClock _clock;

    public TcpCluster(LinkOptions? options = null, TestAuthority? authority = null,
        X509Certificate2? certificateOfOne = null, Func<IPEndPoint, ResettingProxy?>? proxy = null,
        Func<Socket>? socketOfOne = null)
    {
        _clock = new SystemClock(_executor);
        authority ??= new TestAuthority();
        Transport = Listen(authority.Credentials(authority.Issue("node-2")));
        Proxy = proxy?.Invoke(Transport.LocalEndPoint);
        // Node 1 may show a certificate of anybody's making, but it believes the authority of node 2.
        var own =
            new TcpLinkCredentials(certificateOfOne ?? authority.Issue("node-1"), authority.Authorities);
        var one = Listen(own, socketOfOne);
        Two =
            new LinkNode(LinkNode.Describe(2, port: Transport.LocalEndPoint.Port), Transport, _clock,
                _executor,
            new SystemRandomness(), options);
        One = new LinkNode(LinkNode.Describe(1, port: one.LocalEndPoint.Port), one, _clock, _executor,
            new SystemRandomness(), options);
        var seenByOne = Two.Member with { LinkPort = Proxy?.Port ?? Two.Member.LinkPort };
        Two.Membership.Up(One.Member);
        One.Membership.Up(seenByOne);
    }

    public TcpLinkTransport Transport { get; }

    public ResettingProxy? Proxy { get; }

    public LinkNode One { get; }

    public LinkNode Two { get; }

    public ILink OneToTwo => One.Table.To(Two.Member.Node)!;

    public ILink TwoToOne => Two.Table.To(One.Member.Node)!;

    private static TcpLinkTransport Listen(TcpLinkCredentials credentials, Func<Socket>? socket = null)
    {
        var listen = new IPEndPoint(IPAddress.Loopback, 0);
        return socket is null
            ? new TcpLinkTransport(listen, credentials)
            : new TcpLinkTransport(listen, credentials) { NewSocket = socket };
    }

    public void Dispose()
    {
        One.Dispose();
        Two.Dispose();
        Proxy?.Dispose();
    }
}

/// <summary>Something that a spec waits for: a condition asked again at each event.</summary>
internal sealed class Moment
{
    private readonly TaskCompletionSource _came = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Came() => _came.TrySetResult();

    public Task Wait(CancellationToken cancel) => _came.Task.WaitAsync(TimeSpan.FromSeconds(60), cancel);
}
