using K42.Contracts;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class GroupSpec
{
    [Fact]
    public void A_child_is_in_its_parents_group_and_session() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var info = await (await parent.Fork()).Info();
        Assert.Equal((parent.Pid, parent.Pid, parent.Pid), (info.Parent, info.Group, info.Session));
    });

    [Fact]
    public void setpgid_keeps_its_rules() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        var grandchild = await child.Fork();
        Assert.Equal(Errno.EINVAL, await parent.SetGroup(0, -1));
        Assert.Equal(Errno.EINVAL, await parent.SetGroup(4_000_000, -1));
        Assert.Equal(Errno.EINVAL, await parent.SetGroup(-5, 0));
        Assert.Equal(Errno.ESRCH, await parent.SetGroup(4_000_000, 0));
        Assert.Equal(Errno.ESRCH, await parent.SetGroup(1, 0));
        Assert.Equal(Errno.ESRCH, await parent.SetGroup(grandchild.Pid, 0));
        Assert.Equal(Errno.EPERM, await parent.SetGroup(0, 0));
        Assert.Equal(Errno.EPERM, await child.SetGroup(0, 4_000_000));
        Assert.Equal(Errno.EPERM, await child.SetGroup(0, grandchild.Pid));
        Assert.Equal(Errno.None, await child.SetGroup(grandchild.Pid, 0));
        Assert.Equal(Errno.None, await child.SetGroup(0, grandchild.Pid));
        Assert.Equal(grandchild.Pid, (await child.Info()).Group);
    });

    [Fact]
    public void A_zombie_can_be_moved_by_its_parent() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Exit();
        Assert.Equal(Errno.None, await parent.SetGroup(child.Pid, child.Pid));
        Assert.Equal(child.Pid, (await parent.Lookup(child.Pid)).Value.Group);
    });

    [Fact]
    public void A_group_of_another_session_is_out_of_reach() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var (child, leader) = (await parent.Fork(), await parent.Fork());
        Assert.Equal(leader.Pid, (await leader.Self.SetSession()).Value);
        Assert.Equal(Errno.EPERM, await child.SetGroup(0, leader.Pid));
        Assert.Equal(Errno.EPERM, await parent.SetGroup(leader.Pid, parent.Pid));
    });

    [Fact]
    public void setsid_is_refused_to_leaders_and_while_a_group_has_the_number() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        Assert.Equal(Errno.EPERM, (await parent.Self.SetSession()).Errno);
        var child = await parent.Fork();
        Assert.Equal(Errno.None, await child.SetGroup(0, 0));
        Assert.Equal(Errno.EPERM, (await child.Self.SetSession()).Errno);
        var (member, other) = (await child.Fork(), await child.Fork());
        Assert.Equal(Errno.None, await other.SetGroup(0, 0));
        Assert.Equal(Errno.None, await child.SetGroup(0, other.Pid));
        Assert.Equal(Errno.EPERM, (await child.Self.SetSession()).Errno);
        Assert.Equal(Errno.None, await member.SetGroup(0, other.Pid));
        Assert.Equal(child.Pid, (await child.Self.SetSession()).Value);
        Assert.Equal(Errno.EPERM, (await child.Self.SetSession()).Errno);
    });

    [Fact]
    public void A_group_outlives_its_leader() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var leader = await parent.Fork();
        await leader.SetGroup(0, 0);
        var member = await leader.Fork();
        await leader.Exit();
        await parent.Wait();
        Assert.Equal(leader.Pid, (await member.Info()).Group);
        Assert.Equal(Errno.None, await parent.KillGroup(leader.Pid, 9));
        Assert.Equal(Errno.ESRCH, (await parent.Lookup(member.Pid)).Errno);
        Assert.Equal(Errno.ESRCH, await parent.KillGroup(leader.Pid, 9));
    });

    private static void Run(Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes();
        nodes.Run(() => scenario(nodes));
    }
}
