using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;

using Xunit;

using static K42.Servers.Tests.Names.Naming;

namespace K42.Servers.Tests.Names;

/// <summary>By which numbers mounts know names of files; what is seen then, <c>tests/Conformance</c> asks the
/// host.</summary>
public sealed class FileMountSpec
{
    [Fact]
    public void Each_name_of_a_file_has_a_number_and_keeps_it_when_it_is_moved() => Run(1, async (nodes, _) =>
    {
        var (_, root) = await RootOn(nodes, nodes.One);
        await root.Open("tmp/f", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        await root.Link("tmp/f", root.Handle, "tmp/g", false, 0, ulong.MaxValue);
        var (first, second) = (await NumberOf(root, "tmp/f"), await NumberOf(root, "tmp/g"));
        Assert.True(first >> 63 == 1 && second >> 63 == 1 && first != second);
        Assert.Equal(first, await NumberOf(root, "dev/../tmp/f"));
        await root.Rename("tmp/f", root.Handle, "mnt/f", 0, 0, ulong.MaxValue);
        Assert.Equal(first, await NumberOf(root, "mnt/f"));
        const int exchange = 2;
        await root.Rename("tmp/g", root.Handle, "mnt", exchange, 0, ulong.MaxValue);
        Assert.Equal((first, second), (await NumberOf(root, "tmp/g/f"), await NumberOf(root, "mnt")));
        await root.Walk(Walking.To("tmp/g/f", WalkIntent.Unlink));
        await root.Link("mnt", root.Handle, "tmp/g/f", false, 0, ulong.MaxValue);
        Assert.NotEqual(first, await NumberOf(root, "tmp/g/f"));
        var directory = (await root.Walk(Walking.To("tmp", WalkIntent.Place))).Value;
        Assert.Equal(directory.Status.Inode, directory.MountInode);
    });

    [Fact]
    public void Only_root_is_told_numbers() => Run(1, async (nodes, _) =>
    {
        var (names, root) = await RootOn(nodes, nodes.One);
        await root.Open("tmp/f", OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        var outer = (await names.Table(0)).Value.Mounts[0];
        var alices = await Enter(nodes.Process(ServerNodes.Alice), outer);
        var walked = (await alices.Walk(Walking.To("tmp/f", WalkIntent.Place))).Value;
        var known = await root.Walk(Walking.To("tmp/f", WalkIntent.Status));
        Assert.Equal((0ul, known.Value.Status), (walked.MountInode, walked.Status));
    });

    [Fact]
    public void A_number_is_of_no_use_once_the_name_is_gone() => Run(2, async (nodes, members) =>
    {
        var (names, root) = await RootOn(nodes, members[1]);
        foreach (var path in new[] { "tmp/f", "tmp/g", "tmp/h" })
        {
            await root.Open(path, OpenFlags.O_CREAT | OpenFlags.O_RDWR);
        }
        var outer = (await names.Table(0)).Value.Mounts[0].Id;
        var bind = new MountChange
        {
            Kind = MountChangeKind.Bind,
            Mount = outer,
            Inode = await NumberOf(root, "tmp/f"),
            OnMount = outer,
            OnInode = await NumberOf(root, "tmp/g"),
            Path = "/tmp/g",
        };
        // A file's inode is no place, and a covered name no directory's.
        var inode = (await root.Walk(Walking.To("tmp/g", WalkIntent.Status))).Value.Status.Inode;
        Assert.Equal(Errno.ENOENT, (await names.Change(bind with { OnInode = inode })).Errno);
        Assert.False((await names.Change(bind)).Failed);
        var mounted = (await names.Table(0)).Value.Mounts[1];
        Assert.Equal((bind.OnInode, bind.Inode, true), (mounted.OnInode, mounted.RootInode, mounted.IsFile));
        Assert.Equal(Errno.EBUSY, (await root.Walk(Walking.To("tmp/g", WalkIntent.Unlink))).Errno);
        var shown = await Enter(root.Context, mounted);
        Assert.Equal(bind.Inode, await NumberOf(shown, ""));
        Assert.False((await root.Walk(Walking.To("tmp/f", WalkIntent.Unlink))).Failed);
        // What is shown without a name is shown where it is, and nowhere else.
        Assert.Equal(bind.Inode, await NumberOf(shown, ""));
        var again = bind with { OnInode = await NumberOf(root, "tmp/h") };
        Assert.Equal(Errno.ENOENT, (await names.Change(again)).Errno);
        Assert.Equal(Errno.ENOENT, (await names.Change(again with { Mount = mounted.Id })).Errno);
        var move = again with { Kind = MountChangeKind.Move, Mount = mounted.Id };
        Assert.Equal(Errno.ENOENT, (await names.Change(move)).Errno);
        Assert.False((await Unmount(names, mounted)).Failed);
        Assert.False((await root.Walk(Walking.To("tmp/g", WalkIntent.Unlink))).Failed);
        Assert.Equal(Errno.ENOENT, (await names.Change(again with { OnInode = bind.OnInode })).Errno);
    });

    private static async Task<ulong> NumberOf(DirectoryClient directory, string path) =>
        (await directory.Walk(Walking.To(path, WalkIntent.Place))).Value.MountInode;
}
