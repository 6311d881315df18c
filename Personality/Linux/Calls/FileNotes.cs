using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>fcntl(2): owners and signals of open files, leases and seals.</summary>
internal static class FileNotes
{
    private const int SealedAgainstSeals = 1, AllSeals = 0x3f;

    /// <summary>The commands that are neither about descriptors, flags, locks nor pipes; EINVAL for unknown
    /// ones.</summary>
    public static async ValueTask<SysResult> Control(LinuxTask task, SyscallArgs args, OpenFile file)
    {
        switch (args.Int(1))
        {
            case FcntlCommand.F_GETOWN or FcntlCommand.F_SETOWN or FcntlCommand.F_GETOWN_EX
                or FcntlCommand.F_SETOWN_EX or FcntlCommand.F_GETOWNER_UIDS:
                return await FileOwners.Control(task, args, file);
            case FcntlCommand.F_GETSIG:
                return Number(await Get(task, file, FileNote.Signal));
            case FcntlCommand.F_SETSIG:
                return await Set(task, file, FileNote.Signal, args.Int(2));
            case FcntlCommand.F_GETLEASE:
                return Number(await Get(task, file, FileNote.Lease));
            case FcntlCommand.F_NOTIFY:
                // What goes with a close is gone when the close returns.
                task.UsesLocks = true;
                var noted = await task.Patient(
                    (file.Client, Events: args.Int(2), Fd: args.Int(0)),
                    static ask => ask.Client.Notify(ask.Events, ask.Fd));
                return noted.Done();
            case FcntlCommand.F_SETLEASE:
                task.UsesLocks = true;
                var set = await task.Patient(
                    (file.Inode, Type: args.Int(2), Fd: args.Int(0)),
                    static ask => ask.Inode.SetLease(ask.Type, ask.Fd));
                return set.Done();
            case FcntlCommand.F_GET_RW_HINT:
                return await GetHint(task, args, file);
            case FcntlCommand.F_SET_RW_HINT:
                return await SetHint(task, args, file);
            case FcntlCommand.F_GET_SEALS:
                return await IsSealed(task, file) ? SealedAgainstSeals : Errno.EINVAL;
            case FcntlCommand.F_ADD_SEALS:
                if (!file.CanWrite) return Errno.EPERM;
                if ((args.Long(2) & ~(long)AllSeals) != 0) return Errno.EINVAL;
                return await IsSealed(task, file) ? Errno.EPERM : Errno.EINVAL;
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>F_CREATED_QUERY: 1 when the open(2) that a description is from made the file.</summary>
    public static async ValueTask<SysResult> Created(LinuxTask task, OpenFile file) =>
        Number(await Get(task, file, FileNote.Created));

    // Files with names are sealed against seals from the start, as in Linux's tmpfs (fcntl(2)).
    private static async ValueTask<bool> IsSealed(LinuxTask task, OpenFile file) =>
        file.Mount != 0 && await file.KnowType(task) == Abi.FileMode.S_IFREG;

    private static async ValueTask<SysResult> GetHint(LinuxTask task, SyscallArgs args, OpenFile file)
    {
        var hint = await task.Patient(file.Inode, static inode => inode.Note(FileNote.WriteHint));
        if (hint.Failed) return hint.Errno;
        return args.Memory.TryWriteInt64(args.Address(2), hint.Value) ? 0 : Errno.EFAULT;
    }

    private static async ValueTask<SysResult> SetHint(LinuxTask task, SyscallArgs args, OpenFile file)
    {
        var isRead = args.Memory.TryReadInt64(args.Address(2), out var hint);
        // Who may not set it hears that first, whatever the pointer and the value are.
        var value = isRead && (ulong)hint <= int.MaxValue ? (int)hint : int.MaxValue;
        var set = await task.Patient(
            (file.Inode, value), static ask => ask.Inode.SetNote(FileNote.WriteHint, ask.value));
        return set.Errno == Errno.EINVAL && !isRead ? Errno.EFAULT : set.Done();
    }

    private static SysResult Number(Outcome<int> note) => note.Failed ? note.Errno : note.Value;

    private static ValueTask<Outcome<int>> Get(LinuxTask task, OpenFile file, FileNote note) =>
        task.Patient((file.Client, note), static ask => ask.Client.Note(ask.note));

    private static async ValueTask<SysResult> Set(LinuxTask task, OpenFile file, FileNote note, int value)
    {
        var set = await task.Patient(
            (file.Client, note, value), static ask => ask.Client.SetNote(ask.note, ask.value));
        return set.Done();
    }
}
