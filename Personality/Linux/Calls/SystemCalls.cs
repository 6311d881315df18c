using K42.Contracts;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux.Calls;

/// <summary>uname(2), getrandom(2), sched_yield(2), sync(2).</summary>
internal static class SystemCalls
{
    /// <summary>uname(2): the node's name is the host's.</summary>
    public static ValueTask<SysResult> Uname(LinuxTask task, SyscallArgs args)
    {
        var bytes = new byte[Layout.UtsnameBytes];
        var node = task.System.Host.Membership.Self.Name;
        Layout.Utsname(bytes, "Linux", node, LinuxSystem.Release, "#1 SMP K42.Actors", "x86_64", "(none)");
        return new(args.Memory.TryWrite(args.Address(0), bytes.AsMemory()) ? 0 : Errno.EFAULT);
    }

    /// <summary>getrandom(2): the node's chance never blocks.</summary>
    public static ValueTask<SysResult> Getrandom(LinuxTask task, SyscallArgs args)
    {
        const uint nonblock = 1, random = 2, insecure = 4;
        const int pieceMax = 65_536;
        var flags = args.UInt(2);
        if ((flags & ~(nonblock | random | insecure)) != 0) return new(Errno.EINVAL);
        if ((flags & (random | insecure)) == (random | insecure)) return new(Errno.EINVAL);
        var count = (int)Math.Min(args.Address(1), pieceMax);
        var bytes = new byte[args.Memory.Writable(args.Address(0), count)];
        if (bytes.Length == 0) return new(count == 0 ? 0 : Errno.EFAULT);
        task.Context.Ipc.Randomness.Fill(bytes);
        return new(args.Memory.TryWrite(args.Address(0), bytes.AsMemory()) ? bytes.Length : Errno.EFAULT);
    }

    /// <summary>sched_yield(2), sync(2): there is nothing that they could hasten.</summary>
    public static ValueTask<SysResult> Nothing(LinuxTask task, SyscallArgs args) => new(0);
}
