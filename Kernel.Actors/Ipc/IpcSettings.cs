using Akka.Configuration;

namespace K42.Kernel.Ipc;

/// <summary>What one process may take of a node's IPC. Meanings and defaults are mirrored in
/// hocon/reference/ipc.conf.</summary>
public sealed record IpcSettings
{
    /// <summary>How many calls of one process objects of this node may hold unanswered.</summary>
    public int ParkedPerProcessMax { get; init; } = 8_192;

    /// <summary>How many handles one process may have caused on this node.</summary>
    public int HandlesPerProcessMax { get; init; } = 65_536;

    /// <summary>How many handles the processes of one user may have caused on this node; root has no
    /// maximum.</summary>
    public int HandlesPerUserMax { get; init; } = 1_048_576;

    /// <summary>How many handles objects of this node may have out, as many as K42's table holds. Processes
    /// are refused the last 64th, which is left for kernels and servers.</summary>
    public int HandlesMax { get; init; } = 8_388_608;

    /// <summary>Reads the settings from the section k42.ipc.</summary>
    public static IpcSettings From(Config root)
    {
        var defaults = new IpcSettings();
        var config = root.GetConfig("k42.ipc");
        if (config is null) return defaults;
        return new IpcSettings
        {
            ParkedPerProcessMax = config.GetInt("parked-per-process-max", defaults.ParkedPerProcessMax),
            HandlesPerProcessMax = config.GetInt("handles-per-process-max", defaults.HandlesPerProcessMax),
            HandlesPerUserMax = config.GetInt("handles-per-user-max", defaults.HandlesPerUserMax),
            HandlesMax = config.GetInt("handles-max", defaults.HandlesMax),
        };
    }
}
