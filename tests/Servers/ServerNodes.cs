using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;
using K42.Servers.Names;
using K42.Servers.Pipes;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Servers.Tests;

/// <summary>Nodes of a simulated cluster with servers on them, and processes that call them.</summary>
internal sealed class ServerNodes : IDisposable
{
    private readonly Dictionary<SimulatedNode, int> _lastPids = [];

    public ServerNodes(ulong seed = 1)
    {
        Cluster = new SimulatedCluster(seed, ContractCatalogue.NewRequest);
        One = Cluster.AddNode();
    }

    public SimulatedCluster Cluster { get; }

    public SimulatedNode One { get; }

    public static Principal Root { get; } = new("root", 0, 0, [0], Authentication.ClientCertificate);

    public static Principal Alice { get; } = new(
        "alice", 1_000, 1_000, [1_000, 50], Authentication.ClientCertificate);

    public static Principal Bob { get; } = new(
        "bob", 1_001, 1_001, [1_001], Authentication.ClientCertificate);

    public void Dispose() => Cluster.Dispose();

    /// <summary>A process of a node that was started.</summary>
    public CallContext Process(Principal who, SimulatedNode? on = null)
    {
        var node = on ?? One;
        return node.Ipc.Admit(++_lastPids[node], who);
    }

    public PipeSettings PipeSettings { get; init; } = new(Actors: 2);

    public VolumeSettings VolumeSettings { get; init; } = new(BytesMax: 64 << 20, InodesMax: 10_000);

    /// <summary>Starts the servers, then runs a scenario to its end.</summary>
    public void Run(Func<ServerNodes, Task> scenario) => Cluster.Run(async () =>
    {
        Start(One);
        await Cluster.Elapse(TimeSpan.FromMilliseconds(1));
        await scenario(this);
    });

    /// <summary>Starts a node's pipes and volumes.</summary>
    public void Start(SimulatedNode node)
    {
        node.Grantor.LeaseBlock(block => _lastPids[node] = block.Value * IBlockMap.BlockSize);
        node.System.ActorOf(PipeRoot.Props(node.Ipc, PipeSettings), "pipes");
        node.System.ActorOf(VolumeRoot.Props(node.Ipc, VolumeSettings), "volumes");
    }

    /// <summary>Starts a node's servers, the mount table included.</summary>
    public void StartWithNames(SimulatedNode node, bool createsRoot)
    {
        Start(node);
        var settings = new NameSettings(createsRoot);
        node.System.ActorOf(NameRoot.Props(node.Ipc, node.Membership, node.Table, settings), "names");
    }

    public PipeClient Pipes(CallContext process) => PipeClient.On(process, One.Member.Node);

    public VolumeClient Volumes(CallContext process) => VolumeClient.On(process, One.Member.Node);

    /// <summary>A new pipe of a process.</summary>
    public async Task<(FileClient Reader, FileClient Writer)> NewPipe(CallContext process, int flags = 0)
    {
        var ends = (await Pipes(process).Create(flags)).Value;
        return (new FileClient(process, ends.Reader), new FileClient(process, ends.Writer));
    }

    /// <summary>The root directory of a new volume, for a process.</summary>
    public async Task<DirectoryClient> NewVolume(CallContext process, string options = "")
    {
        var kernel = Volumes(One.Ipc.Kernel);
        return await Mounted((await kernel.Create("tmpfs", options)).Value, process);
    }

    /// <summary>The root directory of a volume that is mounted as mount 1, where everybody may enter
    /// it.</summary>
    public async Task<DirectoryClient> Mounted(ulong volume, CallContext process)
    {
        var view = new MountView(1, VolumeContract.RootInode, MountFlag.RelativeAccessTimes, 0, 0);
        var shown = await Volumes(One.Ipc.Kernel).Show(volume, 0, [view], [], unlessUsed: false);
        Assert.False(shown.Failed);
        return new DirectoryClient(process, (await Volumes(process).Enter(volume, 1, 0, 0)).Value);
    }
}

/// <summary>Short forms of walks; they know the newest mount table unless they say which.</summary>
internal static class Walking
{
    public static WalkRequest To(
        string path, WalkIntent intent, int flags = 0, uint mode = 0, bool follow = true, long first = 0,
        long second = 0, string text = "", ulong root = 0,
        ulong version = ulong.MaxValue) =>
        new(path, intent, flags, mode, follow, 0, first, second, text, root, version);

    public static async Task<FileClient> Open(
        this DirectoryClient directory, string path, int flags, uint mode = 0x1B6)
    {
        var walked = (await directory.Walk(To(path, WalkIntent.Open, flags, mode))).Value;
        return new FileClient(directory.Context, walked.Handle);
    }
}
