using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace K42.Cluster.Security;

/// <summary>A certificate with its key, and the authority of its cluster: one PEM file of mode
/// 0600.</summary>
/// <remarks>The file holds, in this order: the certificate, its key (PKCS#8), the authority's
/// certificate.</remarks>
public sealed class Credential : IDisposable
{
    private Credential(X509Certificate2 certificate, X509Certificate2 authority)
    {
        Certificate = certificate;
        Authority = authority;
    }

    /// <summary>Ours, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The cluster's authority: the only issuer that peers are believed from.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The common name: a node's name or a client's user name.</summary>
    public string Name => PeerCertificate.NameOf(Certificate);

    /// <summary>Reads a credential file and checks that it is whole, private, ours to use and in
    /// date.</summary>
    /// <param name="path">The file.</param>
    /// <param name="role">What it must be good for.</param>
    /// <exception cref="CredentialException">It is missing, damaged, another user's, readable by others, of
    /// another role or expired.</exception>
    public static Credential Load(string path, PeerRole role)
    {
        var credential = Read(path);
        try
        {
            credential.Require(role, path);
            return credential;
        }
        catch
        {
            credential.Dispose();
            throw;
        }
    }

    /// <summary>Reads a credential file of any role and age.</summary>
    internal static Credential Read(string path)
    {
        if (!File.Exists(path))
            throw new CredentialException($"There is no credential at {path}: make one first.");
        SecureFiles.RequireOwn(path);
        if (SecureFiles.IsExposed(path))
            throw new CredentialException($"{path} can be read by others: run chmod 600 on it.");
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException)
        {
            throw new CredentialException($"{path} is not a credential file: make a new one.", e);
        }
    }

    /// <summary>Throws when it is not good for a role now.</summary>
    internal void Require(PeerRole role, string path)
    {
        if (PeerCertificate.Refusal(Certificate, Authority, role) is { } refusal)
            throw new CredentialException($"{path} can't be used because {refusal}: make a new one.");
    }

    /// <summary>True for the credential of a client that speaks for this user, with these groups.</summary>
    internal bool IsOf(ClientIdentity identity) =>
        PeerCertificate.TryClient(Certificate, Authority, out var own, out _)
        && (own.User, own.ToSubjectNumbers()) == (identity.User, identity.ToSubjectNumbers());

    /// <summary>The text of a credential file.</summary>
    internal static string Format(X509Certificate2 certificate, ECDsa key, X509Certificate2 authority) =>
        string.Join('\n', certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(),
            authority.ExportCertificatePem(), "");

    private static Credential Parse(string text)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(text);
        if (certificates.Count != 2) throw new CryptographicException("two certificates were expected");
        certificates[0].Dispose();
        return new Credential(X509Certificate2.CreateFromPem(text, text), certificates[1]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        Authority.Dispose();
    }
}
