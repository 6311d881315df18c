using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Kernel.Processes;

using Xunit;

namespace K42.Kernel.Tests.Processes;

/// <summary>Signals of open files to their owners: who may be signalled, and on which node.</summary>
public sealed class OwnerSpec
{
    private const int Io = 29, RealTime = 40, FromKernel = 0x80, In = 1, Fd = 7;
    private static readonly SignalCause Plain = new(FromKernel, 0, 0);

    [Fact]
    public void The_ids_of_who_set_the_owner_decide_and_no_others() => Run(1, async nodes =>
    {
        var alice = await nodes.Begin();
        await alice.Disposition(Io, 1);
        Assert.Equal(Errno.None, await Notify(nodes, alice.Pid, 0, 0));
        Assert.Equal(Errno.None, await Notify(nodes, alice.Pid, 5, 0));
        Assert.Equal(Errno.None, await Notify(nodes, alice.Pid, 1_000, 7));
        Assert.Equal(Errno.None, await Notify(nodes, alice.Pid, 7, 1_000));
        Assert.Equal(Errno.EPERM, await Notify(nodes, alice.Pid, 0, 7));
        Assert.Equal(Errno.EPERM, await Notify(nodes, alice.Pid, 1_001, 1_001));
        Assert.Equal(Errno.ESRCH, await Notify(nodes, alice.Pid + 500, 0, 0));
        Assert.Equal(Errno.ESRCH, await Notify(nodes, 4_000_000, 0, 0));
    });

    [Fact]
    public void Only_kernels_and_servers_may_ask_for_it() => Run(1, async nodes =>
    {
        var (alice, root) = (await nodes.Begin(), await nodes.Begin(ProcessNodes.Root));
        var table = root.TableOf(alice.Pid);
        var owner = new SignalOwner(OwnerKind.Process, alice.Pid, 0, 0);
        Assert.Equal(Errno.EPERM, (await table.NotifyOwner(owner, Io, Plain, false)).Errno);
    });

    [Fact]
    public void What_the_file_tells_arrives_with_the_signal() => Run(1, async nodes =>
    {
        var alice = await nodes.Begin();
        await alice.Disposition(RealTime, 2);
        var state = alice.Self.NextSignals(0).AsTask();
        await state;
        await Notify(nodes, alice.Pid, 0, 0, RealTime, new SignalCause(In, Fd, 0x41));
        var signals = (await alice.Self.NextSignals(state.Result.Value.Stamp)).Value.Signals;
        Assert.Equal(new SignalInfo(RealTime, 0, 0, In, 0, false, Fd, 0x41), Assert.Single(signals));
    });

    [Fact]
    public void A_full_queue_makes_it_SIGIO() => Run(
        1,
        async nodes =>
    {
        var alice = await nodes.Begin();
        await alice.Disposition(RealTime, 2);
        await alice.Disposition(Io, 2);
        await alice.Self.SetSignalMask(ulong.MaxValue);
        for (var i = 0; i < 5; i++)
            await Notify(nodes, alice.Pid, 0, 0, RealTime, new SignalCause(In, Fd, 0x41));
        await alice.Self.SetSignalMask(0);
        var signals = (await alice.Self.NextSignals(0)).Value.Signals;
        Assert.Equal([Io, RealTime, RealTime, RealTime], signals.Select(signal => signal.Number));
        Assert.Equal(FromKernel, signals[0].Code);
    },
        new ProcessSettings { QueuedSignalsMax = 3 });

    [Fact]
    public void A_node_passes_it_to_the_home_of_the_owner() => Run(2, async nodes =>
    {
        var far = await nodes.Begin(on: nodes.Two);
        var parent = await nodes.Begin();
        var child = await parent.Spawn(nodes.Two);
        Assert.Equal(Errno.None, await Notify(nodes, child.Pid, 1_000, 1_000));
        Assert.Equal(Io, (await parent.WaitOf(child)).Value.Status);
        Assert.Equal(Errno.EPERM, await Notify(nodes, far.Pid, 1_001, 1_001));
        await nodes.Lose(nodes.Two);
        Assert.Equal(Errno.ESRCH, await Notify(nodes, far.Pid, 1_000, 1_000));
    });

    [Fact]
    public void A_group_is_signalled_on_every_node_with_what_the_file_tells() => Run(2, async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Spawn(nodes.Two);
        await parent.Disposition(RealTime, 2);
        await child.Disposition(RealTime, 2);
        var owner = new SignalOwner(OwnerKind.Group, parent.Pid, 1_000, 1_000);
        var cause = new SignalCause(In, Fd, 0x41);
        var sent = await Table(nodes).NotifyOwner(owner, RealTime, cause, false);
        Assert.Equal(Errno.None, sent.Errno);
        foreach (var member in new[] { parent, child })
        {
            var signals = (await member.Self.NextSignals(0)).Value.Signals;
            Assert.Equal(new SignalInfo(RealTime, 0, 0, In, 0, false, Fd, 0x41), Assert.Single(signals));
        }
    });

    private static ProcessTableClient Table(ProcessNodes nodes) =>
        ProcessTableClient.On(nodes.One.Ipc.Kernel, nodes.One.Member.Node);

    private static async Task<Errno> Notify(
        ProcessNodes nodes, int pid, uint uid, uint effectiveUid, int signal = Io, SignalCause? cause = null)
    {
        var owner = new SignalOwner(OwnerKind.Process, pid, uid, effectiveUid);
        return (await Table(nodes).NotifyOwner(owner, signal, cause ?? Plain, false)).Errno;
    }

    private static void Run(int count, Func<ProcessNodes, Task> scenario, ProcessSettings? settings = null)
    {
        using var nodes = new ProcessNodes(nodes: count, settings: settings);
        nodes.Run(() => scenario(nodes));
    }
}
