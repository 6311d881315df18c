using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>Signals of open files to their owners (fcntl(2), signal-driven input and output).</summary>
internal sealed partial class ProcessTable
{
    public override void NotifyOwner(
        SignalOwner owner, int signal, SignalCause cause, bool forwarded, Reply<Nothing> reply)
    {
        if (!Signals.IsSignal(signal) || owner.Kind > OwnerKind.Group)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        var home = _needs.Homes.HomeOf(owner.Number);
        var isHomeless = home.IsNone || !IsMember(home);
        var sender = new Sender(0, owner.Uid, owner.EffectiveUid, signal, 0) { Cause = cause };
        if (home == Node || owner.Number == 1) NotifyHere(owner, sender, reply);
        else if (isHomeless && owner.Kind == OwnerKind.Group) SignalHomeless(owner.Number, sender, reply);
        else if (isHomeless || forwarded) reply.Fail(Errno.ESRCH);
        else
        {
            // What is under way can't be taken back.
            reply.WhenCancelled(static _ => { });
            On(home).NotifyOwnerThen(owner, signal, cause, true, this, outcome => reply.Give(outcome));
        }
    }

    private void NotifyHere(SignalOwner owner, Sender sender, Reply<Nothing> reply)
    {
        if (owner.Kind == OwnerKind.Group)
        {
            if (_groups.Find(owner.Number) is { } group) SignalGroup(group, sender, reply);
            else reply.Fail(Errno.ESRCH);
        }
        else if (owner.Number == 1) KillInit(sender, reply);
        else if (Find(owner.Number) is not { } process) reply.Fail(Errno.ESRCH);
        else if (!sender.May(process)) reply.Fail(Errno.EPERM);
        else
        {
            reply.Ok();
            sender.Signal(process);
        }
    }
}
