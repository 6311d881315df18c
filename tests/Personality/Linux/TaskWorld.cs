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

    private readonly Dictionary<SimulatedNode, TaskNode> _hosts = [];

    public TaskWorld() => _node = _cluster.AddNode();

    public ProcessHost Processes => _hosts[_node].Processes;

    public LinuxSystem System => _hosts[_node].System;

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
            world.Start(world._node, createsRoot: true);
            await world.Elapse(TimeSpan.FromSeconds(1));
            await scenario(world);
        });
    }

    /// <summary>A scenario with one task of root.</summary>
    public static void Run(Func<TaskWorld, SpecTask, Task> scenario) =>
        Run(async world => await scenario(world, await world.NewTask(Root)));

    public Task Elapse(TimeSpan time) => _cluster.Elapse(time);

    public Task<SpecTask> NewTask(Principal who) => NewTask(who, _node);

    /// <summary>A task on a node that was added.</summary>
    public async Task<SpecTask> NewTask(Principal who, SimulatedNode on)
    {
        var hosted = await _hosts[on].Processes.Begin(who, "spec");
        return new SpecTask((await _hosts[on].System.Begin(hosted.Value)).Value);
    }

    /// <summary>A child of a task, spawned on the first node, with what the task has open.</summary>
    public async Task<SpecTask> Spawn(SpecTask parent, Principal who)
    {
        var spawned = (await parent.Task.Spawn(_node.Member.Node.Id)).Value;
        var claimed = await Processes.Claim(who, spawned.Pid, spawned.Token);
        return new SpecTask((await System.Begin(claimed.Value)).Value);
    }

    /// <summary>Another node with everything but a root volume.</summary>
    public async Task<SimulatedNode> AddNode()
    {
        var node = _cluster.AddNode();
        Start(node, createsRoot: false);
        await Elapse(TimeSpan.FromSeconds(1));
        return node;
    }

    /// <summary>kill -9 of a node; the others do not know yet.</summary>
    public void Kill(SimulatedNode node) => _cluster.Kill(node);

    /// <summary>The membership removes a node that was killed.</summary>
    public void Remove(SimulatedNode node) => _cluster.Remove(node);

    public void Dispose() => _cluster.Dispose();

    private void Start(SimulatedNode node, bool createsRoot)
    {
        var homes = new NumberHomes(_cluster.Tables.Blocks);
        var processes = node.System.ActorOf(
            ProcessRoot.Props(node.Ipc, node.Ipc, node.Membership, node.Grantor, homes),
            "processes");
        var host = new ProcessHost(processes, node.Ipc, node.Membership, homes);
        node.System.ActorOf(DeviceRoot.Props(node.Ipc), "devices");
        node.System.ActorOf(PipeRoot.Props(node.Ipc, new PipeSettings(Actors: 2)), "pipes");
        var volumes = new VolumeSettings(BytesMax: 64 << 20, InodesMax: 10_000);
        node.System.ActorOf(VolumeRoot.Props(node.Ipc, volumes), "volumes");
        var settings = new NameSettings(createsRoot);
        node.System.ActorOf(NameRoot.Props(node.Ipc, node.Membership, node.Table, settings), "names");
        _hosts[node] = new TaskNode(host, new LinuxSystem(host));
    }

    private sealed record TaskNode(ProcessHost Processes, LinuxSystem System);
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
