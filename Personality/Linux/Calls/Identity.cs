using System.Runtime.InteropServices;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>getuid(2), setuid(2), getgroups(2) and their kin.</summary>
/// <remarks>The kernel keeps the credentials and decides who may change them; what is read here is its record
/// of this process.</remarks>
internal static class Identity
{
    /// <summary>getuid(2).</summary>
    public static ValueTask<SysResult> Getuid(LinuxTask task, SyscallArgs args) =>
        new((long)task.Principal.UserIds.Real);

    /// <summary>geteuid(2).</summary>
    public static ValueTask<SysResult> Geteuid(LinuxTask task, SyscallArgs args) =>
        new((long)task.Principal.UserIds.Effective);

    /// <summary>getgid(2).</summary>
    public static ValueTask<SysResult> Getgid(LinuxTask task, SyscallArgs args) =>
        new((long)task.Principal.GroupIds.Real);

    /// <summary>getegid(2).</summary>
    public static ValueTask<SysResult> Getegid(LinuxTask task, SyscallArgs args) =>
        new((long)task.Principal.GroupIds.Effective);

    /// <summary>getresuid(2).</summary>
    public static ValueTask<SysResult> Getresuid(LinuxTask task, SyscallArgs args) =>
        Three(args, task.Principal.UserIds);

    /// <summary>getresgid(2).</summary>
    public static ValueTask<SysResult> Getresgid(LinuxTask task, SyscallArgs args) =>
        Three(args, task.Principal.GroupIds);

    /// <summary>setuid(2).</summary>
    public static ValueTask<SysResult> Setuid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.Id, ofGroup: false);

    /// <summary>setgid(2).</summary>
    public static ValueTask<SysResult> Setgid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.Id, ofGroup: true);

    /// <summary>setreuid(2).</summary>
    public static ValueTask<SysResult> Setreuid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.RealAndEffective, ofGroup: false);

    /// <summary>setregid(2).</summary>
    public static ValueTask<SysResult> Setregid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.RealAndEffective, ofGroup: true);

    /// <summary>setresuid(2).</summary>
    public static ValueTask<SysResult> Setresuid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.RealEffectiveAndSaved, ofGroup: false);

    /// <summary>setresgid(2).</summary>
    public static ValueTask<SysResult> Setresgid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.RealEffectiveAndSaved, ofGroup: true);

    /// <summary>setfsuid(2): gives the id before, whatever happens.</summary>
    public static ValueTask<SysResult> Setfsuid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.File, ofGroup: false);

    /// <summary>setfsgid(2): gives the id before, whatever happens.</summary>
    public static ValueTask<SysResult> Setfsgid(LinuxTask task, SyscallArgs args) =>
        Change(task, args, IdRule.File, ofGroup: true);

    /// <summary>getgroups(2).</summary>
    public static ValueTask<SysResult> Getgroups(LinuxTask task, SyscallArgs args)
    {
        var countMax = args.Int(0);
        uint[] groups = [.. task.Principal.Groups];
        if (countMax < 0) return new(Errno.EINVAL);
        if (countMax == 0) return new(groups.Length);
        if (groups.Length > countMax) return new(Errno.EINVAL);
        var written = args.Memory.TryWrite(args.Address(1), MemoryMarshal.AsBytes(groups.AsSpan()));
        return new(written ? groups.Length : Errno.EFAULT);
    }

    /// <summary>setgroups(2), of at most 64.</summary>
    public static async ValueTask<SysResult> Setgroups(LinuxTask task, SyscallArgs args)
    {
        var count = args.UInt(0);
        if (!task.Principal.IsAdministrator) return Errno.EPERM;
        if (count > Principal.GroupsMax) return Errno.EINVAL;
        var groups = new uint[count];
        var bytes = MemoryMarshal.AsBytes(groups.AsSpan());
        if (!args.Memory.TryRead(args.Address(1), bytes)) return Errno.EFAULT;
        return (await task.Patient(
            (task.Process, groups), static ask => ask.Process.SetGroups(ask.groups))).Done();
    }

    private static async ValueTask<SysResult> Change(
        LinuxTask task, SyscallArgs args, IdRule rule, bool ofGroup)
    {
        var change = new IdChange(rule, ofGroup, args.UInt(0), args.UInt(1), args.UInt(2));
        var before = await task.Patient(
            (task.Process, change), static ask => ask.Process.ChangeIds(ask.change));
        if (before.Failed) return before.Errno;
        return rule == IdRule.File ? before.Value : 0;
    }

    private static ValueTask<SysResult> Three(SyscallArgs args, in LinuxIds ids)
    {
        var written = args.Memory.TryWriteInt32(args.Address(0), (int)ids.Real)
            && args.Memory.TryWriteInt32(args.Address(1), (int)ids.Effective)
            && args.Memory.TryWriteInt32(args.Address(2), (int)ids.Saved);
        return new(written ? 0 : Errno.EFAULT);
    }
}
