using System.Text;

using K42.Contracts;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Paths across volumes, on real ones.</summary>
public sealed class PathSpec
{
    private const int Creat = 0x41, Directory = 0x1_0000, AtFdCwd = -100;

    [Fact]
    public void A_path_goes_through_a_mount_and_back_above_its_root() => TaskWorld.Run(async (_, task) =>
    {
        await task.Must("mkdir", "/a", 0x1ED);
        await task.Must("mkdir", "/a/m", 0x1ED);
        await task.Must("mount", "none", "/a/m", "ramfs", 0, 0);
        await task.Must("mkdir", "/a/m/in", 0x1ED);
        await task.Must("close", await task.Must("open", "/a/m/in/file", Creat, 0x1A4));
        await task.Must("close", await task.Must("open", "/a/beside", Creat, 0x1A4));

        await task.Must("access", "/a/m/in/../../beside", 0);
        await task.Must("access", "/a/m/../m/in/file", 0);
        await task.Must("chdir", "a/m/in");
        Assert.Equal("/a/m/in", await task.Cwd());
        await task.Must("access", "../../beside", 0);
        await task.Must("access", "../../../../../a/beside", 0);
        await task.Must("chdir", "..");
        Assert.Equal("/a/m", await task.Cwd());
        await task.Must("chdir", "..");
        Assert.Equal("/a", await task.Cwd());
        await task.Must("umount2", "/a/m", 0);
        await task.Fails(Errno.ENOENT, "access", "/a/m/in", 0);
    });

    [Fact]
    public void An_absolute_link_in_a_mounted_volume_starts_at_the_root() => TaskWorld.Run(async (_, task) =>
    {
        await task.Must("mkdir", "/m", 0x1ED);
        await task.Must("mkdir", "/target", 0x1ED);
        await task.Must("mount", "none", "/m", "ramfs", 0, 0);
        await task.Must("symlink", "/target", "/m/link");
        await task.Must("close", await task.Must("open", "/m/link/file", Creat, 0x1A4));
        await task.Must("access", "/target/file", 0);
        var room = new Room(64);
        Assert.Equal(7, await task.Must("readlink", "/m/link", room, 64));
        Assert.Equal("/target", Encoding.UTF8.GetString(room.Bytes));
    });

    [Fact]
    public void Links_in_a_circle_through_two_volumes_are_ELOOP() => TaskWorld.Run(async (_, task) =>
    {
        await task.Must("mkdir", "/m", 0x1ED);
        await task.Must("mount", "none", "/m", "ramfs", 0, 0);
        await task.Must("symlink", "/m/back", "/there");
        await task.Must("symlink", "/there", "/m/back");
        await task.Fails(Errno.ELOOP, "open", "/there", 0, 0);
    });

    [Fact]
    public void The_forty_first_link_is_ELOOP_wherever_the_others_were() => TaskWorld.Run(async (_, task) =>
    {
        await task.Must("mkdir", "/m", 0x1ED);
        await task.Must("mount", "none", "/m", "ramfs", 0, 0);
        await task.Must("close", await task.Must("open", "/m/l0", Creat, 0x1A4));
        for (var i = 1; i <= 41; i++)
        {
            var (target, link) = i % 2 == 0 ? ($"/l{i - 1}", $"/m/l{i}") : ($"/m/l{i - 1}", $"/l{i}");
            await task.Must("symlink", target, link);
        }
        await task.Must("access", "/m/l40", 0);
        await task.Fails(Errno.ELOOP, "access", "/l41", 0);
    });

    [Fact]
    public void A_rename_between_volumes_is_EXDEV_after_both_paths_were_looked_up() => TaskWorld.Run(
        async (_, task) =>
    {
        await task.Must("mkdir", "/m", 0x1ED);
        await task.Must("mount", "none", "/m", "ramfs", 0, 0);
        await task.Must("close", await task.Must("open", "/one", Creat, 0x1A4));
        await task.Fails(Errno.EXDEV, "rename", "/one", "/m/one");
        await task.Fails(Errno.EXDEV, "link", "/one", "/m/one");
        await task.Fails(Errno.ENOENT, "rename", "/one", "/m/nothing/one");
        await task.Fails(Errno.EXDEV, "rename", "/nothing", "/m/one");
        await task.Fails(Errno.ENOENT, "link", "/nothing", "/m/one");
        await task.Must("access", "/one", 0);
    });

    [Fact]
    public void A_rename_in_one_volume_works_from_a_start_in_another() => TaskWorld.Run(async (_, task) =>
    {
        await task.Must("mkdir", "/m", 0x1ED);
        await task.Must("mount", "none", "/m", "ramfs", 0, 0);
        await task.Must("close", await task.Must("open", "/m/one", Creat, 0x1A4));
        await task.Must("rename", "/m/one", "/m/two");
        await task.Must("chdir", "/m");
        await task.Must("rename", "two", "../m/three");
        await task.Must("link", "three", "/m/four");
        await task.Must("rename", "../m/three", "five");
        await task.Must("access", "/m/five", 0);
        await task.Must("access", "/m/four", 0);
        await task.Fails(Errno.ENOENT, "access", "/m/two", 0);
    });

    [Fact]
    public void A_relative_path_starts_at_a_directory_descriptor() => TaskWorld.Run(async (_, task) =>
    {
        await task.Must("mkdir", "/d", 0x1ED);
        var directory = await task.Must("open", "/d", Directory, 0);
        var file = await task.Must("openat", directory, "x", Creat, 0x1A4);
        await task.Must("faccessat", directory, "x", 0);
        await task.Must("access", "/d/x", 0);
        await task.Fails(Errno.ENOTDIR, "openat", file, "x", 0);
        await task.Fails(Errno.EBADF, "openat", 99, "x", 0);
        await task.Fails(Errno.ENOENT, "openat", 99, "", 0);
        await task.Must("faccessat", 99, "/d/x", 0);
        await task.Must("fchdir", directory);
        Assert.Equal("/d", await task.Cwd());
        await task.Fails(Errno.ENOTDIR, "fchdir", file);
        await task.Fails(Errno.EBADF, "fchdir", AtFdCwd);
    });

    [Fact]
    public void Paths_and_names_have_linuxs_longest_lengths() => TaskWorld.Run(async (_, task) =>
    {
        await task.Fails(Errno.ENAMETOOLONG, "access", "/" + new string('n', 256), 0);
        await task.Fails(Errno.ENOENT, "access", "/" + new string('n', 255), 0);
        await task.Must("access", new string('/', 4_095), 0);
        await task.Fails(Errno.ENAMETOOLONG, "access", new string('/', 4_096), 0);
        await task.Fails(Errno.ENOENT, "access", "", 0);
    });

    [Fact]
    public void Names_are_bytes_and_come_back_as_they_were() => TaskWorld.Run(async (_, task) =>
    {
        byte[][] names =
        [
            [0xFF, 0x80, 0xC3], [0xC3, 0x28], [0xEF, 0x9E, 0x80], [0x61, 0xC3, 0xA4, 0xEF, 0x9F],
            [0xF0, 0x9F, 0x98, 0x80],
        ];
        await task.Must("mkdir", "/d", 0x1ED);
        await task.Must("chdir", "/d");
        foreach (var name in names) await task.Must("symlink", (byte[])[.. name, 0], (byte[])[.. name, 0]);
        var directory = await task.Must("open", ".", 0, 0);
        var room = new Room(4_096);
        var listed = new List<string>();
        var count = await task.Must("getdents64", directory, room, 4_096);
        for (var at = 0; at < count; at += BitConverter.ToUInt16(room.Bytes, at + 16))
        {
            var name = room.Bytes.AsSpan(at + 19);
            listed.Add(Convert.ToHexString(name[..name.IndexOf((byte)0)]));
        }
        Assert.Equal(names.Select(Convert.ToHexString).Concat(["2E", "2E2E"]).Order(), listed.Order());
        foreach (var name in names)
        {
            await task.Must("readlink", (byte[])[.. name, 0], room, 100);
            Assert.Equal(name, room.Bytes);
        }
    });

    [Fact]
    public void A_removed_working_directory_has_no_path() => TaskWorld.Run(async (_, task) =>
    {
        await task.Must("mkdir", "/gone", 0x1ED);
        await task.Must("chdir", "/gone");
        await task.Must("rmdir", "/gone");
        await task.Fails(Errno.ENOENT, "getcwd", new Room(64), 64);
        await task.Must("chdir", "/");
        await task.Fails(Errno.ERANGE, "getcwd", new Room(1), 1);
        Assert.Equal("/", await task.Cwd());
    });

    [Fact]
    public void Only_root_mounts_and_only_mounts_are_unmounted() => TaskWorld.Run(async world =>
    {
        var (root, alice) = (await world.NewTask(TaskWorld.Root), await world.NewTask(TaskWorld.Alice));
        await root.Must("mkdir", "/m", 0x1FF);
        await alice.Fails(Errno.EPERM, "mount", "none", "/m", "ramfs", 0, 0);
        await alice.Fails(Errno.ENOENT, "mount", "none", "/nothing", "ramfs", 0, 0);
        await root.Fails(Errno.ENODEV, "mount", "none", "/m", "nofs", 0, 0);
        await root.Fails(Errno.EINVAL, "mount", "none", "/m", 0, 0, 0);
        await root.Fails(Errno.EINVAL, "umount2", "/m", 0);
        await root.Fails(Errno.EINVAL, "umount2", "/m", 0x100);
        await root.Must("mount", "none", "/m", "ramfs", 0, 0);
        await alice.Fails(Errno.EPERM, "umount2", "/m", 0);
        await alice.Must("chdir", "/m");
        await root.Fails(Errno.EBUSY, "umount2", "/m", 0);
        await alice.Must("chdir", "/");
        await root.Must("umount2", "/m", 0);
    });
}
