using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>fcntl_locking(2), flock(2).</summary>
internal static class Locks
{
    private const int Shared = 1, Exclusive = 2, NonBlocking = 4, Unlock = 8, Mandatory = 32;
    private const int Read = 0, Write = 1, None = 2;

    /// <summary>The lock commands of fcntl(2).</summary>
    public static async ValueTask<SysResult> Control(LinuxTask task, SyscallArgs args, OpenFile file)
    {
        var (fd, command, address) = (args.Int(0), args.Int(1), args.Address(2));
        if (!args.Memory.TryRead(address, Layout.FlockBytes, out var bytes)) return Errno.EFAULT;
        var wanted = Layout.Flock(bytes.Span);
        var scope = command >= FcntlCommand.F_OFD_GETLK ? LockScope.Description : LockScope.Process;
        if (command is FcntlCommand.F_GETLK or FcntlCommand.F_OFD_GETLK)
        {
            var found = await task.Patient(
                (file.Inode, wanted, scope), static ask => ask.Inode.FindLock(ask.wanted, ask.scope));
            if (found.Failed) return found.Errno;
            var given = new byte[Layout.FlockBytes];
            Layout.Flock(given, found.Value);
            return args.Memory.TryWrite(address, given.AsMemory()) ? 0 : Errno.EFAULT;
        }
        var wait = command is FcntlCommand.F_SETLKW or FcntlCommand.F_OFD_SETLKW;
        var locked = await Ask(task, args, file, wanted, scope, wait);
        if (locked.Failed || scope != LockScope.Process || wanted.Type == None) return locked;
        if (task.Files.LeadsTo(fd, file)) return locked;
        // Closed by another call meanwhile, which can't have dropped this lock.
        await task.Patient(file.Inode, static inode => inode.DropLocks());
        return Errno.EBADF;
    }

    /// <summary>flock(2).</summary>
    public static async ValueTask<SysResult> Flock(LinuxTask task, SyscallArgs args)
    {
        var operation = args.Int(1);
        if ((operation & Mandatory) != 0) return Errno.EOPNOTSUPP;
        var type = (operation & ~NonBlocking) switch
        {
            Shared => Read,
            Exclusive => Write,
            Unlock => None,
            _ => -1,
        };
        if (type < 0) return Errno.EINVAL;
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        var wait = (operation & NonBlocking) == 0;
        return await Ask(task, args, file, new RecordLock { Type = type }, LockScope.Whole, wait);
    }

    private static async ValueTask<SysResult> Ask(
        LinuxTask task, SyscallArgs args, OpenFile file, RecordLock wanted, LockScope scope, bool wait)
    {
        task.UsesLocks = true;
        var locked = await task.Patient(
            (file.Inode, wanted, scope, wait, args.Interrupted),
            static ask => ask.Inode.Lock(
                ask.wanted, ask.scope, ask.wait, ask.wait ? ask.Interrupted : default));
        return locked.Done();
    }
}
