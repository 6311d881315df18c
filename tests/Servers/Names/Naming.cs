using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Servers.Tests.Names;

/// <summary>What specs of the mount table do again and again.</summary>
internal static class Naming
{
    /// <summary>The mount table of a node, for a process.</summary>
    public static NameClient NamesOf(CallContext process, SimulatedNode node) =>
        NameClient.On(process, node.Member.Node);

    /// <summary>What the root mount shows, for a process.</summary>
    public static async Task<DirectoryClient> Enter(CallContext process, MountEntry entry)
    {
        var handle = await VolumeClient.On(process, entry.Node).Enter(entry.Volume, entry.Id, 0, 0);
        return new DirectoryClient(process, handle.Value);
    }

    /// <summary>The mount table and the root directory, for a process of root on a node.</summary>
    public static async Task<(NameClient Names, DirectoryClient Root)> RootOn(
        ServerNodes nodes, SimulatedNode node)
    {
        var process = nodes.Process(ServerNodes.Root, node);
        var names = NamesOf(process, node);
        return (names, await Enter(process, (await names.Table(0)).Value.Mounts[0]));
    }

    /// <summary>mount(2) of a new volume.</summary>
    public static async ValueTask<Outcome<Nothing>> Mount(
        NameClient names, FileStatus on, string type = "ramfs", ulong flags = 0, string options = "",
        int nodeId = 0, string source = "none")
    {
        var known = await names.Table(0);
        var table = known.Failed ? [] : known.Value.Mounts;
        return await names.Change(new MountChange
        {
            Kind = MountChangeKind.Mount,
            OnMount = Array.Find(table, entry => entry.Volume == on.Device).Id,
            OnInode = on.Inode,
            Flags = flags,
            NodeId = nodeId,
            Path = "/mnt",
            Type = type,
            Source = source,
            Options = options,
        });
    }

    /// <summary>umount2(2).</summary>
    public static ValueTask<Outcome<Nothing>> Unmount(
        NameClient names, MountEntry mount, ulong flags = 0) => names.Change(
            new MountChange { Kind = MountChangeKind.Unmount, Mount = mount.Id, Flags = flags });

    /// <summary>Runs a scenario on nodes of which the first made the root volume.</summary>
    public static void Run(int count, Func<ServerNodes, SimulatedNode[], Task> scenario)
    {
        using var nodes = new ServerNodes();
        var members = Enumerable.Range(0, count).Select(i => i == 0
            ? nodes.One
            : nodes.Cluster.AddNode()).ToArray();
        nodes.Cluster.Run(async () =>
        {
            foreach (var member in members) nodes.StartWithNames(member, createsRoot: member == members[0]);
            await nodes.Cluster.Elapse(TimeSpan.FromSeconds(2));
            await scenario(nodes, members);
        });
    }
}
