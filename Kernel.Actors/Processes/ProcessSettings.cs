using Akka.Configuration;

namespace K42.Kernel.Processes;

/// <summary>Every setting of processes. Meanings and defaults are mirrored in
/// hocon/reference/processes.conf.</summary>
public sealed record ProcessSettings
{
    /// <summary>How many processes and zombies one user may have on one node; root may have more.</summary>
    public int PerUserMax { get; init; } = 16_384;

    /// <summary>How many processes and zombies a node may have.</summary>
    public int PerNodeMax { get; init; } = 131_072;

    /// <summary>How long a spawned child waits for its program to claim it.</summary>
    public TimeSpan ClaimWithin { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many numbers are left in the newest block when the next one is leased.</summary>
    public int LeaseAhead { get; init; } = 256;

    /// <summary>How many blocks a node leases before it uses freed numbers again.</summary>
    public int BlocksBeforeReuse { get; init; } = 8;

    /// <summary>How many forks may wait for a block of numbers.</summary>
    public int WaitingForNumbersMax { get; init; } = 1_024;

    /// <summary>How many signals one process may have queued.</summary>
    public int QueuedSignalsMax { get; init; } = 1_024;

    /// <summary>How long until news that a parent's node did not take are sent again.</summary>
    public TimeSpan ReportAgain { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long until a zombie whose parent lives elsewhere is reported again.</summary>
    public TimeSpan ZombieReportAgain { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads the settings from the section k42.processes.</summary>
    public static ProcessSettings From(Config root)
    {
        var defaults = new ProcessSettings();
        var config = root.GetConfig("k42.processes");
        if (config is null) return defaults;
        return new ProcessSettings
        {
            PerUserMax = config.GetInt("per-user-max", defaults.PerUserMax),
            PerNodeMax = config.GetInt("per-node-max", defaults.PerNodeMax),
            ClaimWithin = config.GetTimeSpan("claim-within", defaults.ClaimWithin),
            LeaseAhead = config.GetInt("lease-ahead", defaults.LeaseAhead),
            BlocksBeforeReuse = config.GetInt("blocks-before-reuse", defaults.BlocksBeforeReuse),
            WaitingForNumbersMax = config.GetInt("waiting-for-numbers-max", defaults.WaitingForNumbersMax),
            QueuedSignalsMax = config.GetInt("queued-signals-max", defaults.QueuedSignalsMax),
            ReportAgain = config.GetTimeSpan("report-again", defaults.ReportAgain),
            ZombieReportAgain = config.GetTimeSpan("zombie-report-again", defaults.ZombieReportAgain),
        };
    }
}
