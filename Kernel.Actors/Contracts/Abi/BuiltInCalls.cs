namespace K42.Contracts;

/// <summary>Numbers of the calls that every object answers.</summary>
public static class BuiltInCall
{
    /// <summary>Numbers from here on are the same for every contract.</summary>
    public const ushort ReservedMin = 65_280;

    /// <summary>Gives a handle on.</summary>
    public const ushort GiveAccess = 65_280;

    /// <summary>Drops the handle that it came in by.</summary>
    public const ushort Release = 65_281;

    /// <summary>A free request of such a call; null when there is none of that number (ENOSYS).</summary>
    public static Request? NewRequest(ushort method) => method switch
    {
        GiveAccess => GiveAccessRequest.Rent(),
        Release => ReleaseRequest.Rent(),
        _ => null,
    };
}

/// <summary>Gives a handle on to another process, with the same or fewer rights.</summary>
internal sealed class GiveAccessRequest : Request<ObjectHandle>
{
    private static readonly RequestPool<GiveAccessRequest> Pool = new(static () => new GiveAccessRequest());

    public int Process;
    public Rights Matched;
    public Rights Unmatched;

    public override ushort Contract => 0;

    public override ushort Method => BuiltInCall.GiveAccess;

    public static GiveAccessRequest Rent() => Pool.Rent();

    protected internal override void WriteArguments(ref WireWriter writer)
    {
        writer.Int32(Process);
        writer.UInt32((uint)Matched);
        writer.UInt32((uint)Unmatched);
    }

    protected internal override void ReadArguments(ref WireReader reader)
    {
        Process = reader.Int32();
        Matched = (Rights)reader.UInt32();
        Unmatched = (Rights)reader.UInt32();
    }

    protected internal override void WriteResult(ref WireWriter writer) => writer.Handle(Result);

    protected internal override void ReadResult(ref WireReader reader) => Result = reader.Handle();

    protected internal override Errno CheckArguments() => Errno.None;

    protected internal override void Invoke(ServerObject target)
    {
        var (row, caller) = (Row!, Caller!);
        var held = row.Unmatched | (caller.Pid == row.Owner ? row.Matched : Rights.None);
        var grows = (Matched & ~held) != 0 || (Unmatched & ~held) != 0;
        var owner = caller.IsKernel ? Errno.None : target.Home.Ipc.CheckOwner(Process);
        if (!held.HasFlag(Rights.ControlAccess) || grows) Refuse(Errno.EPERM);
        else if (owner != Errno.None) Refuse(owner);
        else if (!target.Home.HasRoomFor(caller)) Refuse(Errno.EMFILE);
        else Reply.Ok(target.GiveOn(row, caller.Pid, Process, Matched, Unmatched).Handle);
    }

    protected override void Recycle() => Pool.Return(this);
}

/// <summary>Drops the handle that it came in by; only the handle's own process can.</summary>
internal sealed class ReleaseRequest : Request<Nothing>
{
    private static readonly RequestPool<ReleaseRequest> Pool = new(static () => new ReleaseRequest());

    public override ushort Contract => 0;

    public override ushort Method => BuiltInCall.Release;

    public override bool OneWay => true;

    public static ReleaseRequest Rent() => Pool.Rent();

    protected internal override void WriteArguments(ref WireWriter writer)
    {
    }

    protected internal override void ReadArguments(ref WireReader reader)
    {
    }

    protected internal override void WriteResult(ref WireWriter writer)
    {
    }

    protected internal override void ReadResult(ref WireReader reader)
    {
    }

    protected internal override Errno CheckArguments() => Errno.None;

    protected internal override void Invoke(ServerObject target)
    {
        var row = Row!;
        if (Caller!.Pid != row.Owner && !Caller.IsKernel)
        {
            Refuse(Errno.EPERM);
            return;
        }
        target.Forget(row);
        Reply.Ok(default);
    }

    protected override void Recycle() => Pool.Return(this);
}
