using Akka.Configuration;

namespace K42.Servers.Pipes;

/// <summary>Limits of a node's pipes; hocon/reference/pipes.conf explains each.</summary>
/// <param name="PipesMax">Pipes of the node; ENFILE beyond.</param>
/// <param name="UserPipesMax">Pipes of one user other than root on the node; ENFILE beyond.</param>
/// <param name="Actors">Over how many actors the pipes are spread.</param>
public sealed record PipeSettings(int PipesMax = 262_144, int UserPipesMax = 16_384, int Actors = 16)
{
    /// <summary>Pages that pipes of one user other than root have room for; beyond it new pipes get two, and
    /// F_SETPIPE_SZ upwards is EPERM (pipe-user-pages-soft of proc_sys_fs(5)).</summary>
    public int UserPagesMax { get; init; } = 16_384;

    /// <summary>Bytes of one user's writes that wait for room; writes beyond them are tried again.</summary>
    public long UserWaitingBytesMax { get; init; } = 64 << 20;

    /// <summary>Reads the section k42.pipes; what is not there keeps its default.</summary>
    public static PipeSettings From(Config config)
    {
        var section = config.GetConfig("k42.pipes") ?? Config.Empty;
        var defaults = new PipeSettings();
        return new PipeSettings(
            section.GetInt("pipes-max", defaults.PipesMax),
            section.GetInt("user-pipes-max", defaults.UserPipesMax),
            Math.Clamp(section.GetInt("actors", defaults.Actors), 1, 1_024))
        {
            UserPagesMax = section.GetInt("user-pages-max", defaults.UserPagesMax),
            UserWaitingBytesMax =
                section.GetByteSize("user-waiting-bytes-max") ?? defaults.UserWaitingBytesMax,
        };
    }
}
