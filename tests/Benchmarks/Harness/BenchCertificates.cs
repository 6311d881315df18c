using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace K42.Benchmarks.Harness;

/// <summary>A certificate authority for one run, with a certificate for each end of a connection.</summary>
/// <remarks>The files lie in a directory that only this user can enter; they end with the run.</remarks>
public sealed class BenchCertificates : IDisposable
{
    private const string AuthorityFile = "authority.crt";
    private readonly bool _owned;

    private BenchCertificates(string directory, bool owned)
    {
        DirectoryPath = directory;
        _owned = owned;
        Authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, AuthorityFile));
        Client = X509CertificateLoader.LoadPkcs12FromFile(Path.Combine(directory, "client.pfx"), null);
        Server = X509CertificateLoader.LoadPkcs12FromFile(Path.Combine(directory, "server.pfx"), null);
    }

    /// <summary>Where the files lie; a child process opens the same directory.</summary>
    public string DirectoryPath { get; }

    /// <summary>The authority that signed both ends.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The end that connects.</summary>
    public X509Certificate2 Client { get; }

    /// <summary>The end that listens.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>Makes an authority and two certificates in a new directory.</summary>
    public static BenchCertificates Create()
    {
        var directory = Directory.CreateTempSubdirectory("k42-bench-").FullName;
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=k42 bench authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var authority = request.CreateSelfSigned(from, to);
        File.WriteAllBytes(Path.Combine(directory, AuthorityFile), authority.Export(X509ContentType.Cert));
        Issue(authority, "client", directory);
        Issue(authority, "server", directory);
        return new BenchCertificates(directory, owned: true);
    }

    /// <summary>Opens the certificates that another process made.</summary>
    public static BenchCertificates Open(string directory) => new(directory, owned: false);

    /// <summary>How both ends check each other: signed by this run's authority, nothing else.</summary>
    public X509ChainPolicy CreatePolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(Authority);
        return policy;
    }

    /// <summary>Whether this run's authority signed the certificate.</summary>
    public bool IsTrusted(X509Certificate2? certificate)
    {
        if (certificate is null) return false;
        using var chain = new X509Chain { ChainPolicy = CreatePolicy() };
        return chain.Build(certificate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Authority.Dispose();
        Client.Dispose();
        Server.Dispose();
        if (_owned) Directory.Delete(DirectoryPath, recursive: true);
    }

    private static void Issue(X509Certificate2 authority, string name, string directory)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=k42 bench {name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        var serial = RandomNumberGenerator.GetBytes(8);
        serial[0] &= 0x7f;
        using var bare = request.Create(authority, authority.NotBefore, authority.NotAfter, serial);
        using var full = bare.CopyWithPrivateKey(key);
        File.WriteAllBytes(Path.Combine(directory, name + ".pfx"), full.Export(X509ContentType.Pfx));
    }
}
