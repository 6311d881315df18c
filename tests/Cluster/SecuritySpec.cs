using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using K42.Cluster.Membership;
using K42.Cluster.Security;
using K42.Node.Hosting;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>Certificates, their files and what they are worth.</summary>
public sealed class SecuritySpec : IDisposable
{
    private static readonly ClientIdentity Alice = new("alice", 1000, 1001, [27, 1000]);

    private readonly string _root = Directory.CreateTempSubdirectory("k42-security-").FullName;
    private readonly ClusterAuthority _authority;

    public SecuritySpec() => _authority = ClusterAuthority.OpenOrCreate(PathOf("authority"));

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void Keys_are_for_their_owner_only_and_used_again()
    {
        _authority.EnsureNode(PathOf("node/node.pem"), "node-1");
        _authority.IssueClient(PathOf("alice.pem"), Alice);
        Assert.Equal(SecureFiles.PrivateDirectory, File.GetUnixFileMode(PathOf("authority")));
        Assert.Equal(SecureFiles.PrivateDirectory, File.GetUnixFileMode(PathOf("node")));
        foreach (var file in new[] { "authority/ca.pem", "node/node.pem", "alice.pem" })
            Assert.Equal(SecureFiles.PrivateFile, File.GetUnixFileMode(PathOf(file)));

        var before = File.ReadAllText(PathOf("node/node.pem"));
        using var again = ClusterAuthority.OpenOrCreate(PathOf("authority"));
        again.EnsureNode(PathOf("node/node.pem"), "node-1");
        Assert.Equal(before, File.ReadAllText(PathOf("node/node.pem")));
        using var mine = again.Certificate;
        using var first = _authority.Certificate;
        Assert.Equal(first.RawData, mine.RawData);
        Assert.False(mine.HasPrivateKey);
    }

    [Fact]
    public void A_node_certificate_names_the_node_loopback_and_the_hosts_it_was_issued_for()
    {
        _authority.EnsureNode(PathOf("node.pem"), "node-1", "10.1.2.3", "node-1.k42.svc");
        using var node = Credential.Load(PathOf("node.pem"), PeerRole.Node);
        string[] names =
            ["node-1", "k42-node", "localhost", "127.0.0.1", "::1", "10.1.2.3", "node-1.k42.svc"];
        Assert.All(names, name => Assert.True(node.Certificate.MatchesHostname(name, false, false), name));
        Assert.False(node.Certificate.MatchesHostname("node-2", false, false));
        Assert.Equal("node-1", node.Name);

        // New hosts need a new certificate; it comes by itself.
        _authority.EnsureNode(PathOf("node.pem"), "node-1", "10.9.9.9");
        using var renewed = Credential.Load(PathOf("node.pem"), PeerRole.Node);
        Assert.True(renewed.Certificate.MatchesHostname("10.9.9.9", false, false));
        Assert.NotEqual(node.Certificate.SerialNumber, renewed.Certificate.SerialNumber);
    }

    [Fact]
    public void A_client_certificate_carries_its_user_and_is_never_a_nodes()
    {
        _authority.EnsureNode(PathOf("node.pem"), "node-1");
        _authority.IssueClient(PathOf("alice.pem"), Alice);
        using var node = Credential.Load(PathOf("node.pem"), PeerRole.Node);
        using var client = Credential.Load(PathOf("alice.pem"), PeerRole.Client);

        Assert.True(PeerCertificate.TryClient(client.Certificate, node.Authority, out var identity, out _));
        Assert.Equal(("alice", 1000u, 1001u), (identity.User, identity.Uid, identity.Gid));
        Assert.Equal([27u, 1000u], identity.Groups);
        Assert.False(PeerCertificate.TryNode(client.Certificate, node.Authority, out _, out var refusal));
        Assert.Equal("the certificate is not a node's", refusal);
        Assert.False(PeerCertificate.TryClient(node.Certificate, node.Authority, out _, out _));
        Assert.Throws<CredentialException>(() => Credential.Load(PathOf("alice.pem"), PeerRole.Node));
        Assert.Throws<CredentialException>(() => Credential.Load(PathOf("node.pem"), PeerRole.Client));

        // What the subject says is not enough: the key usages lack serverAuth.
        var usages = client.Certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single();
        Assert.Equal("1.3.6.1.5.5.7.3.2",
            Assert.Single(usages.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>()).Value);
    }

    [Fact]
    public void A_certificate_of_another_authority_an_expired_one_and_none_are_refused()
    {
        using var other = ClusterAuthority.OpenOrCreate(PathOf("other"));
        other.EnsureNode(PathOf("other.pem"), "node-1");
        using var stranger = Credential.Load(PathOf("other.pem"), PeerRole.Node);
        using var ours = _authority.Certificate;
        Assert.Equal("the certificate is not from this cluster's authority",
            PeerCertificate.Refusal(stranger.Certificate, ours, PeerRole.Node));
        Assert.Equal("no certificate was shown", PeerCertificate.Refusal(null, ours, PeerRole.Node));
        Assert.Throws<CredentialException>(() => _authority.EnsureNode(PathOf("other.pem"), "node-1"));

        _authority.IssueClient(PathOf("late.pem"), Alice, TimeSpan.FromMinutes(-30));
        var expired =
            Assert.Throws<CredentialException>(() => Credential.Load(PathOf("late.pem"), PeerRole.Client));
        Assert.Contains("expired", expired.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_was_there_keeps_its_mode_and_holds_no_authority_when_others_may_write_to_it()
    {
        const UnixFileMode open = SecureFiles.PrivateDirectory | UnixFileMode.OtherRead
            | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(PathOf("shared"));
        File.SetUnixFileMode(PathOf("shared"), open);
        _authority.IssueClient(PathOf("shared/alice.pem"), Alice);
        using (ClusterAuthority.OpenOrCreate(PathOf("shared"))) Assert.Equal(
            open, File.GetUnixFileMode(PathOf("shared")));

        File.SetUnixFileMode(PathOf("shared"), open | UnixFileMode.OtherWrite);
        var refused =
            Assert.Throws<CredentialException>(() => ClusterAuthority.OpenOrCreate(PathOf("shared")));
        Assert.Contains("chmod go-w", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_credential_is_kept_until_it_nears_its_end_or_its_user_changes()
    {
        var path = PathOf("alice.pem");
        _authority.EnsureClient(path, Alice);
        var first = File.ReadAllText(path);
        _authority.EnsureClient(path, new ClientIdentity("alice", 1000, 1001, [27, 1000]));
        Assert.Equal(first, File.ReadAllText(path));

        _authority.EnsureClient(path, new ClientIdentity("alice", 1000, 1001, [27]));
        using (var changed = Credential.Load(path, PeerRole.Client))
        {
            Assert.True(PeerCertificate.TryClient(
                changed.Certificate, changed.Authority, out var now, out _));
            Assert.Equal([27u], now.Groups);
        }
        foreach (var left in new[] { TimeSpan.FromMinutes(-30), TimeSpan.FromDays(29) })
        {
            _authority.IssueClient(path, Alice, left);
            _authority.EnsureClient(path, Alice);
            using var renewed = Credential.Load(path, PeerRole.Client);
            Assert.True(renewed.Certificate.NotAfter > DateTime.Now + TimeSpan.FromDays(364));
        }
        Assert.Throws<CredentialException>(() => _authority.EnsureNode(path, "node-1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("no certificate at all")]
    public void Damaged_files_are_refused_in_one_sentence(string text)
    {
        SecureFiles.Replace(PathOf("damaged.pem"), text);
        SecureFiles.MakeDirectory(PathOf("damaged"));
        SecureFiles.Replace(PathOf("damaged/ca.pem"), text);
        var credential =
            Assert.Throws<CredentialException>(() => Credential.Load(PathOf("damaged.pem"), PeerRole.Node));
        Assert.EndsWith(
            "is not a credential file: make a new one.", credential.Message, StringComparison.Ordinal);
        Assert.Throws<CredentialException>(() => ClusterAuthority.OpenOrCreate(PathOf("damaged")));
        Assert.Throws<CredentialException>(() => Credential.Load(PathOf("missing.pem"), PeerRole.Node));
    }

    [Fact]
    public void A_credential_that_others_can_read_is_refused()
    {
        _authority.EnsureNode(PathOf("node.pem"), "node-1");
        File.SetUnixFileMode(PathOf("node.pem"), SecureFiles.PrivateFile | UnixFileMode.GroupRead);
        var refused =
            Assert.Throws<CredentialException>(() => Credential.Load(PathOf("node.pem"), PeerRole.Node));
        Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_and_directories_of_other_users_are_refused()
    {
        Assert.False(SecureFiles.IsForeign(owner: 1000, user: 1000));
        Assert.False(SecureFiles.IsForeign(owner: 0, user: 1000));
        Assert.True(SecureFiles.IsForeign(owner: 1000, user: 0));
        SecureFiles.RequireOwn("/etc/passwd");
        SecureFiles.RequireOwn(_root);
        if (!Environment.IsPrivilegedProcess) return;

        // Only root can make what is not its own.
        _authority.EnsureNode(PathOf("node.pem"), "node-1");
        Assert.All(["authority/ca.pem", "authority", "node.pem"], file =>
        {
            Assert.Equal(0, ChangeOwner(PathOf(file), 65_534, 65_534));
            var refused = Assert.Throws<CredentialException>(() =>
            {
                Credential.Load(PathOf("node.pem"), PeerRole.Node).Dispose();
                ClusterAuthority.OpenOrCreate(PathOf("authority")).Dispose();
            });
            Assert.Contains("another user", refused.Message, StringComparison.Ordinal);
            Assert.Equal(0, ChangeOwner(PathOf(file), 0, 0));
        });
    }

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    private static extern int ChangeOwner(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint user, uint group);

    [Fact]
    public void A_certificate_that_nears_its_end_is_warned_of()
    {
        var now = TimeProvider.System.GetUtcNow();
        _authority.IssueClient(PathOf("alice.pem"), Alice, TimeSpan.FromDays(60));
        using var credential = Credential.Load(PathOf("alice.pem"), PeerRole.Client);
        Assert.Null(CertificateWatch.WarningOf("it", credential.Certificate, now.AddDays(29)));
        Assert.StartsWith(
            "it ends on ", CertificateWatch.WarningOf("it", credential.Certificate, now.AddDays(31)));
        Assert.NotNull(CertificateWatch.WarningOf("it", credential.Certificate, now.AddDays(61)));
    }

    [Theory]
    [InlineData("alice", "uid=1000 gid=1001 groups=27,1000", true)]
    [InlineData("root", "uid=0 gid=0", true)]
    [InlineData("max", "uid=4294967295 gid=0", true)]
    [InlineData("alice", "uid=4294967296 gid=0", false)]
    [InlineData("alice", "uid=-1 gid=0", false)]
    [InlineData("alice", "uid=01 gid=0", false)]
    [InlineData("alice", "gid=0 uid=0", false)]
    [InlineData("alice", "uid=0 gid=0 groups=", false)]
    [InlineData("alice", "uid=0 gid=0 groups=1 2", false)]
    [InlineData("a/b", "uid=0 gid=0", false)]
    [InlineData("", "uid=0 gid=0", false)]
    public void Only_the_documented_form_names_a_user(string user, string numbers, bool isUser)
    {
        var identity = ClientIdentity.Parse(user, numbers);
        Assert.Equal(isUser, identity != null);
        if (isUser) Assert.Equal(numbers, identity!.ToSubjectNumbers());
    }

    [Fact]
    public async Task The_peer_of_a_unix_socket_is_who_the_host_kernel_says()
    {
        var address = new UnixDomainSocketEndPoint(PathOf("socket"));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(address);
        listener.Listen();
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(address, TestContext.Current.CancellationToken);
        using var accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);

        // proc(5): "Uid: real effective saved fs", and likewise Gid and Groups.
        var status = File.ReadLines("/proc/self/status").Select(line => line.Split(':', 2))
            .ToDictionary(line => line[0], line =>
                line[1].Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries));
        var (identity, pid) = UnixPeer.Of(accepted);
        Assert.Equal(Environment.ProcessId, pid);
        Assert.Equal(status["Uid"][1], $"{identity.Uid}");
        Assert.Equal(status["Gid"][1], $"{identity.Gid}");
        Assert.Equal(status["Groups"], identity.Groups.Select(group => $"{group}"));
    }

    [Fact]
    public void A_node_dialled_at_a_host_that_its_certificate_lacks_is_refused()
    {
        _authority.EnsureNode(PathOf("node.pem"), "node-1");
        using var node = Credential.Load(PathOf("node.pem"), PeerRole.Node);
        Assert.Null(NodeTls.Refusal(node.Certificate, node.Authority, "akka.ssl.tcp://k42@127.0.0.1:2552"));
        Assert.Null(NodeTls.Refusal(node.Certificate, node.Authority, "[::ffff:10.0.0.1]:40000"));
        Assert.Equal("the certificate of node-1 is not for 10.0.0.1",
            NodeTls.Refusal(node.Certificate, node.Authority, "akka.ssl.tcp://k42@10.0.0.1:2552"));
    }

    private string PathOf(string name) => Path.Combine(_root, name);
}
