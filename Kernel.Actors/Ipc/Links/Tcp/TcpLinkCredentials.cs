using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>What a node shows to others and whom it believes. TLS 1.3, both sides with
/// certificates.</summary>
public sealed class TcpLinkCredentials
{
    private readonly SslStreamCertificateContext _own;

    /// <summary>Takes this node's certificate and the cluster's authority.</summary>
    /// <param name="certificate">Ours, with its key; see <see cref="NodeCertificates"/> for its form.</param>
    /// <param name="authorities">The issuers that peers are believed from.</param>
    public TcpLinkCredentials(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        Authorities = authorities;
        _own = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
    }

    /// <summary>The issuers that peers are believed from.</summary>
    public X509Certificate2Collection Authorities { get; }

    internal static X509Certificate2? Certificate2(X509Certificate? shown) => shown switch
    {
        null => null,
        X509Certificate2 already => already,
        _ => X509CertificateLoader.LoadCertificate(shown.GetRawCertData()),
    };

    internal SslClientAuthenticationOptions ForClient(RemoteCertificateValidationCallback validate) => new()
    {
        TargetHost = NodeCertificates.NodeUnit,
        ClientCertificateContext = _own,
        EnabledSslProtocols = SslProtocols.Tls13,
        RemoteCertificateValidationCallback = validate,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    internal SslServerAuthenticationOptions ForServer(RemoteCertificateValidationCallback validate) => new()
    {
        ServerCertificateContext = _own,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        RemoteCertificateValidationCallback = validate,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };
}
