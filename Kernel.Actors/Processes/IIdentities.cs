using K42.Contracts;

namespace K42.Kernel.Processes;

/// <summary>The node's table of identities: in whose name the processes of this node call.</summary>
public interface IIdentities
{
    /// <summary>Makes the identity of a process of this node.</summary>
    CallContext Admit(int pid, Principal principal);

    /// <summary>Gives a process other credentials: a new version, which the context's calls carry from here
    /// on. Calls that carry an older one are refused when this returns.</summary>
    void Change(CallContext context, Principal principal);

    /// <summary>What proved the principal has expired: calls in its name are refused (EKEYEXPIRED) from here
    /// on.</summary>
    void Expire(CallContext context);

    /// <summary>Ends the identity: calls in its name are refused from here on, and the handles that were made
    /// for the process, here and on every node that it called, are dropped.</summary>
    void Dismiss(CallContext context);
}
