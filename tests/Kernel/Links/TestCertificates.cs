using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using K42.Kernel.Ipc.Links.Tcp;

namespace K42.Kernel.Tests.Links;

/// <summary>A certificate authority of a spec, and what it issues.</summary>
internal sealed class TestAuthority
{
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name = "spec authority")
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(Days(-10), Days(10));
    }

    public X509Certificate2Collection Authorities =>
        [X509CertificateLoader.LoadCertificate(_certificate.RawData)];

    /// <summary>A certificate; a node's in date unless told otherwise.</summary>
    public X509Certificate2 Issue(string name, string unit = NodeCertificates.NodeUnit, bool server = true,
        int fromDays = -1, int untilDays = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, OU={unit}", key, HashAlgorithmName.SHA256);
        var usages = new OidCollection { new Oid("1.3.6.1.5.5.7.3.2") };
        if (server) usages.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature,
            true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, critical: false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        using var issued = request.Create(_certificate, Days(fromDays), Days(untilDays), serial);
        using var whole = issued.CopyWithPrivateKey(key);
        // A key that exists only in memory can't be used by TLS on every platform; a round trip makes it
        // whole.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    public TcpLinkCredentials Credentials(X509Certificate2 certificate) => new(certificate, Authorities);

    private static DateTimeOffset Days(int days) => DateTimeOffset.UtcNow.AddDays(days);
}
