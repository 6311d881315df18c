using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.Kernel.Processes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Processes;

/// <summary>Nodes of a simulated cluster with process tables on them.</summary>
internal sealed class ProcessNodes : IDisposable
{
    private readonly Dictionary<NodeRef, ProcessHost> _hosts = [];
    private readonly ProcessSettings _settings;

    public ProcessNodes(
        ulong seed = 1, int nodes = 1, ProcessSettings? settings = null, SimulatedTables? tables = null,
        IpcSettings? ipc = null)
    {
        _settings = settings ?? new ProcessSettings();
        Cluster = new SimulatedCluster(seed, K42.Contracts.ContractCatalogue.NewRequest)
        {
            Tables = tables ?? new SimulatedTables(),
            IpcSettings = ipc ?? new IpcSettings(),
        };
        for (var node = 0; node < nodes; node++) Cluster.AddNode();
    }

    public static Principal Root { get; } = new("root", 0, 0, [0], Authentication.ClientCertificate);

    public static Principal Alice { get; } =
        new("alice", 1_000, 1_000, [1_000, 50], Authentication.ClientCertificate);

    public static Principal Bob { get; } =
        new("bob", 1_001, 1_001, [1_001], Authentication.ClientCertificate);

    public SimulatedCluster Cluster { get; }

    public SimulatedNode One => Cluster.Nodes[0];

    public SimulatedNode Two => Cluster.Nodes[1];

    public SimulatedNode Three => Cluster.Nodes[2];

    public void Dispose() => Cluster.Dispose();

    public ProcessHost Host(SimulatedNode node) => _hosts[node.Member.Node];

    /// <summary>Starts the tables, then runs a scenario to its end.</summary>
    public void Run(Func<Task> scenario) => Cluster.Run(async () =>
    {
        foreach (var node in Cluster.Nodes) Start(node);
        await Elapse(0.01);
        await scenario();
    });

    public void Start(SimulatedNode node)
    {
        var homes = new NumberHomes(Cluster.Tables.Blocks);
        var root = node.System.ActorOf(
            ProcessRoot.Props(
                node.Ipc, node.Ipc, node.Membership, node.Grantor, homes, _settings),
            "processes");
        _hosts[node.Member.Node] = new ProcessHost(root, node.Ipc, node.Membership, homes);
    }

    public Task Elapse(double seconds) => Cluster.Elapse(TimeSpan.FromSeconds(seconds));

    /// <summary>kill -9 of a node, and its removal from the membership.</summary>
    public async Task Lose(SimulatedNode node)
    {
        Cluster.Kill(node);
        await Elapse(1);
        Cluster.Remove(node);
        await Elapse(1);
    }

    public async Task<Program> Begin(Principal? who = null, SimulatedNode? on = null)
    {
        var node = on ?? One;
        var begun = await Host(node).Begin(who ?? Alice, "program");
        return new Program(this, node, begun.Value);
    }
}

/// <summary>A process as its library has it.</summary>
internal sealed class Program(ProcessNodes nodes, SimulatedNode node, HostedProcess hosted)
{
    public const int NoHang = 1;
    public const int Stopped = 2;
    public const int Exited = 4;
    public const int Continued = 8;
    public const int NoWait = 0x0100_0000;

    public int Pid => hosted.Pid;

    public HostedProcess Hosted => hosted;

    public SimulatedNode Node => node;

    public ProcessClient Self { get; } = new(hosted.Context, hosted.Process);

    /// <summary>The process table of the node that is home to a number, called in the program's
    /// name.</summary>
    public ProcessTableClient TableOf(int number) =>
        ProcessTableClient.On(hosted.Context, nodes.Host(node).HomeOf(number));

    public async Task<Program> Fork()
    {
        var forked = (await Self.Fork()).Value;
        return new Program(nodes, node, (await nodes.Host(node).Attach(hosted, forked)).Value);
    }

    public async Task<Program> Spawn(SimulatedNode target)
    {
        var spawned = (await Self.Spawn(target.Member.Node.Id)).Value;
        var who = hosted.Context.Identity.Principal;
        return new Program(
            nodes, target, (await nodes.Host(target).Claim(who, spawned.Pid, spawned.Token)).Value);
    }

    public ValueTask<Outcome<WaitResult>> Wait(int options = Exited, CancellationToken cancel = default) =>
        Self.Wait(WaitFor.Any, 0, options, cancel);

    public ValueTask<Outcome<WaitResult>> WaitOf(Program child, int options = Exited) =>
        Self.Wait(WaitFor.Process, child.Pid, options);

    public async Task<Errno> Kill(int pid, int signal) => (await TableOf(pid).Kill(pid, signal)).Errno;

    public async Task<Errno> KillGroup(int group, int signal) =>
        (await TableOf(group).KillGroup(group, signal)).Errno;

    public async Task<Errno> SetGroup(int pid, int group) => (await Self.SetGroup(pid, group)).Errno;

    public async Task Exit(int status = 0) => Assert.Equal(Errno.None, (await Self.Exit(status)).Errno);

    public async Task Disposition(int signal, int disposition, uint flags = 0) =>
        Assert.Equal(Errno.None, (await Self.SetDisposition(signal, disposition, flags)).Errno);

    public async Task<ProcessInfo> Info() => (await Self.Info()).Value;

    /// <summary>What anybody sees of a process; ESRCH when it is gone.</summary>
    public ValueTask<Outcome<ProcessInfo>> Lookup(int pid) => TableOf(pid).Lookup(pid);

    /// <summary>The signals that are to be handled now.</summary>
    public async Task<IReadOnlyList<int>> TakeSignals()
    {
        var state = (await Self.NextSignals(0)).Value;
        return [.. state.Signals.Select(signal => signal.Number)];
    }
}
