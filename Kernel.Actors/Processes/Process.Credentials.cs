using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>Credentials that change.</summary>
internal sealed partial class Process
{
    public override void ChangeIds(IdChange change, Reply<uint> reply)
    {
        var before = change.OfGroup ? Principal.GroupIds : Principal.UserIds;
        var after = CredentialRules.Apply(before, change, Principal.IsAdministrator);
        if (after.Failed)
        {
            reply.Fail(after.Errno);
            return;
        }
        if (after.Value != before)
        {
            Become(change.OfGroup
                ? Principal with { GroupIds = after.Value } : Principal with { UserIds = after.Value });
        }
        reply.Ok(before.File);
    }

    public override void SetGroups(uint[] groups, Reply<Nothing> reply)
    {
        if (!Principal.IsAdministrator) reply.Fail(Errno.EPERM);
        else if (Array.IndexOf(groups, uint.MaxValue) >= 0) reply.Fail(Errno.EINVAL);
        else
        {
            // Linux keeps them in order.
            Become(Principal with { Groups = [.. groups.Order()] });
            reply.Ok();
        }
    }

    /// <summary>Other credentials from here on: calls with those before are refused when this
    /// returns.</summary>
    public void Become(Principal principal)
    {
        var before = Principal;
        Principal = principal;
        Self.Uid = principal.UserIds.Real;
        _table.PrincipalChanged(this, before);
        _table.Identities.Change(Context, principal);
    }

    /// <summary>What proved its principal has expired: nobody acts for it any more.</summary>
    public void Expire()
    {
        _table.Identities.Expire(Context);
        HangUp();
    }

    /// <summary>Its program went away: SIGHUP, then SIGKILL, because nobody is there to run a
    /// handler.</summary>
    public void HangUp()
    {
        Post(new SignalInfo(Signals.Hangup, 0, 0, Signals.FromKernel, 0, false));
        End(Signals.Kill);
    }
}
