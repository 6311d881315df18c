using System.Text;

using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;

using Xunit;

namespace K42.Servers.Tests.Volumes;

public sealed class VolumeSpec
{
    private const int CreateNew = OpenFlags.O_CREAT | OpenFlags.O_RDWR;

    [Fact]
    public void Handles_of_one_open_file_share_the_offset() => Run(async nodes =>
    {
        var (alice, child) = (nodes.Process(ServerNodes.Alice), nodes.Process(ServerNodes.Alice));
        var file = await (await nodes.NewVolume(alice)).Open("f", CreateNew);
        Assert.Equal(6, (await file.Write("abcdef"u8.ToArray(), -1)).Value);
        Assert.Equal(0, (await file.Seek(0, 0)).Value);
        var given = (await file.GiveAccess(child.Identity.Pid, Rights.Read, Rights.None)).Value;
        Assert.Equal("abc"u8.ToArray(), (await file.Read(3, -1)).Value.ToArray());
        Assert.Equal("def"u8.ToArray(), (await new FileClient(child, given).Read(3, -1)).Value.ToArray());
        Assert.Equal("bc"u8.ToArray(), (await file.Read(2, 1)).Value.ToArray());
        Assert.Equal(6, (await file.Seek(0, 1)).Value);
    });

    [Fact]
    public void Appending_writers_never_overwrite_each_other() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var one = await root.Open("log", CreateNew | OpenFlags.O_APPEND);
        var two = await root.Open("log", CreateNew | OpenFlags.O_APPEND);
        for (var i = 0; i < 10; i++)
        {
            await one.Write(Encoding.ASCII.GetBytes($"a{i}"), -1);
            await two.Write(Encoding.ASCII.GetBytes($"b{i}"), 0);
        }
        Assert.Equal("a0b0a1b1", Encoding.ASCII.GetString((await one.Read(8, 0)).Value.Span));
        Assert.Equal(40, (await one.Status()).Value.Size);
        // pwrite appends too, and leaves the shared offset where it was.
        Assert.Equal(0, (await two.Seek(0, 1)).Value);
    });

    [Fact]
    public void What_was_read_stays_what_it_was_when_the_file_is_written() => Run(async nodes =>
    {
        var file = await (await nodes.NewVolume(nodes.Process(ServerNodes.Alice))).Open("f", CreateNew);
        var first = SampleBytes.Make(65_536);
        await file.Write(first, 0);
        var read = (await file.Read(65_536, 0)).Value;
        await file.Write(new byte[65_536], 0);
        Assert.Equal(first, read.ToArray());
        Assert.Equal(new byte[65_536], (await file.Read(65_536, 0)).Value.ToArray());
    });

    [Fact]
    public void An_unlinked_file_lives_until_its_last_handle_is_dropped() => Run(async nodes =>
    {
        var process = nodes.Process(ServerNodes.Alice);
        var root = await nodes.NewVolume(process);
        var file = await root.Open("f", CreateNew);
        await file.Write(new byte[10_000], -1);
        Assert.False((await root.Walk(Walking.To("f", WalkIntent.Unlink))).Failed);
        Assert.Equal(Errno.ENOENT, (await root.Walk(Walking.To("f", WalkIntent.Status))).Errno);
        Assert.Equal((0u, 10_000L), ((await file.Status()).Value.Links, (await file.Status()).Value.Size));
        var before = (await file.VolumeStatus()).Value;
        file.Release();
        var after = (await root.Walk(Walking.To("", WalkIntent.VolumeStatus))).Value.VolumeStatus;
        Assert.Equal(before.BlocksFree + 3, after.BlocksFree);
        Assert.Equal(before.FilesFree + 1, after.FilesFree);
    });

    [Fact]
    public void A_dead_processs_files_are_closed() => Run(async nodes =>
    {
        var (alice, bob) = (nodes.Process(ServerNodes.Alice), nodes.Process(ServerNodes.Bob));
        var root = await nodes.NewVolume(alice);
        var file = await root.Open("f", CreateNew);
        await file.Write(new byte[4_096], -1);
        await root.Walk(Walking.To("f", WalkIntent.Unlink));
        nodes.One.Ipc.Dismiss(alice);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        var info = Assert.Single((await nodes.Volumes(bob).List()).Value);
        Assert.Equal((0L, 1L, true), (info.BytesUsed, info.Inodes, info.Empty));
    });

    [Fact]
    public void A_listing_gives_each_lasting_name_once_whatever_changes_meanwhile() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        for (var i = 0; i < 100; i++) await MakeDirectory(root, $"n{i}");
        var listing = await root.Open(".", OpenFlags.O_DIRECTORY);
        var names = new List<string>();
        for (var round = 0; ; round++)
        {
            var records = (await listing.ReadDirectory(300)).Value;
            if (records.IsEmpty) break;
            names.AddRange(DirectoryRecords.Parse(records.Span).Select(static one => one.Name));
            await root.Walk(Walking.To($"n{(round * 2) + 1}", WalkIntent.RemoveDirectory));
            if (round < 50) await MakeDirectory(root, $"later{round}");
        }
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Superset(Enumerable.Range(0, 50).Select(i => $"n{i * 2}").ToHashSet(), names.ToHashSet());
        Assert.Contains(".", names);
        Assert.Contains("..", names);
    });

    [Fact]
    public void A_listing_goes_on_from_a_place_that_was_told() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            await root.Walk(Walking.To(name, WalkIntent.MakeDirectory, mode: 0x1ED));
        }
        var listing = await root.Open(".", OpenFlags.O_DIRECTORY);
        var all = DirectoryRecords.Parse((await listing.ReadDirectory(65_536)).Value.Span);
        Assert.Equal([".", "..", "a", "b", "c", "d"], all.Select(static one => one.Name));
        Assert.Equal(4, all[2].Type);
        await root.Walk(Walking.To("b", WalkIntent.RemoveDirectory));
        Assert.Equal(all[2].Next, (await listing.Seek(all[2].Next, 0)).Value);
        var rest = DirectoryRecords.Parse((await listing.ReadDirectory(65_536)).Value.Span);
        Assert.Equal(["c", "d"], rest.Select(static one => one.Name));
        await listing.Seek(0, 0);
        Assert.Equal(Errno.EINVAL, (await listing.ReadDirectory(23)).Errno);
        Assert.Equal(24, (await listing.ReadDirectory(24)).Value.Length);
    });

    [Fact]
    public void A_removed_directory_is_empty_and_takes_nothing_new() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        await root.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1ED));
        var handle = (await root.Walk(Walking.To("d", WalkIntent.Directory))).Value.Handle;
        var directory = new DirectoryClient(root.Context, handle);
        Assert.Equal("d", (await directory.PathOf()).Value.Path);
        var open = await root.Open("d", OpenFlags.O_DIRECTORY);
        await root.Walk(Walking.To("d", WalkIntent.RemoveDirectory));
        var made = await directory.Walk(Walking.To("x", WalkIntent.MakeDirectory, mode: 0x1ED));
        Assert.Equal(Errno.ENOENT, made.Errno);
        Assert.Equal(Errno.ENOENT, (await directory.PathOf()).Errno);
        Assert.Equal(Errno.ENOENT, (await open.ReadDirectory(1_000)).Errno);
        Assert.Equal(0u, (await directory.Status()).Value.Links);
        Assert.False((await directory.Walk(Walking.To("..", WalkIntent.Status))).Failed);
    });

    [Fact]
    public void Rename_moves_between_directories_by_handle_and_refuses_other_volumes() => Run(async nodes =>
    {
        var process = nodes.Process(ServerNodes.Alice);
        var (root, other) = (await nodes.NewVolume(process), await nodes.NewVolume(process));
        await root.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1ED));
        var into = (await root.Walk(Walking.To("d", WalkIntent.Directory))).Value.Handle;
        await root.Open("f", CreateNew);
        Assert.Equal(0, (await root.Rename("f", into, "g", 0, 0, 0)).Value.Side);
        Assert.False((await root.Walk(Walking.To("d/g", WalkIntent.Status))).Failed);
        Assert.Equal(Errno.EXDEV, (await root.Rename("d", other.Handle, "d", 0, 0, 0)).Errno);
        // A handle that another process holds is no place to move to.
        var theirs = new DirectoryClient(nodes.Process(ServerNodes.Alice), root.Handle);
        Assert.Equal(Errno.EPERM, (await theirs.Walk(Walking.To("d", WalkIntent.Status))).Errno);
        var stranger = nodes.Process(ServerNodes.Bob);
        var volume = (await root.Status()).Value.Device;
        var handle = (await nodes.Volumes(stranger).Enter(volume, 1, 0, 0)).Value;
        var entered = new DirectoryClient(stranger, handle);
        Assert.Equal(Errno.EPERM, (await entered.Rename("d", into, "x", 0, 0, 0)).Errno);
    });

    [Fact]
    public void Directories_without_search_permission_cannot_be_passed_by_number() => Run(async nodes =>
    {
        var (alice, bob) = (nodes.Process(ServerNodes.Alice), nodes.Process(ServerNodes.Bob));
        var root = await nodes.NewVolume(alice);
        await root.Walk(Walking.To("private", WalkIntent.MakeDirectory, mode: 0x1C0));
        await root.Walk(Walking.To("private/open", WalkIntent.MakeDirectory, mode: 0x1FF));
        var inner = (await root.Walk(Walking.To("private/open", WalkIntent.Status))).Value.Status;
        var (volumes, volume) = (nodes.Volumes(bob), inner.Device);
        Assert.Equal(Errno.ESTALE, (await volumes.Enter(volume, 1, inner.Inode, 0)).Errno);
        Assert.Equal(Errno.ESTALE, (await volumes.Enter(volume, 0, inner.Inode, 0)).Errno);
        var bobs = new DirectoryClient(bob, (await volumes.Enter(volume, 1, 0, 0)).Value);
        Assert.Equal(Errno.EACCES, (await bobs.Walk(Walking.To("private/open", WalkIntent.Status))).Errno);
        Assert.Equal(Errno.ESTALE, (await volumes.Enter(volume, 1, 9_999, 0)).Errno);
        Assert.Equal(Errno.ESTALE, (await volumes.Enter(77, 1, 0, 0)).Errno);
    });

    [Fact]
    public void An_absolute_symlink_goes_back_to_the_caller_with_the_rest() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        await root.Walk(Walking.To("l", WalkIntent.MakeLink, text: "/etc//conf"));
        var stopped = (await root.Walk(Walking.To("l/x/", WalkIntent.Status))).Value;
        Assert.Equal((WalkStop.AbsoluteLink, 1), (stopped.Stop, stopped.LinksFollowed));
        Assert.Equal("etc//conf/x/", stopped.Rest);
        var again = Walking.To("l", WalkIntent.Status) with { LinksFollowed = 40 };
        Assert.Equal(Errno.ELOOP, (await root.Walk(again)).Errno);
    });

    [Fact]
    public void A_long_walk_takes_many_turns_and_goes_on_where_it_stood() => Run(async nodes =>
    {
        const int components = 2_000;
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        await root.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1FF));
        var path = string.Concat(Enumerable.Repeat("d/../", components / 4)) + "d";
        var (at, rest, turns) = (root, (ByteText)path, 0);
        while (true)
        {
            var walk = Walking.To("", WalkIntent.Status) with { Path = rest };
            var reply = (await at.Walk(walk)).Value;
            turns++;
            if (reply.Stop == WalkStop.Done) break;
            Assert.Equal(WalkStop.Far, reply.Stop);
            Assert.True(reply.Rest.Length < rest.Length);
            (at, rest) = (new DirectoryClient(at.Context, reply.Handle), reply.Rest);
        }
        Assert.InRange(turns, 2, components);
        var both = await root.Rename(path, root.Handle, "e", 0, 0, ulong.MaxValue);
        Assert.Equal((1, WalkStop.Far), (both.Value.Side, both.Value.Walk.Stop));
    });

    [Fact]
    public void Dots_stop_at_the_callers_root_and_leave_through_the_volumes() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        await root.Walk(Walking.To("jail", WalkIntent.MakeDirectory, mode: 0x1ED));
        var jail = (await root.Walk(Walking.To("jail", WalkIntent.Directory))).Value;
        var inside = new DirectoryClient(root.Context, jail.Handle);
        var up = Walking.To("../../..", WalkIntent.Status, root: jail.Status.Inode);
        var kept = (await inside.Walk(up)).Value;
        Assert.Equal(jail.Status.Inode, kept.Status.Inode);
        var above = (await inside.Walk(Walking.To("../../up/x", WalkIntent.Status))).Value;
        Assert.Equal((WalkStop.AboveRoot, "up/x"), (above.Stop, above.Rest));
    });

    [Fact]
    public void Parent_gives_the_directory_and_the_last_name_as_it_was_written() => Run(async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        await root.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1ED));
        var parent = (await root.Walk(Walking.To("d//new/", WalkIntent.Parent))).Value;
        Assert.Equal("new/", parent.Rest);
        var directory = new DirectoryClient(root.Context, parent.Handle);
        Assert.False((await MakeDirectory(directory, parent.Rest.ToString())).Failed);
        Assert.False((await root.Walk(Walking.To("d/new", WalkIntent.Status))).Failed);
    });

    [Fact]
    public void A_name_more_for_a_file_is_charged_like_an_inode() => Run(async nodes =>
    {
        var volume = await nodes.NewVolume(nodes.Process(ServerNodes.Alice), "nr_inodes=3,mode=0777");
        await volume.Open("f", CreateNew);
        Assert.False((await volume.Link("f", volume.Handle, "g", followLast: false, 0, 0)).Failed);
        var full = await volume.Link("f", volume.Handle, "h", followLast: false, 0, 0);
        Assert.Equal(Errno.ENOSPC, full.Errno);
    });

    [Fact]
    public void Options_limit_a_volume_and_protect_it() => Run(async nodes =>
    {
        var process = nodes.Process(ServerNodes.Alice);
        var small = await nodes.NewVolume(process, "size=16k,nr_inodes=3,mode=0777");
        var file = await small.Open("f", CreateNew);
        Assert.Equal(16_384, (await file.Write(new byte[20_000], -1)).Value);
        Assert.Equal(Errno.ENOSPC, (await file.Write(new byte[1], -1)).Errno);
        Assert.False((await small.Walk(Walking.To("d", WalkIntent.MakeDirectory, mode: 0x1ED))).Failed);
        Assert.Equal(Errno.ENOSPC, (await small.Walk(Walking.To("e", WalkIntent.MakeDirectory))).Errno);
        var locked = await nodes.NewVolume(process, "ro");
        Assert.Equal(Errno.EROFS, (await locked.Walk(Walking.To("d", WalkIntent.MakeDirectory))).Errno);
        Assert.Equal(Errno.EROFS, (await locked.Walk(Walking.To("f", WalkIntent.Open, CreateNew))).Errno);
        var status = (await locked.Walk(Walking.To("", WalkIntent.VolumeStatus))).Value.VolumeStatus;
        Assert.Equal(1, status.Flags & 1);
        var kernel = nodes.Volumes(nodes.One.Ipc.Kernel);
        foreach (var (type, mode) in new[] { ("tmpfs", 0x43FFu), ("ramfs", 0x41EDu) })
        {
            var made = (await kernel.Create(type, "")).Value;
            var top = await nodes.Mounted(made, process);
            Assert.Equal(mode, (await top.Status()).Value.Mode);
        }
        Assert.Equal(Errno.ENODEV, (await kernel.Create("ext4", "")).Errno);
        Assert.Equal(Errno.EINVAL, (await kernel.Create("ramfs", "size=-1")).Errno);
        Assert.Equal(Errno.EINVAL, (await kernel.Create("ramfs", "mode=9")).Errno);
        Assert.Equal(Errno.EPERM, (await nodes.Volumes(process).Create("ramfs", "")).Errno);
    });

    [Fact]
    public void Removing_a_volume_waits_for_its_files_unless_forced() => Run(async nodes =>
    {
        var process = nodes.Process(ServerNodes.Alice);
        var root = await nodes.NewVolume(process);
        var volume = (await root.Status()).Value.Device;
        var file = await root.Open("f", CreateNew);
        var kernel = nodes.Volumes(nodes.One.Ipc.Kernel);
        Assert.Equal(Errno.EPERM, (await nodes.Volumes(process).Remove(volume, true)).Errno);
        Assert.Equal(Errno.EBUSY, (await kernel.Remove(volume, false)).Errno);
        Assert.False((await kernel.Remove(volume, true)).Failed);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        Assert.Equal(Errno.EIO, (await file.Read(1, 0)).Errno);
        Assert.Equal(Errno.ESTALE, (await kernel.Enter(volume, 1, 0, 0)).Errno);
    });

    [Fact]
    public void A_volume_whose_actor_ends_answers_EIO_and_the_others_go_on() => Run(async nodes =>
    {
        var process = nodes.Process(ServerNodes.Alice);
        var (root, other) = (await nodes.NewVolume(process), await nodes.NewVolume(process));
        var file = await root.Open("f", CreateNew);
        var volume = (await root.Status()).Value.Device;
        nodes.One.System.ActorSelection($"/user/volumes/volume-{volume:x}").Tell(PoisonPill.Instance);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        Assert.Equal(Errno.EIO, (await file.Read(1, 0)).Errno);
        Assert.Equal(Errno.EIO, (await root.Walk(Walking.To("f", WalkIntent.Status))).Errno);
        Assert.Equal(Errno.EIO, (await nodes.Volumes(process).Enter(volume, 1, 0, 0)).Errno);
        Assert.False((await other.Walk(Walking.To("", WalkIntent.Status))).Failed);
        Assert.Single((await nodes.Volumes(process).List()).Value);
    });

    [Fact]
    public void Who_may_open_no_file_more_makes_none_and_empties_none()
    {
        using var nodes = new ServerNodes { VolumeSettings = new VolumeSettings { UserOpenFilesMax = 1 } };
        nodes.Run(async _ =>
        {
            var (alice, bob) = (nodes.Process(ServerNodes.Alice), nodes.Process(ServerNodes.Bob));
            var root = await nodes.NewVolume(alice);
            var file = await root.Open("f", CreateNew);
            await file.Write("text"u8.ToArray(), -1);
            const int truncating = OpenFlags.O_RDWR | OpenFlags.O_TRUNC;
            foreach (var (path, flags) in new[] { ("g", CreateNew), ("f", truncating), ("g", truncating) })
            {
                var refused = await root.Walk(Walking.To(path, WalkIntent.Open, flags, 0x1B6));
                Assert.Equal(Errno.ENFILE, refused.Errno);
            }
            var missing = await root.Walk(Walking.To("g", WalkIntent.Status));
            Assert.Equal(Errno.ENOENT, missing.Errno);
            Assert.Equal(4, (await root.Walk(Walking.To("f", WalkIntent.Status))).Value.Status.Size);
            // Others have their own.
            var handle = await root.GiveAccess(bob.Identity.Pid, Rights.Lookup, Rights.None);
            var bobs = new DirectoryClient(bob, handle.Value);
            Assert.False((await bobs.Walk(Walking.To("h", WalkIntent.Open, CreateNew, 0x1B6))).Failed);
        });
    }

    private static ValueTask<Outcome<WalkReply>> MakeDirectory(DirectoryClient root, string path) =>
        root.Walk(Walking.To(path, WalkIntent.MakeDirectory, mode: 0x1ED));

    private static void Run(Func<ServerNodes, Task> scenario)
    {
        using var nodes = new ServerNodes();
        nodes.Run(scenario);
    }
}
