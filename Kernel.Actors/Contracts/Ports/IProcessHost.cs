using K42.Contracts.Kernel;

namespace K42.Contracts.Ports;

/// <summary>A process as its host has it: the right to call in its name.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Context">Calls in its name.</param>
/// <param name="Process">Its own process object.</param>
public sealed record HostedProcess(int Pid, CallContext Context, ObjectHandle Process)
{
    /// <summary>What its parent's library left for it when it was spawned; empty otherwise.</summary>
    public ReadOnlyMemory<byte> Bequest { get; init; }
}

/// <summary>How a part of a node that authenticates principals (the gateway) makes processes for
/// them.</summary>
/// <remarks>Kernel-internal: it is handed to the gateway by the node and never reached by a call.</remarks>
public interface IProcessHost
{
    /// <summary>This node.</summary>
    NodeRef Node { get; }

    /// <summary>The node's own context: mount table and placement look-ups that act for no process.</summary>
    CallContext Kernel { get; }

    /// <summary>Which node is home to a process, group or session number; this one when there is no such node
    /// (any more), because any node can tell that a process is gone, and signals groups that outlived their
    /// home.</summary>
    NodeRef HomeOf(int number);

    /// <summary>The nodes of the cluster.</summary>
    IMembership Membership { get; }

    /// <summary>A new process for a principal: child of process 1, leader of its own group and session.
    /// EAGAIN without a number or a majority.</summary>
    ValueTask<Outcome<HostedProcess>> Begin(Principal principal, string name);

    /// <summary>Takes over a child that fork made on this node. ESRCH when the caller did not fork it, or it
    /// has ended already.</summary>
    ValueTask<Outcome<HostedProcess>> Attach(HostedProcess parent, ForkResult child);

    /// <summary>Takes over a child that a spawn made on this node, once. EPERM when token or principal's uid
    /// differ, or there is no such child (any more).</summary>
    ValueTask<Outcome<HostedProcess>> Claim(Principal principal, int pid, ReadOnlyMemory<byte> token);

    /// <summary>Ends a process whose program went away without exiting: SIGHUP, then SIGKILL.</summary>
    void Abandon(HostedProcess process);
}
