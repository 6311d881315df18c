using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;

namespace K42.Kernel.Processes;

/// <summary>How the gateway makes processes for principals: turns of the node's process table.</summary>
/// <param name="table">The <see cref="ProcessRoot"/> of this node.</param>
/// <param name="ipc">The node's IPC.</param>
/// <param name="membership">The nodes.</param>
/// <param name="homes">The same object as the table's.</param>
public sealed class ProcessHost(IActorRef table, IpcPort ipc, IMembership membership, NumberHomes homes)
    : IProcessHost
{
    /// <inheritdoc/>
    public NodeRef Node => ipc.Node;

    /// <inheritdoc/>
    public CallContext Kernel => ipc.Kernel;

    /// <inheritdoc/>
    public IMembership Membership => membership;

    /// <inheritdoc/>
    public NodeRef HomeOf(int number)
    {
        var home = homes.HomeOf(number);
        foreach (var member in membership.Members)
        {
            if (member.Node == home) return home;
        }
        return Node;
    }

    /// <inheritdoc/>
    public ValueTask<Outcome<HostedProcess>> Begin(Principal principal, string name) => Turn(
        (processes, done) =>
        processes.Create(
            principal,
            pid =>
            {
                var start = new ProcessStart(principal, Process.ShortName(name), 1, pid, pid);
                var process = new Process(processes, pid, start);
                process.BornLeader();
                return process;
            },
            null,
            outcome => done(outcome.Failed ? outcome.Errno : Hosted(outcome.Value))));

    /// <inheritdoc/>
    public ValueTask<Outcome<HostedProcess>> Attach(HostedProcess parent, ForkResult child) =>
        Turn((processes, done) =>
        {
            var isForked = processes.Find(child.Pid) is { HasEnded: false } process
                && process.ForkedBy == parent.Pid && process.Handle == child.Handle;
            done(isForked ? Hosted(processes.Find(child.Pid)!) : Errno.ESRCH);
        });

    /// <inheritdoc/>
    public ValueTask<Outcome<HostedProcess>> Claim(
        Principal principal, int pid, ReadOnlyMemory<byte> token) => Turn((processes, done) =>
        {
            var claimed = processes.Claim(principal, pid, token.Span);
            if (claimed is null)
            {
                done(Errno.EPERM);
                return;
            }
            done(Hosted(claimed) with { Bequest = claimed.Bequest });
            claimed.Bequest = default;
        });

    /// <inheritdoc/>
    public void Abandon(HostedProcess process) => Tell(processes =>
    {
        if (processes.Find(process.Pid) is not { HasEnded: false } abandoned) return;
        if (abandoned.Context != process.Context) return;
        abandoned.HangUp();
    });

    /// <summary>Ends every process of this node as SIGKILL does: the node may not serve any more, or
    /// stops.</summary>
    public void EndAll() => Tell(static processes => processes.EndAll());

    private static HostedProcess Hosted(Process process)
    {
        process.Taken();
        return new HostedProcess(process.Pid, process.Context, process.Handle);
    }

    private ValueTask<Outcome<HostedProcess>> Turn(Action<ProcessTable, Action<Outcome<HostedProcess>>> turn)
    {
        var answer = new TaskCompletionSource<Outcome<HostedProcess>>();
        // The caller goes on where continuations do, never inside the table's turn.
        Tell(processes => turn(
            processes, outcome => ipc.Executor.Post(_ => answer.SetResult(outcome), null)));
        return new ValueTask<Outcome<HostedProcess>>(answer.Task);
    }

    private void Tell(Action<ProcessTable> turn) =>
        table.Tell(new ProcessRoot.TableTurn(turn), ActorRefs.NoSender);
}
