using System.Collections.Concurrent;

using K42.Contracts;

namespace K42.Kernel.Ipc;

/// <summary>The identities of this node's own processes.</summary>
internal sealed class IdentityTable
{
    private readonly ConcurrentDictionary<int, CallerIdentity> _byPid = new();

    public CallerIdentity Add(CallerIdentity identity)
    {
        if (_byPid.TryAdd(identity.Pid, identity)) return identity;
        throw new InvalidOperationException($"process {identity.Pid} has an identity already");
    }

    /// <summary>The identity of a process of this node; null when none lives that has the
    /// number.</summary>
    public CallerIdentity? Find(int pid) => _byPid.GetValueOrDefault(pid);

    /// <summary>True while a process of this node lives.</summary>
    public bool Has(int pid) => _byPid.ContainsKey(pid);

    /// <summary>Gives a process its next credentials; those before are outdated when this returns.</summary>
    public void Replace(CallContext context, Principal principal)
    {
        var before = context.Identity;
        if (before.Revoked) return;
        var next = new CallerIdentity(before.Pid, before.Version + 1, before.Home, principal);
        _byPid[before.Pid] = next;
        // First the new one: whoever calls meanwhile is stamped with one that is valid.
        context.Identity = next;
        before.Revoke(Revocation.Outdated);
    }

    public void Remove(CallerIdentity identity)
    {
        identity.Revoke(Revocation.Ended);
        _byPid.TryRemove(new KeyValuePair<int, CallerIdentity>(identity.Pid, identity));
    }
}
