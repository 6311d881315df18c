using K42.Contracts;

namespace K42.Personality.Linux;

public sealed partial class LinuxTask
{
    /// <summary>Runs one system call.</summary>
    /// <param name="number">Linux's x86-64 number; ENOSYS for those that there are not.</param>
    /// <param name="args">Registers and memory. The memory must stay as it is until the call is
    /// answered.</param>
    /// <returns>The register's value. ESRCH once the process has ended.</returns>
    public ValueTask<SysResult> Call(int number, SyscallArgs args)
    {
        if (HasEnded) return new(Errno.ESRCH);
        if (_stopped) return CallWhenContinued(number, args);
        var row = SyscallTable.Find(number);
        if (row is null) return new(Errno.ENOSYS);
        if (row.Handler is null) return new(row.Errno);
        if (args.GivenUp.CanBeCanceled) return CallUntilGivenUp(row, args);
        var interruption = Interruption;
        var answer = Run(row.Handler, args with { Interrupted = interruption.Token });
        if (!row.Restarts) return answer;
        if (!answer.IsCompletedSuccessfully) return Restart(row.Handler, answer, interruption, args);
        var result = answer.Result;
        if (result.Errno != Errno.EINTR) return new(result);
        return Restart(row.Handler, new(result), interruption, args);
    }

    /// <summary>The same, by the call's name.</summary>
    public ValueTask<SysResult> Call(string name, SyscallArgs args) =>
        SyscallTable.Find(name) is { } row ? Call(row.Number, args) : new(Errno.ENOSYS);

    /// <summary>Ends the process as exit(2) with 0 does, because its program has gone; also when it is
    /// stopped, as nobody would continue it.</summary>
    public async ValueTask Leave() => await Exit(0);

    /// <summary>exit(2).</summary>
    internal async ValueTask<Outcome<Nothing>> Exit(int status)
    {
        const int statusMask = 0xFF, statusShift = 8;
        status &= statusMask;
        foreach (var file in Files.TakeAll()) await Close(file, 0);
        var ended = await Patient((Process, status), static ask => ask.Process.Exit(ask.status));
        End(status << statusShift);
        return ended;
    }

    private ValueTask<SysResult> Run(SyscallHandler handler, SyscallArgs args)
    {
        var clock = Context.Ipc.Clock;
        var begun = clock.MonotonicNs;
        var answer = handler(this, args);
        Context.Worked(clock.MonotonicNs - begun);
        return answer;
    }

    // Between a stop signal and SIGCONT nothing of the process runs.
    private async ValueTask<SysResult> CallWhenContinued(int number, SyscallArgs args)
    {
        using var givenUp = args.GivenUp.UnsafeRegister(
            static task => ((LinuxTask)task!)._taken.Open(), this);
        while (true)
        {
            var taken = _taken.Next;
            if (args.GivenUp.IsCancellationRequested) return Errno.EINTR;
            if (!_stopped || HasEnded) return await Call(number, args);
            await taken;
        }
    }

    // A call that was given up does not start again, whatever signals come.
    private async ValueTask<SysResult> CallUntilGivenUp(SyscallRow row, SyscallArgs args)
    {
        while (true)
        {
            var interruption = Interruption;
            using var either =
                CancellationTokenSource.CreateLinkedTokenSource(interruption.Token, args.GivenUp);
            var result = await Run(row.Handler!, args with { Interrupted = either.Token });
            var mayRestart = row.Restarts && !args.GivenUp.IsCancellationRequested;
            if (result.Errno != Errno.EINTR || !mayRestart) return result;
            if (!interruption.Fired || !interruption.Restart) return result;
        }
    }

    // What was moved before a signal is a result, not EINTR; so a call that answers EINTR has done nothing.
    private async ValueTask<SysResult> Restart(
        SyscallHandler handler, ValueTask<SysResult> answer, Interruption interruption, SyscallArgs args)
    {
        while (true)
        {
            var result = await answer;
            if (result.Errno != Errno.EINTR || !interruption.Fired || !interruption.Restart) return result;
            interruption = Interruption;
            answer = Run(handler, args with { Interrupted = interruption.Token });
        }
    }
}
