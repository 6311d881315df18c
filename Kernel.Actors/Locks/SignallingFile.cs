using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;

namespace K42.Locks;

/// <summary>An open file that keeps its owner and signal.</summary>
public abstract class SignallingFile : FileContract
{
    /// <summary>Whom it signals.</summary>
    protected FileSignals Signals => field ??= new FileSignals(this);

    /// <inheritdoc/>
    public sealed override void Note(FileNote note, Reply<int> reply)
    {
        switch (note)
        {
            case FileNote.SignalOwner:
                var owner = Signals.Owner;
                reply.Ok(owner.Kind == OwnerKind.Group ? -owner.Number : owner.Number);
                break;
            case FileNote.Signal:
                reply.Ok(Signals.Signal);
                break;
            default:
                reply.Give(NoteOf(note));
                break;
        }
    }

    /// <inheritdoc/>
    public sealed override void SetNote(FileNote note, int value, Reply<Nothing> reply)
    {
        var who = reply.Caller?.Principal;
        var errno = note switch
        {
            _ when who is null => Errno.EPERM,
            FileNote.SignalOwner when value == int.MinValue => Errno.EINVAL,
            FileNote.SignalOwner => Signals.SetOwner(
                value < 0 ? OwnerKind.Group : OwnerKind.Process, Math.Abs(value), who),
            FileNote.Signal => Signals.SetSignal(value),
            _ => SetNoteOf(note, value, who),
        };
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(errno);
    }

    /// <inheritdoc/>
    public sealed override void SetSignalOwner(
        OwnerKind kind, int number, CallerIdentity caller, Reply<Nothing> reply)
    {
        var errno = Signals.SetOwner(kind, number, caller.Principal);
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(errno);
    }

    /// <inheritdoc/>
    public sealed override void OwnerOfSignals(Reply<SignalOwner> reply) => reply.Ok(Signals.Owner);

    /// <summary>A note that the kinds of files differ in.</summary>
    protected virtual Outcome<int> NoteOf(FileNote note) => note switch
    {
        FileNote.Lease => (int)LockType.Unlock,
        FileNote.Created or FileNote.WriteHint => 0,
        _ => Errno.EINVAL,
    };

    /// <summary>Sets a note that the kinds of files differ in.</summary>
    protected virtual Errno SetNoteOf(FileNote note, int value, Principal who) => Errno.EINVAL;
}
