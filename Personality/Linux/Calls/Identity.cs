using System.Runtime.InteropServices;

using K42.Contracts;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>getuid(2), getgroups(2) and their kin. Real, effective and saved ids are one.</summary>
internal static class Identity
{
    /// <summary>getuid(2), geteuid(2).</summary>
    public static ValueTask<SysResult> Getuid(LinuxTask task, SyscallArgs args) =>
        new((long)task.Principal.Uid);

    /// <summary>getgid(2), getegid(2).</summary>
    public static ValueTask<SysResult> Getgid(LinuxTask task, SyscallArgs args) =>
        new((long)task.Principal.Gid);

    /// <summary>getresuid(2).</summary>
    public static ValueTask<SysResult> Getresuid(LinuxTask task, SyscallArgs args) =>
        Three(args, task.Principal.Uid);

    /// <summary>getresgid(2).</summary>
    public static ValueTask<SysResult> Getresgid(LinuxTask task, SyscallArgs args) =>
        Three(args, task.Principal.Gid);

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

    private static ValueTask<SysResult> Three(SyscallArgs args, uint id)
    {
        for (var i = 0; i < 3; i++)
        {
            if (!args.Memory.TryWriteInt32(args.Address(i), (int)id)) return new(Errno.EFAULT);
        }
        return new(0);
    }
}
