using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace K42.Cluster.Security;

/// <summary>The cluster's certificate authority: its key says who is a node and who is a client.</summary>
/// <remarks>Kept in one directory (made with mode 0700) as <c>ca.pem</c>: the authority's certificate and
/// key (mode 0600). It belongs to whoever starts the cluster; nodes carry only the credential that it
/// issued.</remarks>
public sealed class ClusterAuthority : IDisposable
{
    private const string FileName = "ca.pem";
    private const int SerialBytes = 16;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3_650);

    /// <summary>How long issued certificates are good for.</summary>
    public static readonly TimeSpan CertificateLifetime = TimeSpan.FromDays(365);

    /// <summary>A credential with less than this left is issued anew by <see cref="EnsureNode"/> and
    /// <see cref="EnsureClient"/>.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly X509Certificate2 _certificate;
    private readonly ECDsa _key;

    private ClusterAuthority(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _key = certificate.GetECDsaPrivateKey() ?? throw new CryptographicException("the key is not ECDSA");
    }

    /// <summary>The authority's certificate, without its key.</summary>
    public X509Certificate2 Certificate => X509CertificateLoader.LoadCertificate(_certificate.RawData);

    /// <summary>Opens the authority of a directory, or makes one where there is none.</summary>
    /// <exception cref="CredentialException">The directory holds something else or an expired authority,
    /// others may write to it, or it or what is in it is another user's.</exception>
    public static ClusterAuthority OpenOrCreate(string directory)
    {
        SecureFiles.MakeDirectory(directory);
        SecureFiles.RequireOwn(directory);
        if (SecureFiles.IsOpenToOthers(directory))
            throw new CredentialException(
                $"others may write to {directory}: run chmod go-w on it, or take another directory.");
        var path = Path.Combine(directory, FileName);
        return File.Exists(path) ? Open(path) : Create(path);
    }

    /// <summary>Makes a node's credential file, or keeps the one there when it is good and has time
    /// left.</summary>
    /// <param name="path">The file, mode 0600; its directory is made with mode 0700.</param>
    /// <param name="nodeName">The node's name: a DNS label or name.</param>
    /// <param name="hosts">Host names and addresses, besides loopback, at which the node is reached.</param>
    /// <exception cref="CredentialException">The file there is damaged or not from this
    /// authority.</exception>
    public void EnsureNode(string path, string nodeName, params IReadOnlyList<string> hosts)
    {
        if (IsUsable(path, PeerRole.Node, credential => credential.Name == nodeName && hosts.All(
            host => credential.Certificate.MatchesHostname(host, allowCommonName: false)))) return;
        IssueNode(path, nodeName, hosts);
    }

    /// <summary>Makes a client's credential file, or keeps the one there when it is that user's and has time
    /// left.</summary>
    /// <exception cref="CredentialException">The file there is damaged or not from this
    /// authority.</exception>
    public void EnsureClient(string path, ClientIdentity identity)
    {
        if (IsUsable(path, PeerRole.Client, credential => credential.IsOf(identity))) return;
        IssueClient(path, identity);
    }

    /// <summary>Issues a node's credential file, replacing what is there.</summary>
    public void IssueNode(string path, string nodeName, params IReadOnlyList<string> hosts)
    {
        if (Uri.CheckHostName(nodeName) != UriHostNameType.Dns)
            throw new CredentialException(
                $"'{nodeName}' can't be a node's name: use a DNS name such as node-1.");
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(nodeName);
        subject.AddOrganizationalUnitName(PeerCertificate.NodeUnit);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(nodeName);
        names.AddDnsName(PeerCertificate.NodeUnit);
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }
        Issue(path, subject, names, CertificateLifetime, PeerCertificate.ServerUsage,
            PeerCertificate.ClientUsage);
    }

    /// <summary>Issues a client's credential file, replacing what is there.</summary>
    /// <param name="path">The file, mode 0600.</param>
    /// <param name="identity">For whom the client speaks.</param>
    /// <param name="lifetime">How long it is good for; <see cref="CertificateLifetime"/> when left
    /// out.</param>
    public void IssueClient(string path, ClientIdentity identity, TimeSpan? lifetime = null)
    {
        if (!ClientIdentity.IsUserName(identity.User))
            throw new CredentialException($"'{identity.User}' can't be a user's name.");
        if (identity.Groups.Count > ClientIdentity.GroupsMax)
            throw new CredentialException(
                $"{identity.User} has more than {ClientIdentity.GroupsMax} groups.");
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(identity.User);
        subject.AddOrganizationalUnitName(PeerCertificate.ClientUnit);
        subject.Add(PeerCertificate.SerialNumber, identity.ToSubjectNumbers());
        Issue(path, subject, null, lifetime ?? CertificateLifetime, PeerCertificate.ClientUsage);
    }

    private static ClusterAuthority Open(string path)
    {
        SecureFiles.RequireOwn(path);
        if (SecureFiles.IsExposed(path))
            throw new CredentialException($"{path} can be read by others: run chmod 600 on it.");
        try
        {
            var text = File.ReadAllText(path);
            var authority = new ClusterAuthority(X509Certificate2.CreateFromPem(text, text));
            if (authority._certificate.NotAfter > TimeProvider.System.GetLocalNow().DateTime)
                return authority;
            authority.Dispose();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CredentialException($"{path} is damaged: restore it, or remove the data directory.", e);
        }
        throw new CredentialException(
            $"The cluster authority in {path} has expired: remove the data directory.");
    }

    private static ClusterAuthority Create(string path)
    {
        var tag = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=k42-cluster-{tag}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now + Lifetime);
        var text = $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
        SecureFiles.Replace(path, text);
        return new ClusterAuthority(X509Certificate2.CreateFromPem(text, text));
    }

    private void Issue(
        string path, X500DistinguishedNameBuilder subject, SubjectAlternativeNameBuilder? names,
        TimeSpan lifetime, params string[] usages)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var oids = new OidCollection();
        foreach (var usage in usages) oids.Add(new Oid(usage));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, critical: false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        if (names != null) request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        var end = Earlier(now + lifetime, _certificate.NotAfter);
        var begin = Later(Earlier(now, end).AddHours(-1), _certificate.NotBefore);
        using var certificate =
            request.Create(_certificate, begin, end, RandomNumberGenerator.GetBytes(SerialBytes));
        SecureFiles.MakeDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        SecureFiles.Replace(path, Credential.Format(certificate, key, _certificate));
    }

    /// <summary>True for a credential to keep, false for one to renew.</summary>
    private bool IsUsable(string path, PeerRole role, Func<Credential, bool> isSame)
    {
        if (!File.Exists(path)) return false;
        using var credential = Credential.Read(path);
        if (!credential.Authority.RawDataMemory.Span.SequenceEqual(_certificate.RawData))
            throw new CredentialException($"{path} is of another cluster: remove it.");
        if (credential.Certificate.NotAfter <= TimeProvider.System.GetLocalNow().DateTime + RenewBefore)
            return false;
        credential.Require(role, path);
        return isSame(credential);
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) =>
        left < right ? left : right;

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) =>
        left > right ? left : right;

    /// <inheritdoc/>
    public void Dispose()
    {
        _key.Dispose();
        _certificate.Dispose();
    }
}
