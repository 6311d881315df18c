using K42.Contracts;
using K42.Contracts.Kernel;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class WaitSpec
{
    private const int Sigchld = 17;
    private const int Sigstop = 19;
    private const int Sigcont = 18;
    private const int Sigkill = 9;
    private const int Sigterm = 15;

    [Fact]
    public void A_parent_gets_status_and_signal_of_a_child_that_exits() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 2);
        var child = await parent.Fork();
        var waiting = parent.Wait();
        await child.Exit(7);
        Assert.Equal(new WaitResult(child.Pid, 7 << 8, 1_000, 1), (await waiting).Value);
        var signal = Assert.Single((await parent.Self.NextSignals(0)).Value.Signals);
        Assert.Equal(new SignalInfo(Sigchld, child.Pid, 1_000, 1, 7, false), signal);
        Assert.Equal(Errno.ESRCH, (await parent.Lookup(child.Pid)).Errno);
        Assert.Equal(Errno.ECHILD, (await parent.Wait()).Errno);
    });

    [Fact]
    public void Zombies_are_reaped_oldest_child_first() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        Program[] children = [await parent.Fork(), await parent.Fork(), await parent.Fork()];
        await children[2].Exit();
        await children[0].Exit();
        Assert.Equal((byte)'Z', (await parent.Lookup(children[2].Pid)).Value.State);
        Assert.Equal(children[0].Pid, (await parent.Wait()).Value.Pid);
        Assert.Equal(children[2].Pid, (await parent.Wait()).Value.Pid);
        Assert.Equal(0, (await parent.Wait(Program.Exited | Program.NoHang)).Value.Pid);
    });

    [Fact]
    public void A_wait_that_may_not_reap_leaves_the_zombie() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Exit(3);
        var seen = await parent.Wait(Program.Exited | Program.NoWait);
        Assert.Equal(seen.Value, (await parent.Wait()).Value);
        Assert.Equal(Errno.ECHILD, (await parent.Wait()).Errno);
    });

    [Fact]
    public void Options_without_a_state_and_unknown_ones_are_refused() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Fork();
        Assert.Equal(Errno.EINVAL, (await parent.Wait(Program.NoHang)).Errno);
        Assert.Equal(Errno.EINVAL, (await parent.Wait(Program.Exited | 0x100)).Errno);
        Assert.Equal(Errno.EINVAL, (await parent.Self.Wait(WaitFor.Process, 0, Program.Exited)).Errno);
        Assert.Equal(Errno.EINVAL, (await parent.Self.Wait(WaitFor.Group, -1, Program.Exited)).Errno);
        Assert.Equal(Errno.ECHILD, (await parent.Wait(Program.Exited | unchecked((int)0x8000_0000))).Errno);
    });

    [Fact]
    public void A_zombie_alone_keeps_nobody_waiting_for_a_stop() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await (await parent.Fork()).Exit();
        Assert.Equal(Errno.ECHILD, (await parent.Wait(Program.Stopped)).Errno);
    });

    [Fact]
    public void An_interrupted_wait_takes_no_child() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        using var signal = new CancellationTokenSource();
        var waiting = parent.Wait(Program.Exited, signal.Token);
        signal.Cancel();
        Assert.Equal(Errno.EINTR, (await waiting).Errno);
        await child.Exit(1);
        Assert.Equal(child.Pid, (await parent.Wait()).Value.Pid);
    });

    [Fact]
    public void Who_ignores_SIGCHLD_waits_for_all_and_gets_ECHILD() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 1);
        var (first, second) = (await parent.Fork(), await parent.Fork());
        var waiting = parent.Wait();
        await first.Exit();
        Assert.Equal(Errno.ESRCH, (await parent.Lookup(first.Pid)).Errno);
        Assert.False(waiting.IsCompleted);
        await second.Exit();
        Assert.Equal(Errno.ECHILD, (await waiting).Errno);
    });

    [Fact]
    public void SA_NOCLDWAIT_reaps_and_still_signals() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 2, flags: 2);
        var child = await parent.Fork();
        var waiting = parent.Wait();
        await child.Exit(5);
        Assert.Equal(Errno.ECHILD, (await waiting).Errno);
        Assert.Equal(Sigchld, Assert.Single(await parent.TakeSignals()));
    });

    [Fact]
    public void A_zombie_from_before_SIGCHLD_was_ignored_stays() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Exit();
        await parent.Disposition(Sigchld, 1);
        Assert.Equal(child.Pid, (await parent.Wait()).Value.Pid);
    });

    [Fact]
    public void Waits_select_by_number_and_by_group() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var (one, two) = (await parent.Fork(), await parent.Fork());
        Assert.Equal(Errno.None, await parent.SetGroup(two.Pid, two.Pid));
        await one.Exit(1);
        await two.Exit(2);
        Assert.Equal(two.Pid, (await parent.Self.Wait(WaitFor.Group, two.Pid, Program.Exited)).Value.Pid);
        Assert.Equal(Errno.ECHILD, (await parent.Self.Wait(WaitFor.Group, two.Pid, Program.Exited)).Errno);
        Assert.Equal(Errno.ECHILD, (await parent.WaitOf(two)).Errno);
        Assert.Equal(one.Pid, (await parent.Self.Wait(WaitFor.Group, 0, Program.Exited)).Value.Pid);
    });

    [Fact]
    public void A_child_that_leaves_the_group_releases_who_waited_for_it() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        var waiting = parent.Self.Wait(WaitFor.Group, 0, Program.Exited);
        await parent.Wait(Program.Exited | Program.NoHang);
        Assert.Equal(Errno.None, await child.SetGroup(0, 0));
        Assert.Equal(Errno.ECHILD, (await waiting).Errno);
    });

    [Fact]
    public void Stops_and_continuations_are_told_once_each() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 2);
        var child = await parent.Fork();
        await parent.Kill(child.Pid, Sigstop);
        Assert.Equal((byte)'T', (await parent.Lookup(child.Pid)).Value.State);
        Assert.Equal(new WaitResult(child.Pid, 0x137f, 1_000, 5), (await parent.Wait(Program.Stopped)).Value);
        Assert.Equal(0, (await parent.Wait(Program.Stopped | Program.NoHang)).Value.Pid);
        await parent.Kill(child.Pid, Sigstop);
        Assert.Equal(0, (await parent.Wait(Program.Stopped | Program.NoHang)).Value.Pid);
        await parent.Kill(child.Pid, Sigcont);
        var continued = new WaitResult(child.Pid, 0xffff, 1_000, 6);
        Assert.Equal(continued, (await parent.Wait(Program.Continued)).Value);
        await parent.Kill(child.Pid, Sigcont);
        Assert.Equal(0, (await parent.Wait(Program.Continued | Program.NoHang)).Value.Pid);
        Assert.Equal(Sigchld, Assert.Single(await parent.TakeSignals()));
    });

    [Fact]
    public void A_stop_that_was_continued_is_no_stop_any_more() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await parent.Kill(child.Pid, Sigstop);
        await parent.Kill(child.Pid, Sigcont);
        Assert.Equal(0, (await parent.Wait(Program.Stopped | Program.NoHang)).Value.Pid);
        Assert.Equal(child.Pid, (await parent.Wait(Program.Continued)).Value.Pid);
    });

    [Fact]
    public void A_stopped_process_ends_only_of_SIGKILL() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var (one, two) = (await parent.Fork(), await parent.Fork());
        foreach (var child in new[] { one, two })
        {
            await parent.Kill(child.Pid, Sigstop);
            await parent.Kill(child.Pid, Sigterm);
        }
        Assert.Equal(0, (await parent.Wait(Program.Exited | Program.NoHang)).Value.Pid);
        await parent.Kill(one.Pid, Sigcont);
        Assert.Equal(Sigterm, (await parent.WaitOf(one)).Value.Status);
        await parent.Kill(two.Pid, Sigkill);
        Assert.Equal(new WaitResult(two.Pid, Sigkill, 1_000, 2), (await parent.WaitOf(two)).Value);
    });

    [Fact]
    public void SA_NOCLDSTOP_hears_of_ends_only() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Sigchld, 2, flags: 1);
        var child = await parent.Fork();
        await parent.Kill(child.Pid, Sigstop);
        Assert.Empty(await parent.TakeSignals());
        await parent.Kill(child.Pid, Sigkill);
        Assert.Equal(Sigchld, Assert.Single(await parent.TakeSignals()));
    });

    [Fact]
    public void Orphans_go_to_process_1_which_reaps_them() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var (living, zombie) = (await parent.Fork(), await parent.Fork());
        await zombie.Exit();
        await parent.Exit();
        Assert.Equal(1, (await living.Info()).Parent);
        Assert.Equal(Errno.ESRCH, (await living.Lookup(zombie.Pid)).Errno);
        Assert.Equal(Errno.ESRCH, (await living.Lookup(parent.Pid)).Errno);
        var pid = living.Pid;
        await living.Exit();
        Assert.Equal(Errno.ESRCH, (await (await nodes.Begin()).Lookup(pid)).Errno);
    });

    [Fact]
    public void An_ended_process_is_refused_and_its_parked_calls_are_answered() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Fork();
        var (waiting, signals) = (child.Wait(), child.Self.NextSignals(1));
        await child.Info();
        await parent.Kill(child.Pid, Sigkill);
        Assert.Equal(Errno.ESRCH, (await waiting).Errno);
        var state = (await signals).Value;
        Assert.True(state.Ended);
        Assert.Equal(Sigkill, state.ExitStatus);
        Assert.True((await child.Self.Info()).Errno is Errno.EPERM or Errno.EIO);
    });

    private static void Run(Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes();
        nodes.Run(() => scenario(nodes));
    }
}
