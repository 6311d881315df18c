using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using K42.Cluster.Security;

namespace K42.Cluster.Membership;

/// <summary>Mutual TLS for Akka.Remote: only nodes of this cluster, each at a host that its certificate
/// names.</summary>
internal static class NodeTls
{
    public static DotNettySslSetup Setup(Credential credential) => new(credential.Certificate,
        suppressValidation: false, requireMutualAuthentication: true,
        (certificate, _, peer, _, log) =>
        {
            var refusal = Refusal(certificate, credential.Authority, peer);
            if (refusal != null) log.Warning("refused {0} because {1}", peer, refusal);
            return refusal == null;
        });

    /// <summary>Why a peer is refused, or null.</summary>
    /// <param name="certificate">What it showed.</param>
    /// <param name="authority">The cluster's authority.</param>
    /// <param name="peer">The Akka address that was dialled, or the socket address of who dialled.</param>
    internal static string? Refusal(X509Certificate2? certificate, X509Certificate2 authority, string peer)
    {
        var refusal = PeerCertificate.Refusal(certificate, authority, PeerRole.Node);
        if (refusal != null || !Address.TryParse(peer, out var dialled) || dialled.Host == null)
            return refusal;
        return certificate!.MatchesHostname(dialled.Host, allowWildcards: false, allowCommonName: false)
            ? null : $"the certificate of {PeerCertificate.NameOf(certificate)} is not for {dialled.Host}";
    }
}
