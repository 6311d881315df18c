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

/// <summary>For whom a process acts.</summary>
/// <param name="User">The user's name, at most 64 bytes.</param>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Group id.</param>
/// <param name="Groups">Supplementary groups, at most 64.</param>
/// <param name="By">How it authenticated.</param>
public sealed record Principal(string User, uint Uid, uint Gid, IReadOnlyList<uint> Groups, Authentication By)
{
    /// <summary>True for uid 0.</summary>
    public bool IsRoot => Uid == 0;

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
}

/// <summary>The kernel's word on who calls: stamped where a message enters, never written by a
/// program.</summary>
/// <remarks>One object per process and credential version. A change of credentials makes a new one and
/// revokes the old, so a message that still carries it is refused (EPERM).</remarks>
public sealed class CallerIdentity
{
    private volatile bool _revoked;

    internal CallerIdentity(int pid, uint version, NodeRef home, Principal principal)
    {
        (Pid, Version, Home, Principal) = (pid, version, home, principal);
    }

    /// <summary>The process that calls; 0 for a node's kernel and servers.</summary>
    public int Pid { get; }

    /// <summary>Which credentials of that process, counted from 1.</summary>
    public uint Version { get; }

    /// <summary>The node that vouches for it.</summary>
    public NodeRef Home { get; }

    /// <summary>For whom it acts.</summary>
    public Principal Principal { get; }

    /// <summary>True for kernels and servers.</summary>
    public bool IsKernel => Pid == 0;

    /// <summary>True once the process died, its credentials changed, or they expired.</summary>
    public bool Revoked => _revoked;

    internal void Revoke() => _revoked = true;

    /// <inheritdoc/>
    public override string ToString() => $"pid {Pid} v{Version} uid {Principal.Uid} on {Home}";
}
