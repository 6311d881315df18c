using Akka.Configuration;

namespace K42.Servers.Names;

/// <summary>How a node keeps the mount table; hocon/reference/names.conf explains each.</summary>
/// <param name="CreatesRoot">Whether this node makes the root volume when the cluster has none: true on the
/// node that
/// forms the cluster, false on those that join it.</param>
/// <param name="RootOptions">Options of the root volume.</param>
/// <param name="MountsMax">Entries of the table, at most 1,024; ENOSPC beyond, and when the table would
/// not fit into one message between nodes.</param>
/// <param name="ChangesMax">Mounts and unmounts that wait for their turn; callers back off beyond.</param>
/// <param name="RetryDelay">How long to wait before something that failed in the cluster is tried
/// again.</param>
/// <param name="SweepDelay">How often the owner of a detached volume looks whether it is still in
/// use.</param>
public sealed record NameSettings(
    bool CreatesRoot, string RootOptions, int MountsMax, int ChangesMax, TimeSpan RetryDelay,
    TimeSpan SweepDelay)
{
    /// <summary>The defaults.</summary>
    /// <param name="createsRoot">See <see cref="CreatesRoot"/>.</param>
    public NameSettings(bool createsRoot)
        : this(createsRoot, "mode=755", 1_024, 1_024, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5))
    {
    }

    /// <summary>Reads the section k42.names; what is not there keeps its default.</summary>
    public static NameSettings From(Config config, bool createsRoot)
    {
        var section = config.GetConfig("k42.names") ?? Config.Empty;
        var defaults = new NameSettings(createsRoot);
        return new NameSettings(
            createsRoot,
            section.GetString("root-options", defaults.RootOptions),
            Math.Clamp(section.GetInt("mounts-max", defaults.MountsMax), 1, 1_024),
            section.GetInt("changes-max", defaults.ChangesMax),
            section.GetTimeSpan("retry-delay", defaults.RetryDelay),
            section.GetTimeSpan("sweep-delay", defaults.SweepDelay));
    }
}
