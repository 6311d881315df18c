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
            case FcntlCommand.F_GETOWN:
                return await GetOwner(task, file);
            case FcntlCommand.F_SETOWN:
                return await SetOwner(task, file, args.Int(2));
            case FcntlCommand.F_GETSIG:
                var signal = await Get(task, file, FileNote.Signal);
                return signal.Failed ? signal.Errno : signal.Value;
            case FcntlCommand.F_SETSIG:
                if (args.Long(2) is < 0 or > Signal.NumberMax) return Errno.EINVAL;
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

    // Files with names are sealed against seals from the start, as in Linux's tmpfs (fcntl(2)).
    private static async ValueTask<bool> IsSealed(LinuxTask task, OpenFile file) =>
        file.Mount != 0 && await file.KnowType(task) == Abi.FileMode.S_IFREG;

    private static async ValueTask<SysResult> GetOwner(LinuxTask task, OpenFile file)
    {
        var owner = await Get(task, file, FileNote.SignalOwner);
        if (owner.Failed) return owner.Errno;
        return owner.Value != 0 && await Exists(task, owner.Value) ? owner.Value : 0;
    }

    private static async ValueTask<SysResult> SetOwner(LinuxTask task, OpenFile file, int owner)
    {
        if (owner == int.MinValue) return Errno.EINVAL;
        if (owner != 0 && !await Exists(task, owner)) return Errno.ESRCH;
        return await Set(task, file, FileNote.SignalOwner, owner);
    }

    // A process, or minus a group.
    private static async ValueTask<bool> Exists(LinuxTask task, int owner)
    {
        if (owner > 0)
        {
            var process = await task.Patient(
                (Table: task.ProcessesOf(owner), owner), static ask => ask.Table.Lookup(ask.owner));
            return !process.Failed;
        }
        var group = await task.Patient(
            (Table: task.ProcessesOf(-owner), Group: -owner),
            static ask => ask.Table.KillGroup(ask.Group, 0));
        return group.Errno is Errno.None or Errno.EPERM;
    }

    private static ValueTask<Outcome<int>> Get(LinuxTask task, OpenFile file, FileNote note) =>
        task.Patient((file.Client, note), static ask => ask.Client.Note(ask.note));

    private static async ValueTask<SysResult> Set(LinuxTask task, OpenFile file, FileNote note, int value)
    {
        var set = await task.Patient(
            (file.Client, note, value), static ask => ask.Client.SetNote(ask.note, ask.value));
        return set.Done();
    }
}
