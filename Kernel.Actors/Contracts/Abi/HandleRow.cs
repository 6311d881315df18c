namespace K42.Contracts;

/// <summary>One handle, on the side of the object: for whom it was made and what it allows.</summary>
public sealed class HandleRow
{
    internal HandleRow(ObjectHandle handle, ServerObject target, ObjectHome home, int owner, Rights matched,
        Rights unmatched)
    {
        (Handle, Object, Home, Owner, Matched, Unmatched) = (handle, target, home, owner, matched, unmatched);
    }

    /// <summary>The handle's address.</summary>
    public ObjectHandle Handle { get; }

    /// <summary>The process that caused it, by opening or by giving access: it counts for that one's
    /// maximum.</summary>
    internal int Charged { get; init; }

    /// <summary>The user of that process: it counts for that one's maximum, too. 0 for root, who has
    /// none.</summary>
    internal uint ChargedUser { get; init; }

    /// <summary>The process that the handle was made for.</summary>
    public int Owner { get; }

    /// <summary>Rights when the caller is the owner.</summary>
    public Rights Matched { get; }

    /// <summary>Rights for every other caller.</summary>
    public Rights Unmatched { get; }

    /// <summary>What the object keeps for this client.</summary>
    public object? ClientData { get; set; }

    internal ObjectHome Home { get; }

    /// <summary>The object; null once the handle is stale.</summary>
    internal ServerObject? Object { get; private set; }

    internal bool IsStale => Object is null;

    /// <summary>K42's rule: allowed when the owner's rights contain the required ones, or everyone's
    /// do.</summary>
    internal bool Admits(CallerIdentity caller, Rights required)
    {
        var held = Unmatched;
        if (caller.Pid == Owner) held |= Matched;
        if (caller.IsKernel) held |= Rights.Kernel;
        return held != Rights.None && (held & required) == required;
    }

    internal void MakeStale() => Object = null;
}
