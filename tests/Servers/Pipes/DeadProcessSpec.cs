using K42.Contracts;
using K42.Contracts.Servers;
using K42.Kernel.Ipc;
using K42.Servers.Volumes;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Servers.Tests.Pipes;

/// <summary>What a process leaves of a pipe that it shared when it dies: nothing.</summary>
public sealed class DeadProcessSpec
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_dead_process_reads_nothing_of_what_the_living_may_have(bool remote) =>
        Run(remote, async (nodes, child) =>
        {
            var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
            var childs = await Given(reader, child, Rights.Read);
            using var signal = new CancellationTokenSource();
            var parked = childs.Read(4, -1, signal.Token).AsTask();
            await Parked(nodes, reader);
            Dismiss(child);
            await Parked(nodes, reader);
            // As the library does when its process has ended; by now the handle is gone.
            signal.Cancel();
            await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));

            await writer.Write("abcd"u8.ToArray(), -1);
            await reader.SetFlags(OpenFlags.O_NONBLOCK, 0);
            Assert.Equal("abcd"u8.ToArray(), (await reader.Read(4, -1)).Value.ToArray());
            Assert.True((await parked).Failed);
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_dead_process_writes_no_more(bool remote) => Run(remote, async (nodes, child) =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        var childs = await Given(writer, child, Rights.Write);
        await writer.Write(new byte[65_536], -1);
        var parked = childs.Write(new byte[5_000], -1).AsTask();
        await Parked(nodes, writer);
        Dismiss(child);
        await Parked(nodes, writer);

        Assert.Equal(65_536, (await reader.Read(65_536, -1)).Value.Length);
        await reader.SetFlags(OpenFlags.O_NONBLOCK, 0);
        Assert.Equal(Errno.EAGAIN, (await reader.Read(1, -1)).Errno);
        Assert.True((await parked).Failed);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_end_that_is_given_to_a_process_after_its_death_does_not_keep_the_pipe_open(bool remote) =>
        Run(remote, async (nodes, child) =>
        {
            var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
            Dismiss(child);
            await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
            await writer.GiveAccess(child.Identity.Pid, Rights.Write, Rights.None);
            writer.Release();
            await reader.SetFlags(OpenFlags.O_NONBLOCK, 0);
            Assert.Equal(0, (await reader.Read(1, -1)).Value.Length);
        });

    [Fact]
    public void A_pipe_that_is_made_while_its_process_dies_is_not_left_behind()
    {
        for (var seed = 1ul; seed <= 20; seed++)
        {
            using var nodes = new ServerNodes(seed);
            nodes.Run(async _ =>
            {
                var child = nodes.Process(ServerNodes.Alice);
                var before = nodes.One.Ipc.HandleCount;
                var making = nodes.Pipes(child).Create(0).AsTask();
                Dismiss(child);
                await making;
                await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
                Assert.Empty((await nodes.Pipes(nodes.Process(ServerNodes.Bob)).List()).Value);
                Assert.Equal(before, nodes.One.Ipc.HandleCount);
            });
        }
    }

    private static async Task<FileClient> Given(FileClient end, CallContext child, Rights rights)
    {
        var given = await end.GiveAccess(child.Identity.Pid, rights | Rights.Lookup, Rights.None);
        return new FileClient(child, given.Value);
    }

    private static void Dismiss(CallContext process) =>
        ((IpcNode)process.Ipc).Dismiss(process);

    private static async Task Parked(ServerNodes nodes, FileClient end)
    {
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        await end.Status();
    }

    private static void Run(bool remote, Func<ServerNodes, CallContext, Task> scenario)
    {
        using var nodes = new ServerNodes();
        SimulatedNode? two = remote ? nodes.Cluster.AddNode() : null;
        nodes.Run(async _ =>
        {
            if (two is not null)
            {
                nodes.Start(two);
                await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
            }
            await scenario(nodes, nodes.Process(ServerNodes.Alice, two));
        });
    }
}
