using System.Text;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Devices;
using K42.Kernel.Ipc;
using K42.Kernel.Processes;
using K42.Personality.Linux;
using K42.Personality.Linux.Memory;
using K42.Servers.Names;
using K42.Servers.Pipes;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>One simulated node with the real processes, volumes, pipes, devices and mount table, and
/// tasks on it.</summary>
internal sealed class TaskWorld : IDisposable
{
    private readonly SimulatedCluster _cluster = new(1, ContractCatalogue.NewRequest);
    private readonly SimulatedNode _node;

    public TaskWorld() => _node = _cluster.AddNode();

    public ProcessHost Processes { get; private set; } = null!;

    public LinuxSystem System { get; private set; } = null!;

    /// <summary>Calls that were refused because their caller's credentials had changed meanwhile.</summary>
    public long OutdatedCount => _node.Ipc.OutdatedCount;

    public static Principal Root { get; } = new("root", 0, 0, [0, 50], Authentication.ClientCertificate);

    public static Principal Alice { get; } = new(
        "alice", 1_000, 1_000, [1_000], Authentication.ClientCertificate);

    public static void Run(Func<TaskWorld, Task> scenario)
    {
        using var world = new TaskWorld();
        world._cluster.Run(async () =>
        {
            world.Start();
            await world.Elapse(TimeSpan.FromSeconds(1));
            await scenario(world);
        });
    }

    /// <summary>A scenario with one task of root.</summary>
    public static void Run(Func<TaskWorld, SpecTask, Task> scenario) =>
        Run(async world => await scenario(world, await world.NewTask(Root)));

    public Task Elapse(TimeSpan time) => _cluster.Elapse(time);

    public async Task<SpecTask> NewTask(Principal who)
    {
        var hosted = await Processes.Begin(who, "spec");
        return new SpecTask((await System.Begin(hosted.Value)).Value);
    }

    public void Dispose() => _cluster.Dispose();

    private void Start()
    {
        var homes = new NumberHomes(_cluster.Tables.Blocks);
        var processes = _node.System.ActorOf(
            ProcessRoot.Props(_node.Ipc, _node.Ipc, _node.Membership, _node.Grantor, homes),
            "processes");
        Processes = new ProcessHost(processes, _node.Ipc, _node.Membership, homes);
        _node.System.ActorOf(DeviceRoot.Props(_node.Ipc), "devices");
        _node.System.ActorOf(PipeRoot.Props(_node.Ipc, new PipeSettings(Actors: 2)), "pipes");
        var volumes = new VolumeSettings(BytesMax: 64 << 20, InodesMax: 10_000);
        _node.System.ActorOf(VolumeRoot.Props(_node.Ipc, volumes), "volumes");
        var settings = new NameSettings(true);
        _node.System.ActorOf(NameRoot.Props(_node.Ipc, _node.Membership, _node.Table, settings), "names");
        System = new LinuxSystem(Processes);
    }
}

/// <summary>A task with calls as a spec writes them.</summary>
internal sealed class SpecTask(LinuxTask task)
{
    public LinuxTask Task => task;

    /// <summary>A call whose arguments are numbers, strings (in), byte arrays (in) and <see cref="Room"/>
    /// (out).</summary>
    public async Task<long> Call(string name, params object[] arguments)
    {
        var memory = new MessageMemory();
        var registers = new long[6];
        var rooms = new List<(Room Room, ulong Address)>();
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case string text:
                    registers[i] = (long)memory.Text(text);
                    break;
                case byte[] bytes:
                    registers[i] = (long)memory.In(bytes);
                    break;
                case Room room:
                    rooms.Add((room, memory.Out(room.Count)));
                    registers[i] = (long)rooms[^1].Address;
                    break;
                default:
                    registers[i] = Convert.ToInt64(arguments[i]);
                    break;
            }
        }
        var args = new SyscallArgs(
            memory, registers[0], registers[1], registers[2], registers[3], registers[4], registers[5]);
        var result = await task.Call(name, args);
        foreach (var (room, address) in rooms) room.Bytes = memory.Written(address).ToArray();
        return result.Raw;
    }

    /// <summary>A call that must succeed.</summary>
    public async Task<long> Must(string name, params object[] arguments)
    {
        var result = await Call(name, arguments);
        Assert.True(result >= 0, $"{name} gave {new SysResult(result)}");
        return result;
    }

    /// <summary>A call that must fail with an error.</summary>
    public async Task Fails(Errno errno, string name, params object[] arguments) =>
        Assert.Equal(errno, new SysResult(await Call(name, arguments)).Errno);

    public async Task<string> Cwd()
    {
        var room = new Room(4_096);
        await Must("getcwd", room, 4_096);
        return Encoding.UTF8.GetString(room.Bytes.AsSpan()[..^1]);
    }

    public async Task<byte[]> Read(long fd, int count)
    {
        var room = new Room(count);
        var read = await Must("read", fd, room, count);
        return room.Bytes[..(int)read];
    }

    public async Task<long> Write(long fd, byte[] bytes) => await Call("write", fd, bytes, bytes.Length);
}

/// <summary>Room for a call to write into.</summary>
internal sealed class Room(int count)
{
    public int Count => count;

    public byte[] Bytes { get; set; } = [];
}
