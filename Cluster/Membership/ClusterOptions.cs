using System.Globalization;
using Akka.Configuration;

namespace K42.Cluster.Membership;

/// <summary>The timings of a cluster; hocon/reference/cluster.conf explains each and holds its
/// default.</summary>
public sealed record ClusterOptions
{
    /// <summary>The conservative profile.</summary>
    public static ClusterOptions Default => FromConfig(Config.Empty, "default");

    /// <summary>Quick deaths, for one machine.</summary>
    public static ClusterOptions Demo => FromConfig(Config.Empty, "demo");

    /// <summary>How often nodes tell each other that they live.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>A silence up to this long is no failure.</summary>
    public required TimeSpan AcceptablePause { get; init; }

    /// <summary>How long reachability must not change before the split-brain resolver decides.</summary>
    public required TimeSpan StableAfter { get; init; }

    /// <summary>T1: without a majority for this long, a node serves nothing.</summary>
    public required TimeSpan FenceAfter { get; init; }

    /// <summary>How often pictures of the cluster are exchanged and acted on.</summary>
    public required TimeSpan GossipInterval { get; init; }

    /// <summary>How long a starting node tries to be accepted.</summary>
    public required TimeSpan JoinTimeout { get; init; }

    /// <summary>How long a write waits for its majority.</summary>
    public required TimeSpan WriteTimeout { get; init; }

    /// <summary>How long a lease of process numbers may take in all.</summary>
    public required TimeSpan LeaseTimeout { get; init; }

    /// <summary>How long a grant waits for every reachable node to know it.</summary>
    public required TimeSpan SpreadTimeout { get; init; }

    /// <summary>Reads k42.cluster from a configuration that falls back to the reference.</summary>
    /// <param name="config">The node's own configuration; may be empty.</param>
    /// <param name="profile">A profile's name; null takes k42.cluster.profile.</param>
    /// <exception cref="ArgumentException">A timing breaks T1 before T2, or the profile is
    /// unknown.</exception>
    public static ClusterOptions FromConfig(Config config, string? profile = null)
    {
        var all = config.WithFallback(Hocon.Reference).GetConfig("k42.cluster");
        var name = profile ?? all.GetString("profile");
        var timings = all.GetConfig($"profiles.{name}");
        if (timings.IsNullOrEmpty()) throw new ArgumentException($"k42.cluster has no profile '{name}'.");
        var options = new ClusterOptions
        {
            HeartbeatInterval = timings.GetTimeSpan("heartbeat-interval"),
            AcceptablePause = timings.GetTimeSpan("acceptable-pause"),
            StableAfter = timings.GetTimeSpan("stable-after"),
            FenceAfter = timings.GetTimeSpan("fence-after"),
            GossipInterval = timings.GetTimeSpan("gossip-interval"),
            JoinTimeout = all.GetTimeSpan("join-timeout"),
            WriteTimeout = all.GetTimeSpan("write-timeout"),
            LeaseTimeout = all.GetTimeSpan("lease-timeout"),
            SpreadTimeout = all.GetTimeSpan("spread-timeout"),
        };
        options.Check();
        return options;
    }

    /// <summary>Refuses timings with which a node could still serve while others publish its death.</summary>
    /// <exception cref="ArgumentException">They do.</exception>
    public void Check()
    {
        if (HeartbeatInterval <= TimeSpan.Zero || FenceAfter < 3 * HeartbeatInterval)
            throw new ArgumentException("k42.cluster: fence-after must be at least 3 heartbeat-intervals.");
        if (FenceAfter > AcceptablePause + StableAfter - (3 * HeartbeatInterval))
            throw new ArgumentException(
                "k42.cluster: fence-after must be at most acceptable-pause + stable-after "
                + "- 3 heartbeat-intervals.");
    }

    /// <summary>The same timings in Akka's words.</summary>
    internal Config ToAkka() =>
        ConfigurationFactory.ParseString(string.Create(CultureInfo.InvariantCulture, $$"""
        akka.cluster {
          gossip-interval = {{Ms(GossipInterval)}}
          leader-actions-interval = {{Ms(GossipInterval)}}
          unreachable-nodes-reaper-interval = {{Ms(GossipInterval)}}
          periodic-tasks-initial-delay = {{Ms(GossipInterval)}}
          seed-node-timeout = 2s
          retry-unsuccessful-join-after = 2s
          failure-detector {
            heartbeat-interval = {{Ms(HeartbeatInterval)}}
            acceptable-heartbeat-pause = {{Ms(AcceptablePause)}}
            expected-response-after = {{Ms(HeartbeatInterval)}}
          }
          split-brain-resolver {
            stable-after = {{Ms(StableAfter)}}
            down-all-when-unstable = {{Ms((4 * StableAfter) + TimeSpan.FromSeconds(10))}}
          }
        }
        """));

    private static string Ms(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMilliseconds}ms");
}
