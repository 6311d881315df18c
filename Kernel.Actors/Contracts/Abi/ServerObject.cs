namespace K42.Contracts;

/// <summary>The base of every contract: an object that lives in an actor and is called by handles.</summary>
/// <remarks>Its methods run one at a time, in turns of its actor. It ends when its actor does.</remarks>
public abstract class ServerObject
{
    private ObjectHome? _home;
    private List<HandleRow>? _handles;
    private List<HandleRow>? _factories;

    /// <summary>The actor's side that the object lives in; set when it is adopted.</summary>
    public ObjectHome Home =>
        _home ?? throw new InvalidOperationException("the object is not in an actor yet");

    /// <summary>How many handles lead to this object, its place as a factory not counted.</summary>
    public int HandleCount => _handles?.Count ?? 0;

    /// <summary>Unanswered calls that this object holds.</summary>
    internal int ParkedCount { get; set; }

    /// <summary>Makes a handle to this object for a process.</summary>
    /// <param name="owner">The process; 0 for kernels and servers.</param>
    /// <param name="matched">Rights when that process calls.</param>
    /// <param name="unmatched">Rights for everyone else who learns the handle.</param>
    /// <param name="clientData">Kept in the row for this client.</param>
    public ObjectHandle Export(
        int owner, Rights matched, Rights unmatched = Rights.None, object? clientData = null)
    {
        var row = Home.Ipc.Export(this, owner, matched, unmatched);
        row.ClientData = clientData;
        (_handles ??= []).Add(row);
        return row.Handle;
    }

    /// <summary>Makes this object the node's factory of its contract.</summary>
    public ObjectHandle ExportFactory(ushort contract)
    {
        var row = Home.Ipc.ExportFactory(this, contract);
        (_factories ??= []).Add(row);
        return row.Handle;
    }

    /// <summary>The process's client data and rights may be changed when a handle is given on.</summary>
    /// <param name="from">The handle that was given on.</param>
    /// <param name="to">The new one.</param>
    protected internal virtual void AccessGiven(HandleRow from, HandleRow to) =>
        to.ClientData = from.ClientData;

    /// <summary>A handle was dropped: released, or its process or node died.</summary>
    protected internal virtual void HandleDropped(HandleRow row)
    {
    }

    /// <summary>The last handle was dropped: nobody can call the object any more.</summary>
    protected internal virtual void LastHandleDropped()
    {
    }

    internal void Adopted(ObjectHome home) => _home = home;

    internal HandleRow GiveOn(HandleRow from, int giver, int owner, Rights matched, Rights unmatched)
    {
        var row = Home.Ipc.Export(this, owner, matched, unmatched, giver);
        (_handles ??= []).Add(row);
        AccessGiven(from, row);
        return row;
    }

    /// <summary>The process that a handle was made for is dead: what it still waits for by that handle is
    /// over, and takes nothing that the living may have. In a turn of the object's actor.</summary>
    internal void OwnerDied(HandleRow row)
    {
        if (ParkedCount > 0) Home.Parking.FailAll(Errno.ESRCH, request => request.Row == row);
        Forget(row);
    }

    /// <summary>Forgets a handle, in a turn of the object's actor.</summary>
    internal void Forget(HandleRow row)
    {
        if (_handles is null || !_handles.Remove(row)) return;
        Home.Ipc.Drop(row);
        HandleDropped(row);
        if (_handles.Count == 0) LastHandleDropped();
    }

    internal void ForgetAll()
    {
        foreach (var row in _factories ?? []) Home.Ipc.Drop(row);
        foreach (var row in _handles ?? []) Home.Ipc.Drop(row);
        _factories?.Clear();
        _handles?.Clear();
    }
}
