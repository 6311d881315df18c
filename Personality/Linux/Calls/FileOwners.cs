using System.Buffers.Binary;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Personality.Linux.Abi;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>fcntl(2): whom an open file signals.</summary>
internal static class FileOwners
{
    // struct f_owner_ex and the two ids of F_GETOWNER_UIDS: two 32-bit numbers each.
    private const int PairBytes = 8, SecondAt = 4;

    /// <summary>F_SETOWN and its relatives.</summary>
    public static async ValueTask<SysResult> Control(LinuxTask task, SyscallArgs args, OpenFile file)
    {
        var address = args.Address(2);
        switch (args.Int(1))
        {
            case FcntlCommand.F_SETOWN:
                var owner = args.Int(2);
                if (owner == int.MinValue) return Errno.EINVAL;
                var kind = owner < 0 ? OwnerKind.Group : OwnerKind.Process;
                return await Set(task, file, kind, Math.Abs(owner));
            case FcntlCommand.F_SETOWN_EX:
                if (!args.Memory.TryRead(address, PairBytes, out var wanted)) return Errno.EFAULT;
                var type = BinaryPrimitives.ReadInt32LittleEndian(wanted.Span);
                if (type is < 0 or > (int)OwnerKind.Group) return Errno.EINVAL;
                var number = BinaryPrimitives.ReadInt32LittleEndian(wanted.Span[SecondAt..]);
                return await Set(task, file, (OwnerKind)type, number);
        }
        var asked = await task.Patient(file.Client, static client => client.OwnerOfSignals());
        if (asked.Failed) return asked.Errno;
        var found = asked.Value;
        if (args.Int(1) == FcntlCommand.F_GETOWNER_UIDS)
            return Pair(args, found.Uid, found.EffectiveUid);
        var lives = found.Number != 0 && await Lives(task, found.Kind, found.Number);
        var shown = lives ? found.Number : 0;
        if (args.Int(1) == FcntlCommand.F_GETOWN_EX) return Pair(args, (uint)found.Kind, (uint)shown);
        return found.Kind == OwnerKind.Group ? -shown : shown;
    }

    private static SysResult Pair(SyscallArgs args, uint first, uint second)
    {
        var bytes = new byte[PairBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, first);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SecondAt), second);
        return args.Memory.TryWrite(args.Address(2), bytes.AsMemory()) ? 0 : Errno.EFAULT;
    }

    private static async ValueTask<SysResult> Set(
        LinuxTask task, OpenFile file, OwnerKind kind, int number)
    {
        // Linux asks only whether the number names anything: a process may be named as a group that it does
        // not lead, and nobody is signalled.
        var exists = number == 0 || (number > 0 && (await Lives(task, OwnerKind.Process, number)
            || await Lives(task, OwnerKind.Group, number)));
        if (!exists) return Errno.ESRCH;
        var set = await task.Patient(
            (file.Client, kind, number), static ask => ask.Client.SetSignalOwner(ask.kind, ask.number));
        return set.Done();
    }

    private static async ValueTask<bool> Lives(LinuxTask task, OwnerKind kind, int number)
    {
        var table = task.ProcessesOf(number);
        if (kind != OwnerKind.Group)
        {
            var process = await task.Patient((table, number), static ask => ask.table.Lookup(ask.number));
            return !process.Failed;
        }
        var group = await task.Patient((table, number), static ask => ask.table.KillGroup(ask.number, 0));
        return group.Errno is Errno.None or Errno.EPERM;
    }
}
