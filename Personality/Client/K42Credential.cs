using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace K42.Client;

/// <summary>Who a client is, and whom it trusts: one PEM file with certificate, key and the cluster's
/// authority.</summary>
public sealed class K42Credential : IDisposable
{
    private K42Credential(X509Certificate2 certificate, X509Certificate2 authority)
    {
        Certificate = certificate;
        Authority = authority;
    }

    /// <summary>The client's certificate with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The only issuer that gateways are believed from.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>Reads a credential file.</summary>
    /// <exception cref="IOException">It can't be read, or is none; the message says so in a
    /// sentence.</exception>
    public static K42Credential Load(string path)
    {
        if (!File.Exists(path)) throw new IOException($"There is no credential at {path}.");
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception e)
            when (e is CryptographicException or ArgumentException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} is not a credential file that can be used: {e.Message}", e);
        }
    }

    /// <summary>Reads the text of a credential file.</summary>
    /// <exception cref="CryptographicException">It is none.</exception>
    public static K42Credential Parse(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        if (certificates.Count < 2)
            throw new CryptographicException("a certificate and its authority are expected");
        certificates[0].Dispose();
        return new K42Credential(X509Certificate2.CreateFromPem(pem, pem), certificates[1]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        Authority.Dispose();
    }
}
