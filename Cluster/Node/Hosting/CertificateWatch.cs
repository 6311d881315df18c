using System.Globalization;
using System.Security.Cryptography.X509Certificates;

using Akka.Actor;
using Akka.Event;

using K42.Cluster.Security;

namespace K42.Node.Hosting;

/// <summary>Says once a day in the node's log that its certificate, or the cluster's authority, nears its
/// end.</summary>
/// <remarks>Path /user/certificate-watch. Calls: nobody. On failure: nobody is warned.</remarks>
internal sealed class CertificateWatch : ReceiveActor, IWithTimers
{
    private sealed class Look
    {
        public static readonly Look Instance = new();
    }

    /// <summary>Looks at once and then daily.</summary>
    public CertificateWatch(Credential credential, TimeProvider time)
    {
        var log = Context.GetLogger();
        Receive<Look>(_ =>
        {
            if (WarningOf("this node's certificate", credential.Certificate, time.GetUtcNow()) is { } own)
                log.Warning("{0}", own);
            if (WarningOf("the cluster's authority", credential.Authority, time.GetUtcNow()) is { } authority)
                log.Warning("{0}", authority);
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>What to say of a certificate; null while it has more than
    /// <see cref="ClusterAuthority.RenewBefore"/> left.</summary>
    internal static string? WarningOf(string what, X509Certificate2 certificate, DateTimeOffset now)
    {
        DateTimeOffset end = certificate.NotAfter;
        if (end > now + ClusterAuthority.RenewBefore) return null;
        return string.Create(CultureInfo.InvariantCulture,
            $"{what} ends on {end:yyyy-MM-dd}, and no new connection is made with it then: a node's is ")
            + "renewed when 'k42 up' starts the cluster again, an authority's data directory must be removed";
    }

    /// <inheritdoc/>
    protected override void PreStart() =>
        Timers.StartPeriodicTimer(Look.Instance, Look.Instance, TimeSpan.Zero, TimeSpan.FromDays(1));
}
