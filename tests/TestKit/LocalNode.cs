using Akka.Actor;
using Akka.Configuration;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.Kernel.Runtime;

namespace K42.TestKit;

/// <summary>One real node without a cluster: real threads, real time, local calls only.</summary>
public sealed class LocalNode : IAsyncDisposable
{
    /// <summary>Starts a node.</summary>
    /// <param name="requests">Makes requests for frames from links; not needed without links.</param>
    /// <param name="settings">What one process may take.</param>
    /// <param name="blocks">Which node is home to which numbers; null when nobody asks.</param>
    /// <param name="clock">Its clock; the machine's when null.</param>
    /// <param name="hocon">Settings of its actor system that differ.</param>
    public LocalNode(
        Func<ushort, ushort, Request?>? requests = null, IpcSettings? settings = null,
        IBlockMap? blocks = null, IClock? clock = null, string hocon = "")
    {
        System = ActorSystem.Create("k42", ConfigurationFactory.ParseString(
            $"""
            {IpcHocon.Text}
            akka.loglevel = ERROR
            akka.stdout-loglevel = OFF
            akka.log-dead-letters = off
            {hocon}
            """));
        var executor = new PoolExecutor();
        Ipc = new IpcNode(System, new IpcNodeOptions(
            new NodeRef(1, 1), clock ?? new SystemClock(executor), executor, new SystemRandomness(), blocks,
            requests ?? (static (_, _) => null)) { Settings = settings ?? new IpcSettings() });
    }

    /// <summary>Its actors.</summary>
    public ActorSystem System { get; }

    /// <summary>Its IPC.</summary>
    public IpcNode Ipc { get; }

    /// <summary>The identity of a process with that number, uid and gid.</summary>
    public CallContext Process(int pid, uint uid = 1_000) =>
        Ipc.Admit(pid, new Principal($"user{uid}", uid, uid, [uid], Authentication.ClientCertificate));

    /// <summary>Starts an actor and waits until it has adopted its objects.</summary>
    public T Start<T>(Func<IpcNode, Action<T>, Props> props)
    {
        var started = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        System.ActorOf(props(Ipc, started.SetResult));
        return started.Task.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Ipc.Dispose();
        await System.Terminate().WaitAsync(TimeSpan.FromSeconds(30));
    }
}
