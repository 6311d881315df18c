using K42.Benchmarks.Harness;
using K42.Cluster.Security;

namespace K42.Benchmarks.K42Rows;

/// <summary>Two bare nodes, the second in a process of its own, that the remote rows share.</summary>
internal sealed class BareNodePair : IDisposable
{
    /// <summary>The name of the serving child.</summary>
    public const string ServerName = "k42-node";

    private readonly BareNode _first = new(BareNode.First);

    private BareNodePair(string credentialFile, int port)
    {
        _first.Link(credentialFile, BareNode.Second, port);
        Client = BenchClient.On(_first.Ipc.Kernel, BareNode.Second);
    }

    /// <summary>A client of the object on the second node, for the first node's kernel.</summary>
    public BenchClient Client { get; }

    /// <summary>The pair of this run.</summary>
    public static Task<BareNodePair> ShareAsync(BenchContext context) => context.ShareAsync(async c =>
    {
        using (var authority = ClusterAuthority.OpenOrCreate(AuthorityDirectory(c.Certificates)))
        {
            authority.IssueNode(CredentialFile(c.Certificates, 1), BareNode.NameOf(BareNode.First));
            authority.IssueNode(CredentialFile(c.Certificates, 2), BareNode.NameOf(BareNode.Second));
        }
        var child = await c.StartProcessAsync(ServerName).ConfigureAwait(false);
        return new BareNodePair(CredentialFile(c.Certificates, 1), child.Port);
    });

    /// <summary>The child's side.</summary>
    public static async Task<int> ServeAsync(BenchCertificates certificates)
    {
        var second = new BareNode(BareNode.Second);
        await second.ServeAsync().ConfigureAwait(false);
        return second.Link(CredentialFile(certificates, 2), BareNode.First, otherPort: 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _first.Dispose();

    private static string AuthorityDirectory(BenchCertificates certificates) =>
        Path.Combine(certificates.DirectoryPath, "cluster");

    private static string CredentialFile(BenchCertificates certificates, int node) =>
        Path.Combine(AuthorityDirectory(certificates), $"node-{node}.pem");
}
