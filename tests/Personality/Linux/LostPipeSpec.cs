using K42.Contracts;

using K42.TestKit.Simulation;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Pipes on a node that dies, and their ends on another.</summary>
public sealed class LostPipeSpec
{
    private const int SigPipe = 13, BlockSignals = 0, PipeBytes = 65_536;

    [Fact]
    public void A_reader_sees_the_end_once_the_node_is_removed_and_not_before() => Run(async world =>
    {
        var waiting = world.Child.Read(world.Reader, 10);
        var before = world.Child.Write(world.Writer, "seen"u8.ToArray());
        Assert.Equal("seen"u8.ToArray(), await waiting);
        Assert.Equal(4, await before);

        waiting = world.Child.Read(world.Reader, 10);
        world.Tasks.Kill(world.Home);
        await world.Tasks.Elapse(TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);
        world.Tasks.Remove(world.Home);
        Assert.Empty(await waiting);
        Assert.Empty(await world.Child.Read(world.Reader, 10));
        Assert.Empty(await world.Child.Read(world.Reader, 0));
    });

    [Fact]
    public void A_writer_that_waits_for_room_gets_EPIPE_and_SIGPIPE_and_so_does_every_later_one() => Run(
        async world =>
    {
        await Block(world.Child);
        Assert.Equal(PipeBytes, await world.Child.Write(world.Writer, new byte[PipeBytes]));
        var waiting = world.Child.Write(world.Writer, new byte[1]);
        world.Tasks.Kill(world.Home);
        world.Tasks.Remove(world.Home);
        Assert.Equal(-(long)Errno.EPIPE, await waiting);
        Assert.True(await IsPending(world.Child));
        Assert.Equal(-(long)Errno.EPIPE, await world.Child.Write(world.Writer, "x"u8.ToArray()));
        Assert.Equal(0, await world.Child.Write(world.Writer, []));
    });

    [Fact]
    public void What_a_write_had_moved_before_the_node_died_is_its_result() => Run(async world =>
    {
        await Block(world.Child);
        var waiting = world.Child.Write(world.Writer, new byte[PipeBytes + 5]);
        await world.Tasks.Elapse(TimeSpan.FromSeconds(1));
        world.Tasks.Kill(world.Home);
        world.Tasks.Remove(world.Home);
        Assert.Equal(PipeBytes, await waiting);
        Assert.True(await IsPending(world.Child));
    });

    [Fact]
    public void SIGPIPE_ends_a_writer_that_does_not_handle_it() => Run(async world =>
    {
        world.Tasks.Kill(world.Home);
        world.Tasks.Remove(world.Home);
        await world.Child.Write(world.Writer, "x"u8.ToArray());
        await world.Tasks.Elapse(TimeSpan.FromSeconds(1));
        Assert.True(world.Child.Task.HasEnded);
    });

    [Fact]
    public void A_lost_pipe_can_be_inherited_duplicated_and_closed() => Run(async world =>
    {
        world.Tasks.Kill(world.Home);
        world.Tasks.Remove(world.Home);
        var copy = await world.Child.Must("dup", world.Reader);
        var pid = await world.Child.Must("fork");
        var heir = new SpecTask(world.Child.Task.TakeChild((int)pid)!);
        Assert.Empty(await heir.Read(copy, 1));
        await heir.Must("close", world.Reader);
        await heir.Must("close", copy);
        await world.Child.Must("close", world.Writer);
        Assert.Empty(await world.Child.Read(copy, 1));
    });

    /// <summary>A child on the first node whose parent, and pipe, are on the second.</summary>
    private static void Run(Func<World, Task> scenario) => TaskWorld.Run(async world =>
    {
        var home = await world.AddNode();
        var parent = await world.NewTask(TaskWorld.Alice, home);
        var ends = new Room(8);
        await parent.Must("pipe2", ends, 0);
        var (reader, writer) = TransferSpec.Ends(ends);
        var child = await world.Spawn(parent, TaskWorld.Alice);
        await scenario(new World(world, home, child, reader, writer));
    });

    private static Task<long> Block(SpecTask task) => task.Must(
        "rt_sigprocmask", BlockSignals, BitConverter.GetBytes(1UL << (SigPipe - 1)), 0, 8);

    private static async Task<bool> IsPending(SpecTask task)
    {
        var pending = new Room(8);
        await task.Must("rt_sigpending", pending, 8);
        return (BitConverter.ToUInt64(pending.Bytes) >> (SigPipe - 1) & 1) == 1;
    }

    private sealed record World(
        TaskWorld Tasks, SimulatedNode Home, SpecTask Child, long Reader, long Writer);
}
