using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>setuid(2) and its kin: who may take which ids, and what follows from it.</summary>
/// <remarks>CAP_SETUID and CAP_SETGID are the effective user id 0. An id of -1 leaves what it stands for
/// as it is.</remarks>
internal static class CredentialRules
{
    private const uint Unchanged = uint.MaxValue;

    /// <summary>The ids that a change leads to. EINVAL, EPERM.</summary>
    /// <param name="before">The ids of the kind that is changed.</param>
    /// <param name="mayAll">Whether the process has the capability.</param>
    public static Outcome<LinuxIds> Apply(in LinuxIds before, IdChange change, bool mayAll) =>
        change.Rule switch
        {
            IdRule.Id => One(before, change.First, mayAll),
            IdRule.RealAndEffective => RealAndEffective(before, change.First, change.Second, mayAll),
            IdRule.RealEffectiveAndSaved => Three(before, change, mayAll),
            IdRule.File => File(before, change.First, mayAll),
            _ => Errno.EINVAL,
        };

    private static Outcome<LinuxIds> One(in LinuxIds before, uint id, bool mayAll)
    {
        if (id == Unchanged) return Errno.EINVAL;
        if (mayAll) return LinuxIds.All(id);
        if (id != before.Real && id != before.Saved) return Errno.EPERM;
        return before with { Effective = id, File = id };
    }

    private static Outcome<LinuxIds> RealAndEffective(
        in LinuxIds before, uint real, uint effective, bool mayAll)
    {
        var after = before;
        if (real != Unchanged)
        {
            if (!mayAll && real != before.Real && real != before.Effective) return Errno.EPERM;
            after = after with { Real = real };
        }
        if (effective != Unchanged)
        {
            if (!mayAll && !IsOneOf(before, effective)) return Errno.EPERM;
            after = after with { Effective = effective };
        }
        var isSaved = real != Unchanged || (effective != Unchanged && effective != before.Real);
        return after with { Saved = isSaved ? after.Effective : before.Saved, File = after.Effective };
    }

    private static Outcome<LinuxIds> Three(in LinuxIds before, in IdChange change, bool mayAll)
    {
        var (real, effective, saved) = (change.First, change.Second, change.Third);
        var isSame = (real == Unchanged || real == before.Real)
            && (effective == Unchanged || (effective == before.Effective && effective == before.File))
            && (saved == Unchanged || saved == before.Saved);
        if (isSame) return before;
        foreach (var id in (ReadOnlySpan<uint>)[real, effective, saved])
        {
            if (id != Unchanged && !mayAll && !IsOneOf(before, id)) return Errno.EPERM;
        }
        var now = effective == Unchanged ? before.Effective : effective;
        return new LinuxIds(
            real == Unchanged ? before.Real : real, now, saved == Unchanged ? before.Saved : saved, now);
    }

    // setfsuid(2) has no errors: what is not allowed changes nothing.
    private static Outcome<LinuxIds> File(in LinuxIds before, uint id, bool mayAll)
    {
        var may = mayAll || id == before.File || IsOneOf(before, id);
        return id != Unchanged && may ? before with { File = id } : before;
    }

    private static bool IsOneOf(in LinuxIds ids, uint id) =>
        id == ids.Real || id == ids.Effective || id == ids.Saved;
}
