using K42.Contracts;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>A volume on a node that dies, mounted where others see it.</summary>
public sealed class LostVolumeSpec
{
    private const long CreateNew = 0x42;

    [Fact]
    public void Its_files_answer_EIO_and_its_place_is_free_once_unmounted() => TaskWorld.Run(async world =>
    {
        var home = await world.AddNode();
        var task = await world.NewTask(TaskWorld.Root);
        var options = $"node={home.Member.Node.Id}";
        await task.Must("mkdir", "/m", 0x1ED);
        await task.Must("mount", "none", "/m", "ramfs", 0, options);
        await task.Must("mkdir", "/m/d", 0x1ED);
        var file = await task.Must("open", "/m/f", CreateNew, 0x1A4);
        await task.Must("chdir", "/m/d");
        var waiting = task.Call("open", "/m/g", CreateNew, 0x1A4);

        world.Kill(home);
        var late = task.Call("open", "/m/h", CreateNew, 0x1A4);
        world.Remove(home);
        Assert.Contains(await waiting, new[] { -(long)Errno.EIO, file + 1 });
        Assert.Equal(-(long)Errno.EIO, await late);
        await task.Fails(Errno.EIO, "open", "/m/f", 0, 0);
        await task.Fails(Errno.EIO, "mkdir", "x", 0x1ED);
        await task.Fails(Errno.EIO, "getcwd", new Room(100), 100);
        await task.Fails(Errno.EIO, "read", file, new Room(10), 10);

        await task.Must("umount2", "/m", 0);
        await task.Must("mkdir", "/m/again", 0x1ED);
        await task.Must("chdir", "/m");
    });
}
