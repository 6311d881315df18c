using K42.Contracts;
using K42.Contracts.Kernel;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class KillSpec
{
    [Fact]
    public void Only_the_same_user_and_root_may_signal() => Run(async nodes =>
    {
        var (alice, bob) = (await nodes.Begin(), await nodes.Begin(ProcessNodes.Bob));
        var root = await nodes.Begin(ProcessNodes.Root);
        Assert.Equal(Errno.EPERM, await bob.Kill(alice.Pid, 15));
        Assert.Equal(Errno.EPERM, await bob.Kill(alice.Pid, 0));
        Assert.Equal(Errno.EPERM, await bob.Kill(alice.Pid, 18));
        Assert.Equal(Errno.None, await root.Kill(alice.Pid, 0));
        Assert.Equal(Errno.None, await alice.Kill(alice.Pid, 0));
        Assert.Equal((byte)'S', (await alice.Info()).State);
    });

    [Fact]
    public void Nobody_there_comes_before_no_such_signal() => Run(async nodes =>
    {
        var program = await nodes.Begin();
        Assert.Equal(Errno.ESRCH, await program.Kill(program.Pid + 500, 999));
        Assert.Equal(Errno.EINVAL, await program.Kill(program.Pid, 999));
        Assert.Equal(Errno.EINVAL, await program.Kill(program.Pid, -1));
        Assert.Equal(Errno.ESRCH, await program.KillGroup(program.Pid + 500, 999));
        Assert.Equal(Errno.EINVAL, await program.KillGroup(program.Pid, 65));
        Assert.Equal(Errno.ESRCH, await program.Kill(77, 9));
        Assert.Equal(Errno.ESRCH, await program.Kill(4_000_000, 9));
    });

    [Fact]
    public void A_zombie_can_be_signalled_until_it_is_reaped() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await parent.SetGroup(child.Pid, child.Pid);
        await child.Exit(1);
        Assert.Equal(Errno.None, await parent.Kill(child.Pid, 9));
        Assert.Equal(Errno.None, await parent.KillGroup(child.Pid, 9));
        Assert.Equal(1 << 8, (await parent.Wait()).Value.Status);
        Assert.Equal(Errno.ESRCH, await parent.Kill(child.Pid, 0));
        Assert.Equal(Errno.ESRCH, await parent.KillGroup(child.Pid, 0));
    });

    [Fact]
    public void Process_1_ignores_signals() => Run(async nodes =>
    {
        var (alice, root) = (await nodes.Begin(), await nodes.Begin(ProcessNodes.Root));
        Assert.Equal(Errno.EPERM, await alice.Kill(1, 9));
        Assert.Equal(Errno.None, await root.Kill(1, 9));
        Assert.Equal(1, (await alice.Lookup(1)).Value.Pid);
    });

    [Fact]
    public void A_group_is_refused_only_when_no_member_may_be_signalled() => Run(async nodes =>
    {
        var (alice, bob) = (await nodes.Begin(), await nodes.Begin(ProcessNodes.Bob));
        var child = await alice.Fork();
        Assert.Equal(Errno.EPERM, await bob.KillGroup(alice.Pid, 15));
        Assert.Equal(Errno.None, await bob.KillGroup(bob.Pid, 0));
        await alice.Disposition(15, 1);
        Assert.Equal(Errno.None, await alice.KillGroup(alice.Pid, 15));
        Assert.Equal(15, (await alice.WaitOf(child)).Value.Status);
    });

    [Fact]
    public void Signalling_all_spares_oneself_and_other_users() => Run(async nodes =>
    {
        var (alice, bob) = (await nodes.Begin(), await nodes.Begin(ProcessNodes.Bob));
        var child = await alice.Fork();
        Assert.Equal(2, (await alice.TableOf(alice.Pid).KillAll(15)).Value);
        Assert.Equal(15, (await alice.WaitOf(child)).Value.Status);
        Assert.Equal((byte)'S', (await bob.Info()).State);
        Assert.Equal(Errno.EINVAL, (await alice.TableOf(alice.Pid).KillAll(65)).Errno);
    });

    [Fact]
    public void The_list_is_in_order_and_without_process_1() => Run(async nodes =>
    {
        var first = await nodes.Begin();
        var pids = new List<int> { first.Pid };
        for (var count = 0; count < 299; count++) pids.Add((await first.Fork()).Pid);
        var page = (await first.TableOf(first.Pid).List(0)).Value;
        Assert.Equal(pids.Take(256), page.Select(info => info.Pid));
        var rest = (await first.TableOf(first.Pid).List(page[^1].Pid)).Value;
        Assert.Equal(pids.Skip(256), rest.Select(info => info.Pid));
    });

    private static void Run(Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes();
        nodes.Run(() => scenario(nodes));
    }
}
