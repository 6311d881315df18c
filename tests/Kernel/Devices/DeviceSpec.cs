using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;
using K42.Kernel.Devices;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Devices;

public sealed class DeviceSpec
{
    private const int ReadWrite = 2;
    private static readonly ulong[] All = [0x103, 0x105, 0x107, 0x108, 0x109];

    [Fact]
    public void Null_is_at_its_end_and_takes_everything() => Run(async open =>
    {
        var device = await open(0x103, ReadWrite);
        Assert.Empty((await device.Read(100, -1)).Value.ToArray());
        Assert.Equal(70, (await device.Write(new byte[70], -1)).Value);
        Assert.Equal(3, (await device.Write(new byte[3], 4)).Value);
    });

    [Fact]
    public void Zero_gives_zeros_and_takes_everything() => Run(async open =>
    {
        var device = await open(0x105, ReadWrite);
        Assert.Equal(new byte[65_536], (await device.Read(65_536, -1)).Value.ToArray());
        Assert.Equal(new byte[5], (await device.Read(5, 7)).Value.ToArray());
        Assert.Equal(70, (await device.Write(new byte[70], -1)).Value);
    });

    [Fact]
    public void Full_gives_zeros_and_never_has_room() => Run(async open =>
    {
        var device = await open(0x107, ReadWrite);
        Assert.Equal(new byte[5], (await device.Read(5, -1)).Value.ToArray());
        Assert.Equal(Errno.ENOSPC, (await device.Write(new byte[1], -1)).Errno);
        Assert.Equal(Errno.ENOSPC, (await device.Write(ReadOnlyMemory<byte>.Empty, -1)).Errno);
    });

    [Fact]
    public void Random_bytes_come_from_the_nodes_chance_and_repeat_with_the_seed()
    {
        var runs = new List<byte[]>();
        for (var i = 0; i < 2; i++)
        {
            Run(async open =>
            {
                var (random, urandom) = (await open(0x108, ReadWrite), await open(0x109, ReadWrite));
                var bytes = (await random.Read(64, -1)).Value.ToArray();
                Assert.NotEqual(bytes, (await urandom.Read(64, -1)).Value.ToArray());
                Assert.Equal(3, (await random.Write(new byte[3], -1)).Value);
                runs.Add(bytes);
            });
        }
        Assert.Equal(runs[0], runs[1]);
    }

    [Fact]
    public void All_of_them_seek_to_zero_and_refuse_what_files_do() => Run(async open =>
    {
        foreach (var number in All)
        {
            var device = await open(number, ReadWrite);
            for (var whence = 0; whence <= 4; whence++)
            {
                Assert.Equal(0, (await device.Seek(-10, whence)).Value);
            }
            Assert.Equal(Errno.EINVAL, (await device.Seek(0, 77)).Errno);
            Assert.Equal(Errno.EINVAL, (await device.Read(1, -7)).Errno);
            Assert.Equal(Errno.EINVAL, (await device.Write(new byte[1], -7)).Errno);
            Assert.Equal(Errno.EINVAL, (await device.Truncate(0)).Errno);
            Assert.Equal(Errno.EINVAL, (await device.Sync()).Errno);
            Assert.Equal(Errno.ENOTDIR, (await device.ReadDirectory(100)).Errno);
            Assert.Equal(0, (await device.Read(0, -1)).Value.Length);
        }
    });

    [Fact]
    public void Flags_are_kept_and_direct_transfers_are_refused() => Run(async open =>
    {
        foreach (var number in All)
        {
            var device = await open(number, ReadWrite);
            Assert.Equal(0x8002, (await device.Flags()).Value);
            Assert.Equal(Errno.EINVAL, (await device.SetFlags(0x4C00, 0)).Errno);
            Assert.False((await device.SetFlags(0xC00, 0)).Failed);
            Assert.Equal(0x8C02, (await device.Flags()).Value);
        }
    });

    [Fact]
    public void The_access_mode_decides_what_a_handle_can_do() => Run(async open =>
    {
        Assert.Equal(Errno.EPERM, (await (await open(0x103, 0)).Write(new byte[1], -1)).Errno);
        Assert.Equal(Errno.EPERM, (await (await open(0x103, 1)).Read(1, -1)).Errno);
        Assert.Equal(77ul, (await (await open(0x103, 0)).Status()).Value.Inode);
    });

    [Fact]
    public void A_number_without_a_device_is_ENXIO() => RunOn(async (process, node) =>
    {
        var devices = DeviceClient.On(process, node);
        Assert.Equal(Errno.ENXIO, (await devices.Open(0x500, ReadWrite, default)).Errno);
        Assert.Equal(Errno.ENXIO, (await devices.Open(0, ReadWrite, default)).Errno);
    });

    [Fact]
    public void One_user_opens_half_of_what_there_may_be() => RunOn(async (alice, bob, node) =>
    {
        Assert.Equal(Errno.None, (await DeviceClient.On(alice, node).Open(0x103, 0, default)).Errno);
        var second = await DeviceClient.On(alice, node).Open(0x103, 0, default);
        Assert.Equal(Errno.None, second.Errno);
        Assert.Equal(Errno.ENFILE, (await DeviceClient.On(alice, node).Open(0x103, 0, default)).Errno);
        Assert.Equal(Errno.None, (await DeviceClient.On(bob, node).Open(0x103, 0, default)).Errno);
        await new FileClient(alice, second.Value).Close();
        Assert.Equal(Errno.None, (await DeviceClient.On(alice, node).Open(0x103, 0, default)).Errno);
    }, openMax: 4);

    private static void Run(Func<Func<ulong, int, Task<FileClient>>, Task> scenario) =>
        RunOn((process, node) => scenario(async (number, flags) =>
        {
            var status = default(FileStatus) with { Inode = 77, RDevice = number, Mode = 0x21B6 };
            var opened = await DeviceClient.On(process, node).Open(number, flags, status);
            return new FileClient(process, opened.Value);
        }));

    private static void RunOn(Func<CallContext, NodeRef, Task> scenario) =>
        RunOn((alice, _, node) => scenario(alice, node));

    private static void RunOn(
        Func<CallContext, CallContext, NodeRef, Task> scenario, int openMax = DeviceRoot.OpenMaxDefault)
    {
        using var cluster = new SimulatedCluster(seed: 5, ContractCatalogue.NewRequest);
        var node = cluster.AddNode();
        cluster.Run(async () =>
        {
            node.System.ActorOf(DeviceRoot.Props(node.Ipc, openMax), "devices");
            await cluster.Elapse(TimeSpan.FromMilliseconds(1));
            var alice = new Principal("alice", 1_000, 1_000, [1_000], Authentication.ClientCertificate);
            var bob = new Principal("bob", 1_001, 1_001, [1_001], Authentication.ClientCertificate);
            await scenario(node.Ipc.Admit(1_025, alice), node.Ipc.Admit(1_026, bob), node.Member.Node);
        });
    }
}
