using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;

namespace K42.Cluster.Security;

/// <summary>What a certificate lets its holder be.</summary>
public enum PeerRole
{
    /// <summary>A node: it may take and make connections between nodes.</summary>
    Node = 1,

    /// <summary>A client of the gateway: it speaks for one Linux user, and can never be a node.</summary>
    Client = 2,
}

/// <summary>Decides what the certificate at the other end of a connection is worth.</summary>
/// <remarks>The role is said twice, by the subject's OU and by the extended key usages, and both must agree:
/// a client's certificate lacks serverAuth, and so is useless as a node's even to a careless
/// checker.</remarks>
public static class PeerCertificate
{
    internal const string NodeUnit = "k42-node";
    internal const string ClientUnit = "k42-client";
    internal const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    internal const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    internal const string CommonName = "2.5.4.3";
    internal const string UnitName = "2.5.4.11";
    internal const string SerialNumber = "2.5.4.5";

    /// <summary>Why a certificate is not acceptable in a role, or null when it is.</summary>
    /// <param name="certificate">The peer's, or null when it showed none.</param>
    /// <param name="authority">The cluster's authority; nobody else's signature counts.</param>
    /// <param name="role">What the peer wants to be.</param>
    public static string? Refusal(X509Certificate2? certificate, X509Certificate2 authority, PeerRole role)
    {
        if (certificate == null) return "no certificate was shown";
        var time = DateTimeOf(TimeProvider.System);
        if (time > certificate.NotAfter)
            return $"the certificate expired on {certificate.NotAfter:yyyy-MM-dd}";
        if (time < certificate.NotBefore)
            return $"the certificate begins only on {certificate.NotBefore:yyyy-MM-dd}";
        if (!IsIssuedBy(certificate, authority))
            return "the certificate is not from this cluster's authority";

        var unit = Attribute(certificate, UnitName);
        var usages = Usages(certificate);
        if (role == PeerRole.Node)
        {
            if (unit != NodeUnit) return "the certificate is not a node's";
            return usages.Contains(ServerUsage) && usages.Contains(ClientUsage)
                ? null : "the certificate lacks a node's key usages";
        }
        if (unit != ClientUnit || usages.Contains(ServerUsage)) return "the certificate is not a client's";
        if (!usages.Contains(ClientUsage)) return "the certificate lacks a client's key usage";
        return ClientOf(certificate) == null ? "the certificate names no Linux user" : null;
    }

    /// <summary>Accepts a node's certificate.</summary>
    /// <param name="certificate">The peer's.</param>
    /// <param name="authority">The cluster's authority.</param>
    /// <param name="nodeName">The node's name, to be compared with <c>Member.Name</c>.</param>
    /// <param name="refusal">Why not, when false.</param>
    public static bool TryNode(X509Certificate2? certificate, X509Certificate2 authority,
        [NotNullWhen(true)] out string? nodeName, [NotNullWhen(false)] out string? refusal)
    {
        refusal = Refusal(certificate, authority, PeerRole.Node);
        nodeName = refusal == null ? NameOf(certificate!) : null;
        return refusal == null;
    }

    /// <summary>Accepts a client's certificate.</summary>
    /// <param name="certificate">The peer's.</param>
    /// <param name="authority">The cluster's authority.</param>
    /// <param name="identity">For whom it speaks.</param>
    /// <param name="refusal">Why not, when false.</param>
    public static bool TryClient(X509Certificate2? certificate, X509Certificate2 authority,
        [NotNullWhen(true)] out ClientIdentity? identity, [NotNullWhen(false)] out string? refusal)
    {
        refusal = Refusal(certificate, authority, PeerRole.Client);
        identity = refusal == null ? ClientOf(certificate!) : null;
        return refusal == null;
    }

    /// <summary>When a certificate's validity ends: nanoseconds since 1970, UTC.</summary>
    public static long ExpiresNs(X509Certificate2 certificate)
    {
        const long msNs = 1_000_000;
        return new DateTimeOffset(certificate.NotAfter.ToUniversalTime()).ToUnixTimeMilliseconds() * msNs;
    }

    /// <summary>The subject's common name, or empty.</summary>
    public static string NameOf(X509Certificate2 certificate) => Attribute(certificate, CommonName) ?? "";

    private static ClientIdentity? ClientOf(X509Certificate2 certificate) =>
        ClientIdentity.Parse(NameOf(certificate), Attribute(certificate, SerialNumber) ?? "");

    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate) && chain.ChainElements.Count == 2;
    }

    /// <summary>The one value of a subject attribute; null when it is missing or given twice.</summary>
    private static string? Attribute(X509Certificate2 certificate, string oid)
    {
        string? found = null;
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements || part.GetSingleElementType().Value != oid) continue;
            if (found != null) return null;
            found = part.GetSingleElementValue();
        }
        return found;
    }

    private static HashSet<string> Usages(X509Certificate2 certificate)
    {
        var usages = new HashSet<string>();
        foreach (var extension in certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>())
            foreach (var oid in extension.EnhancedKeyUsages) usages.Add(oid.Value ?? "");
        return usages;
    }

    private static DateTime DateTimeOf(TimeProvider time) => time.GetLocalNow().DateTime;
}
