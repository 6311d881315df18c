using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>What a link believes of a certificate: the name of a node, or nothing.</summary>
/// <remarks>A node's certificate is issued by the cluster's authority itself, is in date, has the subject
/// <c>CN=NAME, OU=k42-node</c>, and both extended key usages serverAuth and clientAuth. A client's has
/// another unit and only clientAuth, so no client can be a node.</remarks>
public static class NodeCertificates
{
    /// <summary>The subject's unit, and the TLS server name that diallers ask for.</summary>
    public const string NodeUnit = "k42-node";

    private const string CommonNameOid = "2.5.4.3";
    private const string UnitOid = "2.5.4.11";
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>Reads the node name that a certificate proves.</summary>
    /// <param name="certificate">What the peer showed; null when nothing.</param>
    /// <param name="authorities">The issuers that are believed: the cluster's.</param>
    /// <param name="clock">Says what time it is.</param>
    /// <param name="name">The node's name, when true.</param>
    /// <param name="refusal">Why not, when false.</param>
    public static bool TryName(X509Certificate2? certificate, X509Certificate2Collection authorities,
        IClock clock,
        [NotNullWhen(true)] out string? name, [NotNullWhen(false)] out string? refusal)
    {
        name = null;
        refusal = certificate is null ? "no certificate was shown" : Refusal(certificate, authorities, clock);
        if (refusal is not null) return false;
        name = Attribute(certificate!, CommonNameOid);
        if (name is null) refusal = "the certificate names no node";
        return name is not null;
    }

    private static string? Refusal(X509Certificate2 certificate, X509Certificate2Collection authorities,
        IClock clock)
    {
        var now = DateTime.UnixEpoch.AddTicks(clock.RealtimeNs / 100);
        if (now > certificate.NotAfter.ToUniversalTime())
            return $"the certificate expired on {certificate.NotAfter:yyyy-MM-dd}";
        if (now < certificate.NotBefore.ToUniversalTime())
            return $"the certificate begins on {certificate.NotBefore:yyyy-MM-dd}";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now;
        if (!chain.Build(certificate) || chain.ChainElements.Count != 2)
            return "the certificate is not from this cluster's authority";
        if (Attribute(certificate, UnitOid) != NodeUnit) return "the certificate is not a node's";
        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .SelectMany(extension => extension.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>())
            .Select(oid => oid.Value).ToHashSet();
        return usages.Contains(ServerUsage) && usages.Contains(ClientUsage)
            ? null : "the certificate lacks a node's key usages";
    }

    /// <summary>The one value of a subject's attribute; null when it is missing or there twice.</summary>
    private static string? Attribute(X509Certificate2 certificate, string oid)
    {
        string? found = null;
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements || part.GetSingleElementType().Value != oid) continue;
            if (found is not null) return null;
            found = part.GetSingleElementValue();
        }
        return found;
    }
}
