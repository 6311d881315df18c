using K42.Contracts;
using K42.Contracts.Kernel;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class HostSpec
{
    [Fact]
    public void A_new_process_leads_its_group_and_session_under_process_1() => Run(async nodes =>
    {
        var begun = await nodes.Begin();
        var info = await begun.Info();
        Assert.Equal((1, begun.Pid, begun.Pid), (info.Parent, info.Group, info.Session));
        Assert.Equal(("alice", 1_000u, "program"), (info.User, info.Uid, info.Name));
        await begun.Self.SetName("fifteen-bytes-and-ä");
        Assert.Equal("fifteen-bytes-a", (await begun.Info()).Name);
        await begun.Self.SetName("fourteen-bytesä");
        Assert.Equal("fourteen-bytes", (await begun.Info()).Name);
    });

    [Fact]
    public void A_fork_is_attached_once_by_who_forked_it() => Run(async nodes =>
    {
        var host = nodes.Host(nodes.One);
        var (parent, other) = (await nodes.Begin(), await nodes.Begin());
        var forked = (await parent.Self.Fork()).Value;
        Assert.Equal(Errno.ESRCH, (await host.Attach(other.Hosted, forked)).Errno);
        var guessed = new ForkResult(forked.Pid, default);
        Assert.Equal(Errno.ESRCH, (await host.Attach(parent.Hosted, guessed)).Errno);
        Assert.Equal(forked.Pid, (await host.Attach(parent.Hosted, forked)).Value.Pid);
        Assert.Equal(Errno.ESRCH, (await host.Attach(parent.Hosted, forked)).Errno);
        var orphan = (await parent.Self.Fork()).Value;
        await parent.Exit();
        Assert.Equal(orphan.Pid, (await host.Attach(parent.Hosted, orphan)).Value.Pid);
    });

    [Fact]
    public void An_abandoned_process_is_hung_up_or_killed() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var (one, two) = (await parent.Fork(), await parent.Fork());
        await two.Disposition(1, 1);
        nodes.Host(nodes.One).Abandon(one.Hosted);
        nodes.Host(nodes.One).Abandon(two.Hosted);
        Assert.Equal(1, (await parent.WaitOf(one)).Value.Status);
        Assert.Equal(9, (await parent.WaitOf(two)).Value.Status);
        nodes.Host(nodes.One).Abandon(one.Hosted);
    });

    [Fact]
    public void The_handles_of_an_ended_process_are_dropped() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var before = nodes.One.Ipc.HandleCount;
        for (var count = 0; count < 50; count++)
        {
            var child = await parent.Fork();
            await child.Exit();
            await parent.Wait();
        }
        Assert.Equal(before, nodes.One.Ipc.HandleCount);
    });

    private static void Run(Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes();
        nodes.Run(() => scenario(nodes));
    }
}
