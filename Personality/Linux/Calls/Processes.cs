using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Personality.Linux.Calls;

/// <summary>fork(2), exit(2), wait4(2)'s relatives by number: getpid(2), setpgid(2), getsid(2).</summary>
internal static class Processes
{
    private const ulong ExitSignalMask = 0xFF, VforkFlags = 0x4100;

    /// <summary>fork(2).</summary>
    public static ValueTask<SysResult> Fork(LinuxTask task, SyscallArgs args) => task.Fork();

    /// <summary>clone(2), as far as it is fork(2) or vfork(2).</summary>
    public static ValueTask<SysResult> Clone(LinuxTask task, SyscallArgs args)
    {
        var flags = args.Address(0);
        var isFork = (flags & ~ExitSignalMask & ~VforkFlags) == 0
            && (flags & ExitSignalMask) == Abi.Signal.SIGCHLD && args.Address(1) == 0;
        return isFork ? task.Fork() : new(Errno.EINVAL);
    }

    /// <summary>exit(2) and exit_group(2): a task has one thread.</summary>
    public static async ValueTask<SysResult> Exit(LinuxTask task, SyscallArgs args) =>
        (await task.Exit(args.Int(0))).Done();

    /// <summary>getpid(2).</summary>
    public static ValueTask<SysResult> Getpid(LinuxTask task, SyscallArgs args) => new(task.Pid);

    /// <summary>getppid(2).</summary>
    public static async ValueTask<SysResult> Getppid(LinuxTask task, SyscallArgs args)
    {
        var info = await Info(task, 0);
        return info.Failed ? info.Errno : info.Value.Parent;
    }

    /// <summary>getpgid(2).</summary>
    public static async ValueTask<SysResult> Getpgid(LinuxTask task, SyscallArgs args)
    {
        var info = await Info(task, args.Int(0));
        return info.Failed ? info.Errno : info.Value.Group;
    }

    /// <summary>getpgrp(2).</summary>
    public static ValueTask<SysResult> Getpgrp(LinuxTask task, SyscallArgs args) =>
        Getpgid(task, new SyscallArgs(args.Memory));

    /// <summary>getsid(2).</summary>
    public static async ValueTask<SysResult> Getsid(LinuxTask task, SyscallArgs args)
    {
        var info = await Info(task, args.Int(0));
        return info.Failed ? info.Errno : info.Value.Session;
    }

    /// <summary>setpgid(2).</summary>
    public static async ValueTask<SysResult> Setpgid(LinuxTask task, SyscallArgs args)
    {
        var pid = args.Int(0) == 0 ? task.Pid : args.Int(0);
        var group = args.Int(1) == 0 ? pid : args.Int(1);
        if (group < 0) return Errno.EINVAL;
        if (pid < 0) return Errno.ESRCH;
        return (await task.Patient(
            (task.Process, pid, group),
            static ask => ask.Process.SetGroup(ask.pid, ask.group))).Done();
    }

    /// <summary>setsid(2).</summary>
    public static async ValueTask<SysResult> Setsid(LinuxTask task, SyscallArgs args)
    {
        var session = await task.Patient(task.Process, static process => process.SetSession());
        return session.Failed ? session.Errno : session.Value;
    }

    private static async ValueTask<Outcome<ProcessInfo>> Info(LinuxTask task, int pid)
    {
        if (pid < 0) return Errno.ESRCH;
        if (pid == 0 || pid == task.Pid)
        {
            return await task.Patient(task.Process, static process => process.Info());
        }
        return await task.Patient(
            (Table: task.ProcessesOf(pid), pid), static ask => ask.Table.Lookup(ask.pid));
    }
}
