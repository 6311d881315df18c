using K42.Linux.V1;

namespace K42.Client;

public sealed partial class K42Task
{
    /// <summary>getpid(2), asked of the system.</summary>
    public Task<int> GetPidAsync(CancellationToken cancellation = default) =>
        Number(SystemCalls.Getpid(), null, cancellation);

    /// <summary>fork(2): the child, whose calls go through what is returned.</summary>
    public async Task<K42Task> ForkAsync(CancellationToken cancellation = default)
    {
        var made = await MakeAsync(SystemCalls.Fork(), cancellation: cancellation).ConfigureAwait(false);
        return Session.AddTask(made.Forked.Task, (int)made.Result);
    }

    /// <summary>K42's own spawn: a child on another node, to be claimed there by a session of the same
    /// user.</summary>
    /// <param name="node">The node's name or number.</param>
    public async Task<K42Child> SpawnAsync(string node, CancellationToken cancellation = default)
    {
        var call = SystemCalls.Spawn(node);
        var made = (await MakeAsync(call, node, cancellation).ConfigureAwait(false)).Spawned;
        return new K42Child(made.Pid, made.Token.Memory, made.GatewayAddress);
    }

    /// <summary>exit_group(2). Returns when the process has ended.</summary>
    /// <param name="status">0 to 255.</param>
    public async Task ExitAsync(int status = 0)
    {
        _ = CallAsync(SystemCalls.ExitGroup(status));
        try
        {
            await Exited.ConfigureAwait(false);
        }
        catch (K42SessionEndedException e) when (!e.WasLost)
        {
            // The last process of a session takes the session with it.
        }
    }

    /// <summary>wait4(2).</summary>
    /// <param name="pid">-1 any child, 0 any of the own group, less than -1 any of that group, else that
    /// child.</param>
    /// <param name="options">WNOHANG 1, WUNTRACED 2, WCONTINUED 8.</param>
    public async Task<(int Pid, int Status)> WaitAsync(
        int pid = -1, int options = 0, CancellationToken cancellation = default)
    {
        var call = SystemCalls.Wait4(pid, options);
        var ended = await MakeAsync(call, cancellation: cancellation).ConfigureAwait(false);
        return ((int)ended.Result, ended.WaitStatus?.Status ?? 0);
    }

    /// <summary>kill(2).</summary>
    public Task KillAsync(int pid, int signal, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Kill(pid, signal), $"{pid}", cancellation);

    /// <summary>rt_sigaction(2): what was set before.</summary>
    /// <param name="disposition">A handler's signals come through <see cref="K42Session.Signals"/>.</param>
    public async Task<SignalAction> SetSignalActionAsync(
        int signal, Disposition disposition, ulong flags = 0, CancellationToken cancellation = default)
    {
        var action = new SignalAction { Disposition = disposition, Flags = flags };
        var call = SystemCalls.RtSigaction(signal, action);
        return (await MakeAsync(call, cancellation: cancellation).ConfigureAwait(false)).Action;
    }
}
