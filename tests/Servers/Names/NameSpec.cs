using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

using static K42.Servers.Tests.Names.Naming;

namespace K42.Servers.Tests.Names;

public sealed class NameSpec
{
    [Fact]
    public void The_first_node_makes_a_root_with_the_usual_directories_and_devices(
        ) => Run(1, async (nodes, members) =>
    {
        var process = nodes.Process(ServerNodes.Alice);
        var table = (await NamesOf(process, members[0]).Table(0)).Value;
        var entry = Assert.Single(table.Mounts);
        Assert.Equal((members[0].Member.Node, "/", 0ul), (entry.Node, entry.Path, entry.OnMount));
        var root = await Enter(process, entry);
        Assert.Equal(0x43FFu, (await root.Walk(Walking.To("tmp", WalkIntent.Status))).Value.Status.Mode);
        var device = (await root.Walk(Walking.To("dev/null", WalkIntent.Open, OpenFlags.O_RDWR))).Value;
        Assert.Equal((WalkStop.Device, 0x103ul), (device.Stop, device.Status.RDevice));
        var listed = Assert.Single((await VolumeClient.On(process, members[0].Member.Node).List()).Value);
        Assert.True(listed.Empty);
    });

    [Fact]
    public void Every_node_learns_the_table_and_a_later_one_too() => Run(2, async (nodes, members) =>
    {
        var seen = (await NamesOf(nodes.Process(ServerNodes.Alice, members[1]), members[1]).Table(0)).Value;
        Assert.Equal(members[0].Member.Node, seen.Mounts[0].Node);
        var late = nodes.Cluster.AddNode();
        nodes.StartWithNames(late, createsRoot: false);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(2));
        var learnt = (await NamesOf(nodes.Process(ServerNodes.Alice, late), late).Table(0)).Value;
        Assert.Equal(seen.Version, learnt.Version);
    });

    [Fact]
    public void A_mount_is_in_every_nodes_table_when_it_returns() => Run(3, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        Assert.False((await Mount(names, mnt, nodeId: 3)).Failed);
        foreach (var member in members)
        {
            var table = (await NamesOf(nodes.Process(ServerNodes.Alice, member), member).Table(0)).Value;
            var mounted = table.Mounts[1];
            Assert.Equal(members[2].Member.Node, mounted.Node);
            Assert.Equal((mnt.Inode, "/mnt"), (mounted.OnInode, mounted.Path));
        }
    });

    [Fact]
    public void A_walk_with_an_old_table_is_told_to_refresh_and_then_stops_at_the_mount(
        ) => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var old = (await names.Table(0)).Value;
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status, version: old.Version))).Value.Status;
        var newer = names.Table(old.Version);
        await Mount(names, mnt);
        var walk = Walking.To("mnt/x", WalkIntent.Status, version: old.Version);
        Assert.Equal(Errno.Refresh, (await root.Walk(walk)).Errno);
        var table = (await newer).Value;
        var stopped = (await root.Walk(walk with { MountVersion = table.Version })).Value;
        Assert.Equal((WalkStop.Mount, mnt.Inode, "x"), (stopped.Stop, stopped.MountInode, stopped.Rest));
        var mounted = await Enter(root.Context, table.Mounts[1]);
        var created = await mounted.Walk(Walking.To("x", WalkIntent.MakeDirectory, mode: 0x1ED));
        Assert.False(created.Failed);
        var above = (await mounted.Walk(Walking.To("../tmp", WalkIntent.Status))).Value;
        Assert.Equal((WalkStop.AboveRoot, "tmp"), (above.Stop, above.Rest));
        // The way up goes on at the parent of the directory that is covered.
        var volumes = VolumeClient.On(root.Context, table.Mounts[0].Node);
        var covered = new DirectoryClient(
            root.Context, (await volumes.Enter(
                table.Mounts[0].Volume, table.Mounts[1].OnMount, table.Mounts[1].OnInode,
                above.Ticket)).Value);
        var up = Walking.To("../" + above.Rest, WalkIntent.Status, version: table.Version);
        Assert.Equal(0x43FFu, (await covered.Walk(up)).Value.Status.Mode);
    });

    [Fact]
    public void A_change_does_not_wait_for_a_node_that_was_removed() => Run(3, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        nodes.Cluster.Kill(members[2]);
        var mounting = Mount(names, mnt).AsTask();
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(5));
        Assert.False(mounting.IsCompleted);
        nodes.Cluster.Remove(members[2]);
        Assert.False((await mounting).Failed);
    });

    [Fact]
    public void When_the_roots_node_is_removed_calls_fail_definitely() => Run(3, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        var version = (await names.Table(0)).Value.Version;
        var waiting = names.Table(version);
        nodes.Cluster.Kill(members[0]);
        var mounting = Mount(names, mnt);
        nodes.Cluster.Remove(members[0]);
        Assert.Equal(Errno.EIO, (await mounting).Errno);
        Assert.Equal(Errno.EAGAIN, (await waiting).Errno);
        Assert.Equal(Errno.EAGAIN, (await names.Table(0)).Errno);
        Assert.Equal(Errno.EIO, (await Mount(names, mnt)).Errno);
        Assert.Equal(Errno.EIO, (await Unmount(names, new MountEntry { Id = 5 })).Errno);
        var walked = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Errno;
        Assert.Contains(walked, new[] { Errno.EIO, Errno.NotRun, Errno.MayHaveRun });
    });

    [Fact]
    public void The_roots_node_comes_back_with_a_new_root_and_a_newer_table(
        ) => Run(2, async (nodes, members) =>
    {
        var process = nodes.Process(ServerNodes.Root, members[1]);
        var names = NamesOf(process, members[1]);
        var before = (await names.Table(0)).Value;
        nodes.Cluster.Kill(members[0]);
        nodes.Cluster.Remove(members[0]);
        var again = nodes.Cluster.AddNode(restartOf: members[0]);
        nodes.StartWithNames(again, createsRoot: false);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(5));
        var after = (await names.Table(0)).Value;
        Assert.True(after.Version > before.Version);
        Assert.Equal(again.Member.Node, after.Mounts[0].Node);
        Assert.NotEqual(before.Mounts[0].Volume, after.Mounts[0].Volume);
        var root = await Enter(process, after.Mounts[0]);
        Assert.False((await root.Walk(Walking.To("dev/zero", WalkIntent.Status))).Failed);
    });

    [Fact]
    public void Only_the_roots_node_can_publish_a_table() => Run(3, async (nodes, members) =>
    {
        var process = nodes.Process(ServerNodes.Root, members[1]);
        var names = NamesOf(process, members[1]);
        var table = (await names.Table(0)).Value;
        var forged = table with { Version = table.Version + 100 };
        Assert.Equal(Errno.EPERM, (await names.Publish(forged)).Errno);
        var otherNode = NameClient.On(members[2].Ipc.Kernel, members[1].Member.Node);
        Assert.Equal(Errno.EPERM, (await otherNode.Publish(forged)).Errno);
        Assert.Equal(table.Version, (await names.Table(0)).Value.Version);
    });
}
