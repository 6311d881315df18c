using System.Net;
using System.Security.Cryptography.X509Certificates;
using K42.Contracts;
using K42.Contracts.Ports;
using K42.Personality.Linux;
using Microsoft.AspNetCore.Http;

namespace K42.Gateway;

/// <summary>Says who is at the other end of a channel.</summary>
public interface IGatewayAuthenticator
{
    /// <summary>The principal, by the client certificate (Connection.ClientCertificate, already known to be
    /// of the cluster's authority) or by the Unix socket (feature IConnectionSocketFeature); null
    /// refuses.</summary>
    Principal? Authenticate(HttpContext context);
}

/// <summary>What a gateway needs of its node.</summary>
public sealed record GatewayOptions
{
    /// <summary>Where TLS connections are taken.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The TCP port; 0 for any free one.</summary>
    public int Port { get; init; }

    /// <summary>The node's certificate with its key; null takes no TCP connections at all.</summary>
    public X509Certificate2? ServerCertificate { get; init; }

    /// <summary>The cluster's authority: the only issuer of client certificates. Needed with a
    /// certificate.</summary>
    public X509Certificate2? Authority { get; init; }

    /// <summary>A Unix socket to take local connections on; null for none. A stale file is
    /// replaced.</summary>
    public string? UnixSocketPath { get; init; }

    /// <summary>Who is there.</summary>
    public required IGatewayAuthenticator Authenticator { get; init; }

    /// <summary>Makes processes.</summary>
    public required IProcessHost Host { get; init; }

    /// <summary>Their Linux side; null makes one over the host.</summary>
    public LinuxSystem? Linux { get; init; }

    /// <summary>How long a resumable session outlives its stream.</summary>
    public TimeSpan ResumeTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Calls of one session that may be outstanding, 1 to 65,536.</summary>
    public int CallsMax { get; init; } = 4_096;

    /// <summary>Calls of one message: more than may be outstanding, as many end at once.</summary>
    public int MessageCallsMax => 4 * CallsMax;

    /// <summary>Bytes of completions of one session that may be unacknowledged, or unsent when it is not
    /// resumable, before its calls are refused.</summary>
    public long UnacknowledgedBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>Bytes that calls of one session may bring and ask for while they are outstanding.</summary>
    public long OutstandingBytesMax { get; init; } = 256 * 1024 * 1024;

    /// <summary>Connections at once, those included that have not said yet whose they are.</summary>
    public int ConnectionsMax { get; init; } = 12_000;

    /// <summary>Sessions at once on this node. A user other than root may have as many as are left.</summary>
    public int SessionsMax { get; init; } = 10_000;

    /// <summary>Bytes that calls and results of all sessions may hold on this node, a quarter of its memory.
    /// A user other than root may hold as much as is left; beyond, calls are refused.</summary>
    public long BytesMax { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <summary>The largest message that is taken, in bytes.</summary>
    public int MessageBytesMax { get; init; } = 8 * 1024 * 1024;
}
