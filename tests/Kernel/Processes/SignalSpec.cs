using K42.Contracts;
using K42.Contracts.Kernel;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class SignalSpec
{
    private const int Usr1 = 10;
    private const int Usr2 = 12;
    private const int Term = 15;
    private const int Kill = 9;
    private const int Stop = 19;
    private const int Cont = 18;
    private const int Window = 28;
    private const int RealTime = 40;

    [Fact]
    public void The_default_action_ends_the_process_with_the_signals_number() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        foreach (var signal in new[] { 1, 2, 3, 6, 11, Usr1, 13, 14, Term, 31, RealTime, 64 })
        {
            var child = await parent.Fork();
            Assert.Equal(Errno.None, await parent.Kill(child.Pid, signal));
            Assert.Equal(new WaitResult(child.Pid, signal, 1_000, 2), (await parent.WaitOf(child)).Value);
        }
    });

    [Fact]
    public void Ignored_and_harmless_signals_change_nothing() => Run(async nodes =>
    {
        var program = await nodes.Begin();
        await program.Disposition(Term, 1);
        var stamp = (await program.Self.NextSignals(0)).Value.Stamp;
        var waiting = program.Self.NextSignals(stamp);
        foreach (var signal in new[] { Term, Window, 17, 23, Cont, 0 })
            Assert.Equal(Errno.None, await program.Kill(program.Pid, signal));
        Assert.False(waiting.IsCompleted);
        await program.Kill(program.Pid, Kill);
        Assert.True((await waiting).Value.Ended);
    });

    [Fact]
    public void A_handled_signal_wakes_the_library_with_its_sender() => Run(async nodes =>
    {
        var (program, sender) = (await nodes.Begin(), await nodes.Begin());
        await program.Disposition(Usr1, 2);
        var stamp = (await program.Self.NextSignals(0)).Value.Stamp;
        var waiting = program.Self.NextSignals(stamp);
        await sender.Kill(program.Pid, Usr1);
        var state = (await waiting).Value;
        Assert.Equal(new SignalInfo(Usr1, sender.Pid, 1_000, 0, 0, false), Assert.Single(state.Signals));
        Assert.True(state.Stamp > stamp);
        Assert.Empty((await program.Self.NextSignals(0)).Value.Signals);
    });

    [Fact]
    public void A_cancelled_upcall_takes_no_signal() => Run(async nodes =>
    {
        var program = await nodes.Begin();
        await program.Disposition(Usr1, 2);
        using var cancel = new CancellationTokenSource();
        var stamp = (await program.Self.NextSignals(0)).Value.Stamp;
        var waiting = program.Self.NextSignals(stamp, cancel.Token);
        cancel.Cancel();
        Assert.Equal(Errno.EINTR, (await waiting).Errno);
        await program.Kill(program.Pid, Usr1);
        Assert.Equal(Usr1, Assert.Single(await program.TakeSignals()));
    });

    [Fact]
    public void Standard_signals_coalesce_and_real_time_signals_queue() => Run(async nodes =>
    {
        var program = await nodes.Begin();
        await program.Disposition(Usr1, 2);
        await program.Disposition(RealTime, 2);
        await program.Disposition(Usr2, 2);
        await program.Self.SetSignalMask(ulong.MaxValue);
        foreach (var signal in new[] { RealTime, Usr2, RealTime, Usr1, Usr1, RealTime })
            await program.Kill(program.Pid, signal);
        Assert.Empty(await program.TakeSignals());
        var pending = (await program.Self.SetSignalMask(ulong.MaxValue)).Value;
        Assert.Equal((1UL << (Usr1 - 1)) | (1UL << (Usr2 - 1)) | (1UL << (RealTime - 1)), pending);
        await program.Self.SetSignalMask(0);
        var taken = await program.TakeSignals();
        Assert.Equal([Usr1, Usr2, RealTime, RealTime, RealTime], taken.ToArray());
    });

    [Fact]
    public void A_full_queue_keeps_one_of_each_number()
    {
        var settings = new K42.Kernel.Processes.ProcessSettings { QueuedSignalsMax = 3 };
        using var nodes = new ProcessNodes(settings: settings);
        nodes.Run(async () =>
        {
            var program = await nodes.Begin();
            await program.Disposition(RealTime, 2);
            await program.Disposition(RealTime + 1, 2);
            await program.Self.SetSignalMask(ulong.MaxValue);
            for (var count = 0; count < 5; count++) await program.Kill(program.Pid, RealTime);
            await program.Kill(program.Pid, RealTime + 1);
            await program.Self.SetSignalMask(0);
            var taken = await program.TakeSignals();
            Assert.Equal([RealTime, RealTime, RealTime, RealTime + 1], taken.ToArray());
        });
    }

    [Fact]
    public void A_pending_signal_acts_when_its_disposition_becomes_the_default() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Disposition(Term, 2);
        await parent.Kill(child.Pid, Term);
        // As a library does that runs an SA_RESETHAND handler for an earlier signal.
        await child.Disposition(Term, 0);
        Assert.Equal(Term, (await parent.Wait(Program.Exited | Program.NoHang)).Value.Status);
    });

    [Fact]
    public void A_blocked_signal_acts_when_it_is_unblocked() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Self.SetSignalMask(ulong.MaxValue);
        await parent.Kill(child.Pid, Term);
        Assert.Equal(1UL << (Term - 1), (await child.Self.SetSignalMask(ulong.MaxValue)).Value);
        await child.Self.SetSignalMask(0);
        Assert.Equal(Term, (await parent.Wait()).Value.Status);
    });

    [Fact]
    public void SIGKILL_and_SIGSTOP_are_not_blocked_ignored_or_handled() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Self.SetSignalMask(ulong.MaxValue);
        (int, int)[] refused = [(Kill, 1), (Stop, 2), (0, 1), (65, 1), (-1, 0), (Usr1, 3)];
        foreach (var (signal, disposition) in refused)
            Assert.Equal(Errno.EINVAL, (await child.Self.SetDisposition(signal, disposition, 0)).Errno);
        await parent.Kill(child.Pid, Stop);
        Assert.Equal(child.Pid, (await parent.Wait(Program.Stopped)).Value.Pid);
        await parent.Kill(child.Pid, Kill);
        Assert.Equal(Kill, (await parent.Wait()).Value.Status);
    });

    [Fact]
    public void Ignoring_a_signal_forgets_a_pending_one_but_a_blocked_one_queues_again() => Run(async nodes =>
    {
        var program = await nodes.Begin();
        await program.Self.SetSignalMask(ulong.MaxValue);
        await program.Kill(program.Pid, Usr1);
        await program.Disposition(Usr1, 1);
        Assert.Equal(0UL, (await program.Self.SetSignalMask(ulong.MaxValue)).Value);
        await program.Kill(program.Pid, Usr1);
        Assert.Equal(1UL << (Usr1 - 1), (await program.Self.SetSignalMask(ulong.MaxValue)).Value);
        await program.Self.SetSignalMask(0);
        Assert.Equal((byte)'S', (await program.Info()).State);
    });

    [Fact]
    public void SIGCONT_continues_even_when_blocked_and_forgets_pending_stops() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Disposition(Cont, 1);
        await child.Self.SetSignalMask(ulong.MaxValue);
        await parent.Kill(child.Pid, Stop);
        await parent.Kill(child.Pid, 20);
        await parent.Kill(child.Pid, Cont);
        Assert.Equal(child.Pid, (await parent.Wait(Program.Continued)).Value.Pid);
        await child.Self.SetSignalMask(0);
        Assert.Equal(0, (await parent.Wait(Program.Stopped | Program.NoHang)).Value.Pid);
    });

    [Fact]
    public void A_stopped_process_handles_signals_only_once_continued() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Disposition(Usr1, 2);
        await parent.Kill(child.Pid, Stop);
        await parent.Kill(child.Pid, Usr1);
        var stopped = (await child.Self.NextSignals(0)).Value;
        Assert.True(stopped.Stopped);
        Assert.Empty(stopped.Signals);
        var waiting = child.Self.NextSignals(stopped.Stamp);
        await parent.Kill(child.Pid, Cont);
        var running = (await waiting).Value;
        Assert.False(running.Stopped);
        var given = running.Signals.Length > 0 ? running : (await child.Self.NextSignals(0)).Value;
        Assert.Equal(Usr1, Assert.Single(given.Signals).Number);
    });

    [Fact]
    public void A_child_inherits_dispositions_and_mask_but_nothing_pending() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        await parent.Disposition(Usr1, 2);
        await parent.Disposition(Term, 1);
        await parent.Self.SetSignalMask(1UL << (Usr2 - 1));
        await parent.Kill(parent.Pid, Usr2);
        var child = await parent.Fork();
        Assert.Equal(0UL, (await child.Self.SetSignalMask(1UL << (Usr2 - 1))).Value);
        await parent.Kill(child.Pid, Term);
        await parent.Kill(child.Pid, Usr1);
        Assert.Equal(Usr1, Assert.Single(await child.TakeSignals()));
    });

    [Fact]
    public void An_alarm_rings_once_and_tells_what_was_left() => Run(async nodes =>
    {
        var program = await nodes.Begin();
        await program.Disposition(14, 2);
        Assert.Equal(0u, (await program.Self.Alarm(10)).Value);
        await nodes.Elapse(0.3);
        Assert.Equal(10u, (await program.Self.Alarm(5)).Value);
        await nodes.Elapse(0.7);
        Assert.Equal(4u, (await program.Self.Alarm(0)).Value);
        await nodes.Elapse(20);
        Assert.Empty(await program.TakeSignals());
        await program.Self.Alarm(1);
        await nodes.Elapse(1.1);
        Assert.Equal(14, Assert.Single(await program.TakeSignals()));
        Assert.Equal(0u, (await program.Self.Alarm(0)).Value);
    });

    [Fact]
    public void An_alarm_ends_a_process_that_does_not_handle_it() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var child = await parent.Fork();
        await child.Self.Alarm(2);
        var waiting = parent.Wait();
        await nodes.Elapse(3);
        Assert.Equal(14, (await waiting).Value.Status);
    });

    private static void Run(Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes();
        nodes.Run(() => scenario(nodes));
    }
}
