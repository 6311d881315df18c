using K42.Contracts.Ports;

namespace K42.Contracts;

/// <summary>What clients and objects need of their node's IPC: sending calls, making and dropping
/// handles.</summary>
public abstract class IpcPort
{
    /// <summary>This node.</summary>
    public abstract NodeRef Node { get; }

    /// <summary>The node's clock.</summary>
    public abstract IClock Clock { get; }

    /// <summary>Where continuations are posted.</summary>
    public abstract IExecutor Executor { get; }

    /// <summary>The node's source of chance.</summary>
    public abstract IRandomness Randomness { get; }

    /// <summary>The node's own identity: process 0, uid 0. Servers call as it.</summary>
    public abstract CallContext Kernel { get; }

    /// <summary>Sends a request that was begun; it is always answered, unless it is one-way.</summary>
    internal abstract void Send(CallContext context, ObjectHandle target, Request request);

    /// <summary>Asks the object to give up on a request: it is answered EINTR, unless it was answered
    /// already.</summary>
    internal abstract void Cancel(CallContext context, ObjectHandle target, Request request, long generation);

    /// <summary>A request was abandoned: what the object's actor, or the way to another node, still keeps of
    /// it goes.</summary>
    internal virtual void GiveUp(ObjectHandle target, Request request, long generation)
    {
    }

    /// <summary>Makes a handle.</summary>
    internal abstract HandleRow Export(ServerObject target, int owner, Rights matched, Rights unmatched);

    /// <summary>Makes a handle that another process than its owner has caused.</summary>
    internal virtual HandleRow Export(
        ServerObject target, int owner, Rights matched, Rights unmatched, int charged) =>
        Export(target, owner, matched, unmatched);

    /// <summary>Whether a process may be given access: ESRCH when it is dead, or nobody has its number;
    /// Overloaded when this may be known later.</summary>
    internal virtual Errno CheckOwner(int process) => Errno.None;

    /// <summary>Whether a process may cause one more handle.</summary>
    /// <param name="process">The process; 0 for one that is yet to be made.</param>
    /// <param name="principal">For whom it acts: its user has a maximum, too.</param>
    internal virtual bool HasRoomForHandle(int process, Principal principal) => true;

    /// <summary>How many calls of one process objects of this node may hold unanswered.</summary>
    internal virtual int ParkedPerProcessMax => int.MaxValue;

    /// <summary>Puts a factory at its well-known slot.</summary>
    internal abstract HandleRow ExportFactory(ServerObject target, ushort contract);

    /// <summary>Drops a handle; calls by it fail from here on.</summary>
    internal abstract void Drop(HandleRow row);

    /// <summary>Counts and logs a refused call.</summary>
    internal abstract void Refused(Request request, string reason);
}

/// <summary>In whose name a client calls. Made by the kernel only; the holder can use it but not change
/// it.</summary>
public sealed class CallContext
{
    private long _processorNs;

    internal CallContext(IpcPort ipc, CallerIdentity identity) => (Ipc, Identity) = (ipc, identity);

    /// <summary>The node's IPC.</summary>
    public IpcPort Ipc { get; }

    /// <summary>The identity that its calls are stamped with.</summary>
    public CallerIdentity Identity { get; internal set; }

    /// <summary>How long its node's processors worked in the process's calls, in nanoseconds: a figure for
    /// rusage and CPU-time clocks, on which nothing depends.</summary>
    public long ProcessorNs => Interlocked.Read(ref _processorNs);

    /// <summary>The process's library adds what a call took until it was answered or began to wait.</summary>
    public void Worked(long ns) => Interlocked.Add(ref _processorNs, ns);
}
