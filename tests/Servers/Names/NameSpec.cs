using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Servers.Tests.Names;

public sealed class NameSpec
{
    [Fact]
    public void The_first_node_makes_a_root_with_the_usual_directories_and_devices(
        ) => Run(1, async (nodes, members) =>
    {
        var process = nodes.Process(ServerNodes.Alice);
        var table = (await Names(process, members[0]).Table(0)).Value;
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
        var seen = (await Names(nodes.Process(ServerNodes.Alice, members[1]), members[1]).Table(0)).Value;
        Assert.Equal(members[0].Member.Node, seen.Mounts[0].Node);
        var late = nodes.Cluster.AddNode();
        nodes.StartWithNames(late, createsRoot: false);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(2));
        var learnt = (await Names(nodes.Process(ServerNodes.Alice, late), late).Table(0)).Value;
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
            var table = (await Names(nodes.Process(ServerNodes.Alice, member), member).Table(0)).Value;
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
                table.Mounts[0].Volume, table.Mounts[1].OnMount, table.Mounts[1].OnInode)).Value);
        var up = Walking.To("../" + above.Rest, WalkIntent.Status, version: table.Version);
        Assert.Equal(0x43FFu, (await covered.Walk(up)).Value.Status.Mode);
    });

    [Fact]
    public void Errors_of_a_mount_are_Linuxs(
        ) => Run(1, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[0]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        var device = (await root.Walk(Walking.To("dev/null", WalkIntent.Status))).Value.Status;
        Assert.False((await Mount(names, mnt)).Failed);
        Assert.Equal(Errno.ENOTDIR, (await Mount(names, device)).Errno);
        Assert.Equal(Errno.ENODEV, (await Mount(names, mnt, type: "ext9")).Errno);
        Assert.Equal(Errno.EINVAL, (await Mount(names, mnt, options: "color=red")).Errno);
        Assert.Equal(Errno.EINVAL, (await Mount(names, mnt, flags: 1UL << 31)).Errno);
        Assert.Equal(Errno.ENODEV, (await Mount(names, mnt, type: "")).Errno);
        Assert.Equal(Errno.EINVAL, (await Mount(names, mnt, nodeId: 77)).Errno);
        var alice = Names(nodes.Process(ServerNodes.Alice), members[0]);
        Assert.Equal(Errno.EPERM, (await Mount(alice, mnt)).Errno);
        Assert.Equal(2, (await alice.Table(0)).Value.Mounts.Length);
        // The volumes of refused mounts are gone.
        Assert.Equal(2, (await VolumeClient.On(root.Context, members[0].Member.Node).List()).Value.Length);
    });

    [Fact]
    public void A_second_mount_on_a_directory_covers_the_first_one() => Run(1, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[0]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        // Both callers saw the bare directory.
        Assert.False((await Mount(names, mnt)).Failed);
        Assert.False((await Mount(names, mnt)).Failed);
        var mounts = (await names.Table(0)).Value.Mounts;
        Assert.Equal((mounts[1].Id, VolumeContract.RootInode), (mounts[2].OnMount, mounts[2].OnInode));
        Assert.Equal(Errno.EBUSY, (await Unmount(names, mounts[1])).Errno);
        Assert.False((await Unmount(names, mounts[2])).Failed);
        Assert.False((await Unmount(names, mounts[1])).Failed);
    });

    [Fact]
    public void A_mount_point_cannot_be_removed_or_renamed() => Run(1, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[0]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        await Mount(names, mnt);
        var version = (await names.Table(0)).Value.Version;
        var removed = await root.Walk(Walking.To("mnt", WalkIntent.RemoveDirectory, version: version));
        Assert.Equal(Errno.EBUSY, removed.Errno);
        Assert.Equal(Errno.EBUSY, (await root.Rename("mnt", root.Handle, "gone", 0, 0, version)).Errno);
    });

    [Fact]
    public void A_busy_volume_is_not_unmounted_unless_detached() => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[0]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        await Mount(names, mnt, nodeId: 2);
        var table = (await names.Table(0)).Value;
        var mounted = await Enter(root.Context, table.Mounts[1]);
        var file = await mounted.Open("f", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        Assert.Equal(Errno.EBUSY, (await Unmount(names, table.Mounts[1], 0)).Errno);
        var alice = Names(nodes.Process(ServerNodes.Alice), members[0]);
        Assert.Equal(Errno.EPERM, (await Unmount(alice, table.Mounts[1], 0)).Errno);
        Assert.False((await Unmount(names, table.Mounts[1], 2)).Failed);
        Assert.Equal(Errno.EINVAL, (await Unmount(names, table.Mounts[1], 0)).Errno);
        // Detached: out of sight, and alive until the last close.
        Assert.Equal(2, (await file.Write("ok"u8.ToArray(), -1)).Value);
        file.Release();
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(20));
        Assert.Empty((await VolumeClient.On(root.Context, members[1].Member.Node).List()).Value);
    });

    [Fact]
    public void A_mount_moves_with_what_is_mounted_below_it() => Run(3, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        var srv = (await root.Walk(Walking.To("srv", WalkIntent.Status))).Value.Status;
        await Mount(names, mnt, nodeId: 2);
        var lower = (await names.Table(0)).Value.Mounts[1];
        var inside = await Enter(root.Context, lower);
        var made = (await inside.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1ED))).Value.Status;
        await Mount(names, made with { Device = lower.Volume }, nodeId: 3);
        var move = new MountChange
        {
            Kind = MountChangeKind.Move,
            Mount = lower.Id,
            OnMount = lower.OnMount,
            OnInode = srv.Inode,
            Path = "/srv",
        };
        var within = move with { OnMount = lower.Id, OnInode = made.Inode };
        Assert.Equal(Errno.ELOOP, (await names.Change(within)).Errno);
        Assert.Equal(Errno.EINVAL, (await names.Change(move with { Mount = 77 })).Errno);
        var alice = Names(nodes.Process(ServerNodes.Alice), members[0]);
        Assert.Equal(Errno.EPERM, (await alice.Change(move)).Errno);
        Assert.False((await names.Change(move)).Failed);
        var table = (await names.Table(0)).Value;
        Assert.Equal((lower.Id, srv.Inode), (table.Mounts[1].Id, table.Mounts[1].OnInode));
        Assert.Equal((lower.Id, made.Inode), (table.Mounts[2].OnMount, table.Mounts[2].OnInode));
        var walk = Walking.To("mnt/x", WalkIntent.Status, version: table.Version);
        Assert.Equal(Errno.ENOENT, (await root.Walk(walk)).Errno);
        var stopped = await root.Walk(Walking.To("srv/x", WalkIntent.Status, version: table.Version));
        Assert.Equal(WalkStop.Mount, stopped.Value.Stop);
    });

    [Fact]
    public void A_remount_is_in_every_nodes_table_and_in_the_volume() => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        await Mount(names, mnt, nodeId: 2);
        var change = new MountChange
        {
            Kind = MountChangeKind.Remount,
            Mount = (await names.Table(0)).Value.Mounts[1].Id,
            Flags = MountFlag.ReadOnly,
        };
        var alice = Names(nodes.Process(ServerNodes.Alice), members[0]);
        Assert.Equal(Errno.EPERM, (await alice.Change(change)).Errno);
        Assert.Equal(Errno.EINVAL, (await names.Change(change with { Mount = 77 })).Errno);
        Assert.Equal(Errno.EINVAL, (await names.Change(change with { Options = "color=red" })).Errno);
        Assert.False((await names.Change(change)).Failed);
        foreach (var member in members)
        {
            var table = (await Names(nodes.Process(ServerNodes.Alice, member), member).Table(0)).Value;
            Assert.Equal(MountFlag.ReadOnly, table.Mounts[1].Flags & MountFlag.ReadOnly);
        }
        var mounted = await Enter(root.Context, (await names.Table(0)).Value.Mounts[1]);
        var made = await mounted.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1ED));
        Assert.Equal(Errno.EROFS, made.Errno);
    });

    [Fact]
    public void A_table_that_would_not_fit_into_a_message_takes_no_more_mounts(
        ) => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        var source = new string('s', 4_000);
        var made = 0;
        Outcome<Nothing> mounted;
        while (!(mounted = await Mount(names, mnt, source: source)).Failed) made++;
        Assert.Equal((Errno.ENOSPC, 15), (mounted.Errno, made));
        // Everybody still has the whole table.
        var table = (await Names(nodes.Process(ServerNodes.Alice, members[1]), members[1]).Table(0)).Value;
        Assert.Equal(1 + made, table.Mounts.Length);
    });

    [Fact]
    public void An_unused_volume_is_unmounted_and_its_directory_is_free_again(
        ) => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        await Mount(names, mnt);
        var table = (await names.Table(0)).Value;
        Assert.False((await Unmount(names, table.Mounts[1], 0)).Failed);
        Assert.Single((await names.Table(0)).Value.Mounts);
        Assert.False((await Mount(names, mnt)).Failed);
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
        var names = Names(process, members[1]);
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
        var names = Names(process, members[1]);
        var table = (await names.Table(0)).Value;
        var forged = table with { Version = table.Version + 100 };
        Assert.Equal(Errno.EPERM, (await names.Publish(forged)).Errno);
        var otherNode = NameClient.On(members[2].Ipc.Kernel, members[1].Member.Node);
        Assert.Equal(Errno.EPERM, (await otherNode.Publish(forged)).Errno);
        Assert.Equal(table.Version, (await names.Table(0)).Value.Version);
    });

    private static NameClient Names(CallContext process, SimulatedNode node) =>
        NameClient.On(process, node.Member.Node);

    private static async Task<DirectoryClient> Enter(CallContext process, MountEntry entry)
    {
        var handle = await VolumeClient.On(process, entry.Node).Enter(entry.Volume, entry.Id, 0);
        return new DirectoryClient(process, handle.Value);
    }

    private static async Task<(NameClient Names, DirectoryClient Root)> RootOn(
        ServerNodes nodes, SimulatedNode node)
    {
        var process = nodes.Process(ServerNodes.Root, node);
        var names = Names(process, node);
        return (names, await Enter(process, (await names.Table(0)).Value.Mounts[0]));
    }

    private static async ValueTask<Outcome<Nothing>> Mount(
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

    private static ValueTask<Outcome<Nothing>> Unmount(
        NameClient names, MountEntry mount, ulong flags = 0) => names.Change(
            new MountChange { Kind = MountChangeKind.Unmount, Mount = mount.Id, Flags = flags });

    private static void Run(int count, Func<ServerNodes, SimulatedNode[], Task> scenario)
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
