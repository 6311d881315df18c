using K42.Personality.Linux;

using K42.TestKit.Simulation;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>SIGIO from pipes across nodes, and to nobody. What one node's programs see is compared with Linux
/// in tests/Conformance.</summary>
public sealed class SignalDrivenSpec
{
    private const int SetFlags = 4, SetOwner = 8, GetOwner = 9, SetSignal = 10, Async = 0x2000;
    private const int Io = 29, RealTime = 40, Handler = 0x1000, GroupOfMine = 0;

    [Fact]
    public void An_owner_on_another_node_than_the_pipe_hears_of_it() => Run(async world =>
    {
        await Handles(world.Child, RealTime);
        await world.Child.Must("fcntl", world.Reader, SetOwner, world.Child.Task.Pid);
        await world.Child.Must("fcntl", world.Reader, SetSignal, RealTime);
        await world.Child.Must("fcntl", world.Reader, SetFlags, Async);
        await world.Parent.Write(world.Writer, "a"u8.ToArray());
        var heard = (await Next(world.Child)).Signal;
        Assert.Equal((RealTime, 1, world.Reader), (heard.Number, heard.Code, heard.Descriptor));
        await world.Parent.Write(world.Writer, "b"u8.ToArray());
        await Next(world.Child);
        Assert.Equal(world.Child.Task.Pid, await world.Parent.Must("fcntl", world.Reader, GetOwner));
    });

    [Fact]
    public void A_group_over_several_nodes_hears_of_it_everywhere() => Run(async world =>
    {
        await Handles(world.Child, Io);
        await Handles(world.Parent, Io);
        var group = await world.Parent.Must("getpgid", GroupOfMine);
        await world.Parent.Must("fcntl", world.Reader, SetOwner, -group);
        await world.Parent.Must("fcntl", world.Reader, SetFlags, Async);
        await world.Child.Write(world.Writer, "a"u8.ToArray());
        Assert.Equal(Io, (await Next(world.Child)).Signal.Number);
        Assert.Equal(Io, (await Next(world.Parent)).Signal.Number);
    });

    [Fact]
    public void The_death_of_an_owners_node_leaves_nobody_to_signal() => Run(async world =>
    {
        await world.Child.Must("fcntl", world.Reader, SetOwner, world.Parent.Task.Pid);
        var ends = new Room(8);
        await world.Child.Must("pipe2", ends, 0);
        var (reader, writer) = TransferSpec.Ends(ends);
        await world.Child.Must("fcntl", reader, SetOwner, world.Parent.Task.Pid);
        await world.Child.Must("fcntl", reader, SetFlags, Async);
        world.Tasks.Kill(world.Home);
        world.Tasks.Remove(world.Home);
        Assert.Equal(0, await world.Child.Must("fcntl", reader, GetOwner));
        for (var i = 0; i < 100; i++) Assert.Equal(1, await world.Child.Write(writer, [1]));
    });

    [Fact]
    public void A_flood_of_transfers_loses_no_last_signal() => Run(async world =>
    {
        await Handles(world.Child, Io);
        await world.Child.Must("fcntl", world.Reader, SetOwner, world.Child.Task.Pid);
        await world.Child.Must("fcntl", world.Reader, SetFlags, Async);
        var writes = Enumerable.Range(0, 200).Select(_ => world.Parent.Write(world.Writer, [1])).ToArray();
        foreach (var write in writes) Assert.Equal(1, await write);
        // Whoever empties the pipe after every signal has seen every byte in the end.
        var seen = 0;
        while (seen < writes.Length)
        {
            await Next(world.Child);
            seen += (await world.Child.Read(world.Reader, 1_000)).Length;
        }
        Assert.Equal(writes.Length, seen);
    });

    [Fact]
    public void The_holder_of_a_lease_on_another_node_than_the_volume_hears_that_it_breaks() => Run(
        async world =>
    {
        // The root volume is on the first node, the parent on the second.
        const int setLease = 1024, write = 1, unlock = 2, readWrite = 2, createToo = 0x42, mode = 0x180;
        await Handles(world.Parent, Io);
        var leased = await world.Parent.Must("open", "/tmp/leased", createToo, mode);
        await world.Parent.Must("fcntl", leased, setLease, write);
        var open = world.Child.Call("open", "/tmp/leased", readWrite, 0);
        Assert.Equal(Io, (await Next(world.Parent)).Signal.Number);
        Assert.False(open.IsCompleted);
        await world.Parent.Must("fcntl", leased, setLease, unlock);
        Assert.True(await open >= 0);
    });

    [Fact]
    public void Who_watches_a_directory_of_another_node_hears_of_it() => Run(async world =>
    {
        const int notify = 1026, createToo = 0x42, mode = 0x180, onCreate = 4;
        await Handles(world.Parent, Io);
        var directory = await world.Parent.Must("open", "/tmp", 0, 0);
        await world.Parent.Must("fcntl", directory, notify, onCreate);
        await world.Child.Must("open", "/tmp/new", createToo, mode);
        Assert.Equal(Io, (await Next(world.Parent)).Signal.Number);
    });

    private static ValueTask<TaskEvent> Next(SpecTask task) => task.Task.NextEvent(CancellationToken.None);

    private static Task<long> Handles(SpecTask task, int signal)
    {
        var action = new byte[32];
        BitConverter.TryWriteBytes(action, (long)Handler);
        return task.Must("rt_sigaction", signal, action, 0, 8);
    }

    /// <summary>A child on the first node whose parent, and pipe, are on the second.</summary>
    private static void Run(Func<World, Task> scenario) => TaskWorld.Run(async world =>
    {
        var home = await world.AddNode();
        var parent = await world.NewTask(TaskWorld.Alice, home);
        var ends = new Room(8);
        await parent.Must("pipe2", ends, 0);
        var (reader, writer) = TransferSpec.Ends(ends);
        var child = await world.Spawn(parent, TaskWorld.Alice);
        await scenario(new World(world, home, parent, child, reader, writer));
    });

    private sealed record World(
        TaskWorld Tasks, SimulatedNode Home, SpecTask Parent, SpecTask Child, long Reader, long Writer);
}
