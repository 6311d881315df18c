using K42.Contracts;
using K42.Contracts.Ports;
using K42.Cluster.Membership;

namespace K42.Cluster.Tables;

/// <summary>The block map as this node knows it; read by any thread without a lock.</summary>
internal sealed class BlockMap : IBlockMap, IMembershipListener
{
    private readonly Lock _guard = new();
    private readonly ulong[] _homes = new ulong[Ledger.BlockCount];
    private readonly Dictionary<ushort, uint> _removed = [];

    /// <inheritdoc/>
    public NodeRef HomeOf(int block) => block is > 0 and < Ledger.BlockCount
        ? ClusterMessages.Unpack(Volatile.Read(ref _homes[block])) : default;

    /// <summary>Puts a whole map in place; homes of removed nodes stay empty.</summary>
    public void Replace(int[] blocks, ulong[] homes)
    {
        var fresh = new ulong[Ledger.BlockCount];
        lock (_guard)
        {
            for (var i = 0; i < Math.Min(blocks.Length, homes.Length); i++)
            {
                var home = ClusterMessages.Unpack(homes[i]);
                var isGone = home.Incarnation <= _removed.GetValueOrDefault(home.Id);
                if (blocks[i] is > 0 and < Ledger.BlockCount && !isGone) fresh[blocks[i]] = homes[i];
            }
            for (var block = 0; block < fresh.Length; block++)
                Volatile.Write(ref _homes[block], fresh[block]);
        }
    }

    public void MemberUp(Member member) { }

    public void MemberRemoved(NodeRef node)
    {
        lock (_guard)
        {
            _removed[node.Id] = Math.Max(_removed.GetValueOrDefault(node.Id), node.Incarnation);
            for (var block = 0; block < _homes.Length; block++)
                if (_homes[block] == ClusterMessages.Pack(node)) Volatile.Write(ref _homes[block], 0);
        }
    }
}
