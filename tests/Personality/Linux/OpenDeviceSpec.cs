using K42.Contracts;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Open devices: what is read is on the task's node, the inode at the volume that has its
/// name.</summary>
public sealed class OpenDeviceSpec
{
    private const int ReadWrite = 2, EmptyPath = 0x1000, AtCwd = -100, NameOpen = 0, Character = 0x21B6;
    private const int LinksAt = 16;

    [Fact]
    public void A_child_on_another_node_links_the_device_that_it_was_left() => TaskWorld.Run(async world =>
    {
        var far = await world.AddNode();
        var parent = await world.NewTask(TaskWorld.Root, far);
        var fd = await parent.Must("open", "/dev/null", ReadWrite, NameOpen);
        var child = await world.Spawn(parent, TaskWorld.Root);
        await child.Must("linkat", fd, "", AtCwd, "/another", EmptyPath);
        Assert.Equal(2, await Links(child, fd));
        Assert.Equal(2, await Links(parent, fd));
        await child.Must("close", fd);
        await child.Must("unlink", "/another");
        Assert.Equal(1, await Links(parent, fd));
    });

    [Fact]
    public void A_lock_on_it_is_seen_by_every_user_on_every_node() => TaskWorld.Run(async world =>
    {
        const int shareableDevice = 0x21B6, setLock = 6, exclusive = 2, notWaiting = 4;
        var far = await world.AddNode();
        var root = await world.NewTask(TaskWorld.Root);
        var alice = await world.NewTask(TaskWorld.Alice, far);
        await root.Must("mknod", "/shared", shareableDevice, 0x103);
        await root.Must("chmod", "/shared", 0x1B6);
        var here = await root.Must("open", "/shared", ReadWrite, NameOpen);
        var there = await alice.Must("open", "/shared", ReadWrite, NameOpen);
        await root.Must("flock", here, exclusive);
        await alice.Fails(Errno.EAGAIN, "flock", there, exclusive | notWaiting);
        await alice.Must("fcntl", there, setLock, WriteLock());
        await root.Fails(Errno.EAGAIN, "fcntl", here, setLock, WriteLock());
        await root.Must("close", here);
        await alice.Must("flock", there, exclusive | notWaiting);
        var reader = await root.Must("open", "/shared", 0, NameOpen);
        await root.Fails(Errno.EBADF, "fcntl", reader, setLock, WriteLock());
        await root.Fails(Errno.EAGAIN, "flock", reader, exclusive | notWaiting);
        await alice.Call("exit_group", 0);
        await world.Elapse(TimeSpan.FromSeconds(1));
        await root.Must("flock", reader, exclusive | notWaiting);
    });

    [Fact]
    public void Every_end_of_it_lets_the_volume_go() => TaskWorld.Run(async (world, task) =>
    {
        await task.Must("mkdir", "/m", 0x1ED);
        await task.Must("mount", "none", "/m", "tmpfs", 0, 0);
        await task.Must("mknod", "/m/null", Character, 0x103);
        await task.Must("mknod", "/m/nothing", Character, 0x1FF);
        await task.Fails(Errno.ENXIO, "open", "/m/nothing", ReadWrite, NameOpen);
        var fd = await task.Must("open", "/m/null", ReadWrite, NameOpen);
        var copy = await task.Must("dup", fd);
        await task.Must("close", fd);
        var heir = new SpecTask(task.Task.TakeChild((int)await task.Must("fork"))!);
        await task.Must("close", copy);
        await task.Fails(Errno.EBUSY, "umount2", "/m", 0);
        await heir.Call("exit_group", 0);
        await world.Elapse(TimeSpan.FromSeconds(1));
        await task.Must("umount2", "/m", 0);
    });

    /// <summary>A struct flock over the whole file.</summary>
    private static byte[] WriteLock()
    {
        var bytes = new byte[32];
        bytes[0] = 1;
        return bytes;
    }

    private static async Task<long> Links(SpecTask task, long fd)
    {
        var status = new Room(144);
        await task.Must("fstat", fd, status);
        return BitConverter.ToInt64(status.Bytes, LinksAt);
    }
}
