using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux.Calls;

/// <summary>fcntl(2): owners and signals of open files, leases and seals.</summary>
internal static class FileNotes
{
    private const int UnlockedLease = 2, SealedAgainstSeals = 1, AllSeals = 0x3f;

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
                return UnlockedLease;
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
        file.Volume != 0 && await file.KnowType(task) == Abi.FileMode.S_IFREG;

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
