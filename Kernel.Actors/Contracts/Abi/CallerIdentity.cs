namespace K42.Contracts;

/// <summary>Why an identity is not valid any more.</summary>
public enum Revocation
{
    /// <summary>It is valid.</summary>
    None = 0,

    /// <summary>The process died, or its node.</summary>
    Ended = 1,

    /// <summary>The process has other credentials since.</summary>
    Outdated = 2,

    /// <summary>What proved the principal has expired.</summary>
    Expired = 3,
}

/// <summary>The kernel's word on who calls: stamped where a message enters, never written by a
/// program.</summary>
/// <remarks>One object per process and credential version. A change of credentials makes a new one and
/// revokes the old, so a message that still carries it is refused: EKEYEXPIRED when what proved the principal
/// has expired, else EPERM.</remarks>
public sealed class CallerIdentity
{
    private int _revocation;
    private int _parked;

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
    public bool Revoked => Volatile.Read(ref _revocation) != 0;

    /// <summary>Why it is revoked.</summary>
    public Revocation Revocation => (Revocation)Volatile.Read(ref _revocation);

    /// <summary>How many of its calls objects of this node hold unanswered.</summary>
    internal int ParkedCount => Volatile.Read(ref _parked);

    internal void Parked(int change) => Interlocked.Add(ref _parked, change);

    /// <summary>What a call gets that carries it once it is revoked.</summary>
    internal Errno Refusal => Revocation == Revocation.Expired ? Errno.EKEYEXPIRED : Errno.EPERM;

    /// <summary>The first reason stays.</summary>
    internal void Revoke(Revocation why) => Interlocked.CompareExchange(ref _revocation, (int)why, 0);

    /// <inheritdoc/>
    public override string ToString() => $"pid {Pid} v{Version} uid {Principal.Uid} on {Home}";
}
