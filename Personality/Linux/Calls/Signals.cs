using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>kill(2), sigaction(2), sigprocmask(2), pause(2), alarm(2).</summary>
internal static class Signals
{
    /// <summary>kill(2).</summary>
    public static async ValueTask<SysResult> Kill(LinuxTask task, SyscallArgs args)
    {
        var (target, signal) = (args.Int(0), args.Int(1));
        if (target == int.MinValue) return Errno.ESRCH;
        var sent = target switch
        {
            > 0 => (await ToProcess(task, target, signal)).Done(),
            -1 => await ToAll(task, signal),
            _ => await ToGroup(task, -target, signal),
        };
        // Whether it hit the caller too only the kernel knows for groups; asking is cheap against guessing.
        var mayHitSelf = signal != 0 && (target <= 0 || target == task.Pid);
        if (!sent.Failed && mayHitSelf) await task.SignalsTaken();
        return sent;
    }

    /// <summary>rt_sigaction(2).</summary>
    public static async ValueTask<SysResult> RtSigaction(LinuxTask task, SyscallArgs args)
    {
        var (signal, action, before) = (args.Int(0), args.Address(1), args.Address(2));
        if (args.Address(3) != Signal.SetBytes) return Errno.EINVAL;
        ReadOnlyMemory<byte> bytes = default;
        if (action != 0 && !args.Memory.TryRead(action, SignalAction.Bytes, out bytes)) return Errno.EFAULT;
        if (signal is < 1 or > Signal.NumberMax) return Errno.EINVAL;
        if (action != 0 && signal is (Signal.SIGKILL or Signal.SIGSTOP)) return Errno.EINVAL;
        var old = task.ActionOf(signal);
        if (action != 0)
        {
            var wanted = Layout.SignalAction(bytes.Span);
            var errno = await task.SetAction(
                signal,
                wanted with
                {
                    Mask = wanted.Mask & ~Signal.Unblockable,
                    Flags = wanted.Flags & Signal.KnownFlags,
                });
            if (errno != Errno.None) return errno;
        }
        if (before == 0) return 0;
        var given = new byte[SignalAction.Bytes];
        Layout.SignalAction(given, old);
        return args.Memory.TryWrite(before, given.AsMemory()) ? 0 : Errno.EFAULT;
    }

    /// <summary>rt_sigprocmask(2).</summary>
    public static async ValueTask<SysResult> RtSigprocmask(LinuxTask task, SyscallArgs args)
    {
        if (args.Address(3) != Signal.SetBytes) return Errno.EINVAL;
        var old = task.SignalMask;
        if (args.Address(1) != 0)
        {
            if (!args.Memory.TryReadInt64(args.Address(1), out var raw)) return Errno.EFAULT;
            var set = (ulong)raw & ~Signal.Unblockable;
            ulong mask;
            switch (args.Int(0))
            {
                case Signal.SIG_BLOCK:
                    mask = old | set;
                    break;
                case Signal.SIG_UNBLOCK:
                    mask = old & ~set;
                    break;
                case Signal.SIG_SETMASK:
                    mask = set;
                    break;
                default:
                    return Errno.EINVAL;
            }
            var errno = await task.SetMask(mask);
            if (errno != Errno.None) return errno;
        }
        if (args.Address(2) == 0) return 0;
        return args.Memory.TryWriteInt64(args.Address(2), (long)old) ? 0 : Errno.EFAULT;
    }

    /// <summary>rt_sigpending(2).</summary>
    public static async ValueTask<SysResult> RtSigpending(LinuxTask task, SyscallArgs args)
    {
        if (args.Address(1) > Signal.SetBytes) return Errno.EINVAL;
        var pending = await task.Pending();
        if (pending.Failed) return pending.Errno;
        var bytes = BitConverter.GetBytes(pending.Value & task.SignalMask).AsMemory(0, (int)args.Address(1));
        return args.Memory.TryWrite(args.Address(0), bytes) ? 0 : Errno.EFAULT;
    }

    /// <summary>rt_sigsuspend(2).</summary>
    public static async ValueTask<SysResult> RtSigsuspend(LinuxTask task, SyscallArgs args)
    {
        if (args.Address(1) != Signal.SetBytes) return Errno.EINVAL;
        if (!args.Memory.TryReadInt64(args.Address(0), out var mask)) return Errno.EFAULT;
        var old = task.SignalMask;
        var errno = await task.SetMask((ulong)mask);
        if (errno != Errno.None) return errno;
        await Waiting.Forever(task.Context.Ipc, args.Interrupted);
        await task.SetMask(old);
        return Errno.EINTR;
    }

    /// <summary>pause(2).</summary>
    public static async ValueTask<SysResult> Pause(LinuxTask task, SyscallArgs args)
    {
        await Waiting.Forever(task.Context.Ipc, args.Interrupted);
        return Errno.EINTR;
    }

    /// <summary>alarm(2).</summary>
    public static async ValueTask<SysResult> Alarm(LinuxTask task, SyscallArgs args)
    {
        var left = await task.Patient(
            (task.Process, Seconds: args.UInt(0)),
            static ask => ask.Process.Alarm(ask.Seconds));
        return left.Failed ? left.Errno : left.Value;
    }

    private static ValueTask<Outcome<Nothing>> ToProcess(LinuxTask task, int pid, int signal) => task.Patient(
        (Table: task.ProcessesOf(pid), pid, signal), static ask => ask.Table.Kill(ask.pid, ask.signal));

    private static async ValueTask<SysResult> ToGroup(LinuxTask task, int group, int signal)
    {
        if (group == 0)
        {
            var own = await task.Patient(task.Process, static process => process.Info());
            if (own.Failed) return own.Errno;
            group = own.Value.Group;
        }
        return (await task.Patient(
            (Table: task.ProcessesOf(group), group, signal),
            static ask => ask.Table.KillGroup(ask.group, ask.signal))).Done();
    }

    private static async ValueTask<SysResult> ToAll(LinuxTask task, int signal)
    {
        var (count, errno) = (0, Errno.None);
        foreach (var member in task.System.Host.Membership.Members)
        {
            var sent = await task.Patient(
                (Table: ProcessTableClient.On(task.Context, member.Node), signal),
                static ask => ask.Table.KillAll(ask.signal));
            if (sent.Failed) errno = sent.Errno;
            else count += sent.Value;
        }
        if (count > 0) return 0;
        return errno == Errno.EINVAL ? errno : Errno.ESRCH;
    }
}
