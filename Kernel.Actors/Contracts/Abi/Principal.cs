namespace K42.Contracts;

/// <summary>How a principal proved who it is.</summary>
public enum Authentication : byte
{
    /// <summary>A kernel or server, by its node's certificate.</summary>
    Node = 1,

    /// <summary>A client certificate of the cluster's CA.</summary>
    ClientCertificate = 2,

    /// <summary>The user id of a Unix socket's peer.</summary>
    PeerUid = 3,
}

/// <summary>A process's ids of one kind, user or group: credentials(7).</summary>
/// <param name="Real">Whose process it is.</param>
/// <param name="Effective">In whose name it acts on processes and the system.</param>
/// <param name="Saved">What it may go back to.</param>
/// <param name="File">In whose name it acts on files (setfsuid(2)); follows the effective one unless set
/// apart.</param>
[Wire]
public readonly partial record struct LinuxIds(uint Real, uint Effective, uint Saved, uint File)
{
    /// <summary>All four the same.</summary>
    public static LinuxIds All(uint id) => new(id, id, id, id);
}

/// <summary>For whom a process acts.</summary>
/// <param name="User">The name of the user who authenticated, at most 64 bytes.</param>
/// <param name="LoginUid">The id of that user: setuid(2) and its kin change it never.</param>
/// <param name="UserIds">User ids.</param>
/// <param name="GroupIds">Group ids.</param>
/// <param name="Groups">Supplementary groups, at most <see cref="GroupsMax"/>.</param>
/// <param name="By">How it authenticated.</param>
public sealed record Principal(
    string User, uint LoginUid, LinuxIds UserIds, LinuxIds GroupIds, IReadOnlyList<uint> Groups,
    Authentication By)
{
    /// <summary>The most supplementary groups.</summary>
    public const int GroupsMax = 64;

    /// <summary>A user as it authenticated: all ids of a kind are one.</summary>
    public Principal(string user, uint uid, uint gid, IReadOnlyList<uint> groups, Authentication by)
        : this(user, uid, LinuxIds.All(uid), LinuxIds.All(gid), groups, by)
    {
    }

    /// <summary>Until when the proof holds: CLOCK_REALTIME in nanoseconds; 0 for ever.</summary>
    public long ExpiresNs { get; init; }

    /// <summary>The user id that files are made and checked with.</summary>
    public uint Uid => UserIds.File;

    /// <summary>The group id that files are made and checked with.</summary>
    public uint Gid => GroupIds.File;

    /// <summary>True for who may do everything with files: Linux's capabilities over files follow the file
    /// system's user id.</summary>
    public bool IsRoot => Uid == 0;

    /// <summary>True for who may do everything else: Linux's other capabilities follow the effective user
    /// id.</summary>
    public bool IsAdministrator => UserIds.Effective == 0;

    /// <summary>True when the gid is the principal's group or one of its supplementary groups.</summary>
    public bool InGroup(uint gid)
    {
        if (Gid == gid) return true;
        // By index: an enumerator of the interface would be allocated for every permission check.
        for (var i = 0; i < Groups.Count; i++)
        {
            if (Groups[i] == gid) return true;
        }
        return false;
    }

    /// <summary>The same with the real ids before files, as access(2) asks.</summary>
    public Principal ByRealIds()
    {
        if (UserIds.File == UserIds.Real && GroupIds.File == GroupIds.Real) return this;
        return this with
        {
            UserIds = UserIds with { File = UserIds.Real },
            GroupIds = GroupIds with { File = GroupIds.Real },
        };
    }

    /// <summary>True once the proof holds no more.</summary>
    public bool HasExpired(long realtimeNs) => ExpiresNs != 0 && realtimeNs >= ExpiresNs;
}
