using System.Security.Cryptography.X509Certificates;

using K42.Cluster.Security;
using K42.Contracts;
using K42.Gateway;

using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace K42.Node.Hosting;

/// <summary>Says for whom a connection to the gateway speaks: by its client certificate, or by the user id at
/// the other end of a Unix socket. Nobody is anonymous.</summary>
/// <param name="authority">The cluster's authority.</param>
internal sealed class NodeAuthenticator(X509Certificate2 authority) : IGatewayAuthenticator
{
    /// <inheritdoc/>
    public Principal? Authenticate(HttpContext context)
    {
        var socket = context.Features.Get<IConnectionSocketFeature>()?.Socket;
        if (socket?.AddressFamily == System.Net.Sockets.AddressFamily.Unix)
        {
            return PrincipalOf(UnixPeer.Of(socket).Identity, Authentication.PeerUid);
        }
        var shown = context.Connection.ClientCertificate;
        if (!PeerCertificate.TryClient(shown, authority, out var identity, out _)) return null;
        return PrincipalOf(identity, Authentication.ClientCertificate) with
        {
            ExpiresNs = PeerCertificate.ExpiresNs(shown!),
        };
    }

    private static Principal PrincipalOf(ClientIdentity identity, Authentication by) =>
        new(identity.User, identity.Uid, identity.Gid, identity.Groups, by);
}
