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

    public void Remove(CallerIdentity identity)
    {
        identity.Revoke();
        _byPid.TryRemove(new KeyValuePair<int, CallerIdentity>(identity.Pid, identity));
    }
}
