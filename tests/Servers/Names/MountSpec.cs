using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

using static K42.Servers.Tests.Names.Naming;

namespace K42.Servers.Tests.Names;

/// <summary>What changes of the mount table do; how Linux does it, <c>tests/Conformance</c> asks the
/// host.</summary>
public sealed class MountSpec
{
    [Fact]
    public void What_is_mounted_out_of_sight_is_entered_only_by_who_walked_there(
        ) => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var made = await root.Walk(Walking.To("root/d", WalkIntent.MakeDirectory, mode: 0x1FF));
        Assert.False((await Mount(names, made.Value.Status, nodeId: 2)).Failed);
        var mounts = (await names.Table(0)).Value.Mounts;
        var (outer, mount) = (mounts[0], mounts[1]);
        var bob = nodes.Process(ServerNodes.Bob);
        var (inside, outside) = (VolumeClient.On(bob, mount.Node), VolumeClient.On(bob, outer.Node));
        // /root may not be searched, and numbers are no way round.
        foreach (var ticket in new[] { 0ul, 1ul, ulong.MaxValue })
        {
            Assert.Equal(Errno.EACCES, (await inside.Enter(mount.Volume, mount.Id, 0, ticket)).Errno);
            var covered = await outside.Enter(outer.Volume, outer.Id, mount.OnInode, ticket);
            Assert.Equal(Errno.EACCES, covered.Errno);
        }
        Assert.Equal(Errno.ESTALE, (await inside.Enter(mount.Volume, 0, 0, 0)).Errno);
        var bobs = await Enter(bob, outer);
        Assert.Equal(Errno.EACCES, (await bobs.Walk(Walking.To("root/d/x", WalkIntent.Status))).Errno);
        await root.Walk(Walking.To("root", WalkIntent.SetMode, mode: 0x1ED));
        var stopped = (await bobs.Walk(Walking.To("root/d/x", WalkIntent.Status))).Value;
        var entered = await inside.Enter(mount.Volume, mount.Id, 0, stopped.Ticket);
        Assert.False(entered.Failed);
        var above = (await new DirectoryClient(bob, entered.Value).Walk(
            Walking.To("../x", WalkIntent.Status))).Value;
        Assert.NotEqual(stopped.Ticket, above.Ticket);
        // What is covered is the way up, and nothing else.
        var up = await outside.Enter(outer.Volume, outer.Id, mount.OnInode, above.Ticket);
        var climbing = new DirectoryClient(bob, up.Value);
        Assert.False((await climbing.Walk(Walking.To("../../tmp", WalkIntent.Status))).Failed);
        await root.Walk(Walking.To("root", WalkIntent.SetMode, mode: 0x1C0));
        var fooled = Walking.To("../x", WalkIntent.MakeDirectory, root: mount.OnInode);
        Assert.Equal(Errno.EACCES, (await climbing.Walk(fooled)).Errno);
        var renamed = await climbing.Rename("../x", bobs.Handle, "tmp/x", 0, mount.OnInode, ulong.MaxValue);
        Assert.Equal(Errno.EACCES, renamed.Errno);
        renamed = await bobs.Rename("tmp/x", climbing.Handle, "../x", 0, mount.OnInode, ulong.MaxValue);
        Assert.Equal(Errno.EACCES, renamed.Errno);
        foreach (var path in new[] { "", "x", ".", "./..", "..x", "/x" })
        {
            Assert.Equal(Errno.EACCES, (await climbing.Walk(Walking.To(path, WalkIntent.Status))).Errno);
            var linked = await climbing.Link(path, bobs.Handle, "tmp/l", false, 0, ulong.MaxValue);
            Assert.Equal(Errno.EACCES, linked.Errno);
            linked = await bobs.Link("tmp", climbing.Handle, path, false, 0, ulong.MaxValue);
            Assert.Equal(Errno.EACCES, linked.Errno);
        }
    });

    [Fact]
    public void Errors_of_a_mount_are_Linuxs(
        ) => Run(1, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[0]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        var device = (await root.Walk(Walking.To("dev/null", WalkIntent.Place))).Value;
        var onDevice = device.Status with { Inode = device.MountInode };
        Assert.False((await Mount(names, mnt)).Failed);
        Assert.Equal(Errno.ENOTDIR, (await Mount(names, onDevice)).Errno);
        Assert.Equal(Errno.ENODEV, (await Mount(names, mnt, type: "ext9")).Errno);
        Assert.Equal(Errno.EINVAL, (await Mount(names, mnt, options: "color=red")).Errno);
        Assert.Equal(Errno.EINVAL, (await Mount(names, mnt, flags: 1UL << 31)).Errno);
        Assert.Equal(Errno.ENODEV, (await Mount(names, mnt, type: "")).Errno);
        Assert.Equal(Errno.EINVAL, (await Mount(names, mnt, nodeId: 77)).Errno);
        var alice = NamesOf(nodes.Process(ServerNodes.Alice), members[0]);
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
        var alice = NamesOf(nodes.Process(ServerNodes.Alice), members[0]);
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
        var alice = NamesOf(nodes.Process(ServerNodes.Alice), members[0]);
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
        var alice = NamesOf(nodes.Process(ServerNodes.Alice), members[0]);
        Assert.Equal(Errno.EPERM, (await alice.Change(change)).Errno);
        Assert.Equal(Errno.EINVAL, (await names.Change(change with { Mount = 77 })).Errno);
        Assert.Equal(Errno.EINVAL, (await names.Change(change with { Options = "color=red" })).Errno);
        Assert.False((await names.Change(change)).Failed);
        foreach (var member in members)
        {
            var table = (await NamesOf(nodes.Process(ServerNodes.Alice, member), member).Table(0)).Value;
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
        var table = (await NamesOf(nodes.Process(ServerNodes.Alice, members[1]), members[1]).Table(0)).Value;
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
    public void A_refused_change_leaves_table_and_volumes_as_they_were() => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        var srv = (await root.Walk(Walking.To("srv", WalkIntent.Status))).Value.Status;
        Assert.False((await Mount(names, mnt, nodeId: 2)).Failed);
        var before = (await names.Table(0)).Value;
        var mounted = before.Mounts[1];
        // The place is there, what is to be seen there is not: the place's volume was told first.
        var bind = new MountChange
        {
            Kind = MountChangeKind.Bind,
            Mount = mounted.Id,
            Inode = 99,
            OnMount = mounted.OnMount,
            OnInode = srv.Inode,
            Path = "/srv",
        };
        Assert.Equal(Errno.ENOENT, (await names.Change(bind)).Errno);
        Assert.Equal(Errno.EINVAL, (await names.Change(bind with { OnMount = 77 })).Errno);
        // A directory can't be seen at a file.
        var device = (await root.Walk(Walking.To("dev/null", WalkIntent.Place))).Value.MountInode;
        var onFile = bind with { Inode = mounted.RootInode, OnInode = device };
        Assert.Equal(Errno.ENOTDIR, (await names.Change(onFile)).Errno);
        Assert.Equal(Errno.ENOENT, (await names.Change(onFile with { OnInode = 9_999 })).Errno);
        var after = (await names.Table(0)).Value;
        Assert.Equal(before.Mounts, after.Mounts);
        Assert.False((await root.Walk(Walking.To("srv/.", WalkIntent.Status))).Failed);
        Assert.False((await root.Walk(Walking.To("srv", WalkIntent.RemoveDirectory))).Failed);
    });

    [Fact]
    public void Peers_show_what_is_mounted_in_them_whichever_nodes_own_the_volumes(
        ) => Run(3, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        var srv = (await root.Walk(Walking.To("srv", WalkIntent.Status))).Value.Status;
        Assert.False((await Mount(names, mnt, nodeId: 2)).Failed);
        var outer = (await names.Table(0)).Value.Mounts[1];
        var inside = await Enter(root.Context, outer);
        var made = (await inside.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1ED))).Value.Status;
        const ulong shared = 1 << 20;
        var change = new MountChange { Kind = MountChangeKind.Propagate, Mount = outer.Id, Flags = shared };
        Assert.Equal(Errno.EINVAL, (await names.Change(change with { Flags = shared | 1 })).Errno);
        Assert.False((await names.Change(change)).Failed);
        Assert.False((await names.Change(new MountChange
        {
            Kind = MountChangeKind.Bind,
            Mount = outer.Id,
            Inode = outer.RootInode,
            OnMount = outer.OnMount,
            OnInode = srv.Inode,
            Path = "/srv",
        })).Failed);
        Assert.False((await Mount(names, made, nodeId: 3)).Failed);
        foreach (var member in members)
        {
            var known = NamesOf(nodes.Process(ServerNodes.Alice, member), member);
            var table = (await known.Table(0)).Value.Mounts;
            Assert.Equal(5, table.Length);
            Assert.Equal((table[2].Volume, made.Inode), (table[4].Volume, table[4].OnInode));
            Assert.Equal((table[1].Id, table[3].Id), (table[2].OnMount, table[4].OnMount));
        }
        Assert.False((await Unmount(names, (await names.Table(0)).Value.Mounts[4])).Failed);
        Assert.Equal(3, (await names.Table(0)).Value.Mounts.Length);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(10));
        Assert.Empty((await VolumeClient.On(root.Context, members[2].Member.Node).List()).Value);
    });

    [Fact]
    public void A_volume_whose_node_is_gone_can_be_unmounted() => Run(3, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        var mnt = (await root.Walk(Walking.To("mnt", WalkIntent.Status))).Value.Status;
        Assert.False((await Mount(names, mnt, nodeId: 3)).Failed);
        nodes.Cluster.Kill(members[2]);
        nodes.Cluster.Remove(members[2]);
        Assert.False((await Unmount(names, (await names.Table(0)).Value.Mounts[1])).Failed);
        Assert.False((await root.Walk(Walking.To("mnt", WalkIntent.RemoveDirectory))).Failed);
    });
}
