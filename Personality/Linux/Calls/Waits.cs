using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>wait4(2), waitid(2).</summary>
internal static class Waits
{
    private const int NoHang = 1, Stopped = 2, Exited = 4, Continued = 8, NoWait = 0x0100_0000;
    private const int NoThread = 0x2000_0000, All = 0x4000_0000, Clone = unchecked((int)0x8000_0000);
    private const int AboutThreads = NoThread | All | Clone;

    /// <summary>wait4(2).</summary>
    public static async ValueTask<SysResult> Wait4(LinuxTask task, SyscallArgs args)
    {
        var (id, options) = (args.Int(0), args.Int(2));
        if ((options & ~(NoHang | Stopped | Continued | AboutThreads)) != 0) return Errno.EINVAL;
        if (id == int.MinValue) return Errno.ESRCH;
        var (which, number) = id switch
        {
            > 0 => (WaitFor.Process, id),
            0 => (WaitFor.Group, 0),
            -1 => (WaitFor.Any, 0),
            _ => (WaitFor.Group, -id),
        };
        var wait = await Wait(task, args, which, number, (options & ~AboutThreads) | Exited);
        if (wait.Failed) return wait.Errno;
        if (wait.Value.Pid == 0) return 0;
        if (!GiveUsage(args, 3, wait.Value)) return Errno.EFAULT;
        var written = args.Address(1) == 0 || args.Memory.TryWriteInt32(args.Address(1), wait.Value.Status);
        return written ? wait.Value.Pid : Errno.EFAULT;
    }

    /// <summary>waitid(2).</summary>
    public static async ValueTask<SysResult> Waitid(LinuxTask task, SyscallArgs args)
    {
        const int all = 0, process = 1, group = 2, pidfd = 3;
        var (kind, id, options) = (args.Int(0), args.Int(1), args.Int(3));
        const int known = NoHang | NoWait | Exited | Stopped | Continued | AboutThreads;
        if ((options & ~known) != 0) return Errno.EINVAL;
        if ((options & (Exited | Stopped | Continued)) == 0) return Errno.EINVAL;
        WaitFor which;
        switch (kind)
        {
            case all:
                (which, id) = (WaitFor.Any, 0);
                break;
            case process when id > 0:
                which = WaitFor.Process;
                break;
            case group when id >= 0:
                which = WaitFor.Group;
                break;
            case pidfd:
                return id < 0 ? Errno.EINVAL : Errno.EBADF;
            default:
                return Errno.EINVAL;
        }
        var wait = await Wait(task, args, which, id, options & ~AboutThreads);
        if (wait.Failed) return wait.Errno;
        if (wait.Value.Pid != 0 && !GiveUsage(args, 4, wait.Value)) return Errno.EFAULT;
        return Give(args, wait.Value);
    }

    private static bool GiveUsage(SyscallArgs args, int index, in WaitResult wait)
    {
        if (args.Address(index) == 0) return true;
        var bytes = new byte[Layout.RusageBytes];
        Layout.Rusage(bytes, wait.ProcessorNs);
        return args.Memory.TryWrite(args.Address(index), bytes.AsSpan());
    }

    private static SysResult Give(SyscallArgs args, in WaitResult wait)
    {
        if (args.Address(2) == 0) return 0;
        var bytes = new byte[Layout.SiginfoBytes];
        Layout.ChildSiginfo(bytes, wait);
        return args.Memory.TryWrite(args.Address(2), bytes.AsMemory()) ? 0 : Errno.EFAULT;
    }

    private static ValueTask<Outcome<WaitResult>> Wait(
        LinuxTask task, SyscallArgs args, WaitFor which, int id, int options) => task.Patient(
        (task.Process, which, id, options, args.Interrupted),
        static ask => ask.Process.Wait(ask.which, ask.id, ask.options, ask.Interrupted));
}
