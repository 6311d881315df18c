using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>A mount of a volume as the volume has it: what it shows, how, and who uses it.</summary>
internal sealed class VolumeView(ulong mount, RamNode root)
{
    private readonly Dictionary<ulong, RamNode> _covered = [];

    /// <summary>The mount's number; 0 for the whole of a volume that is not mounted.</summary>
    public ulong Mount { get; } = mount;

    /// <summary>What ".." does not go above: a directory, or a file that is seen elsewhere.</summary>
    public RamNode Root { get; } = root;

    /// <summary>See <see cref="MountFlag"/>.</summary>
    public ulong Flags { get; set; } = MountFlag.RelativeAccessTimes;

    /// <summary>True once it is mounted no more: nothing is above it then.</summary>
    public bool IsDetached { get; private set; }

    /// <summary>The objects that stand for directories while somebody holds handles of them.</summary>
    public Dictionary<RamNode, DirectoryObject> Objects { get; } = [];

    public int OpenFiles { get; set; }

    public int Writers { get; set; }

    /// <summary>Working directories and the like.</summary>
    public int HeldDirectories { get; set; }

    /// <summary>MNT_EXPIRE asked for it, and nobody has used it since.</summary>
    public bool IsExpiring { get; set; }

    public bool IsUsed => OpenFiles > 0 || HeldDirectories > 0;

    public bool IsReadOnly => Has(MountFlag.ReadOnly);

    public bool Has(ulong flag) => (Flags & flag) != 0;

    /// <summary>True when something else is seen at an inode.</summary>
    public bool Covers(RamNode node) => node.Covers > 0 && _covered.ContainsKey(node.Number);

    /// <summary>The node that is covered; null when it is not.</summary>
    public RamNode? Covered(ulong inode) => _covered.GetValueOrDefault(inode);

    /// <summary>Covers these nodes, and no others.</summary>
    public void Cover(IEnumerable<RamNode> nodes)
    {
        foreach (var node in _covered.Values) node.Covers--;
        _covered.Clear();
        foreach (var node in nodes)
        {
            if (_covered.TryAdd(node.Number, node)) node.Covers++;
        }
    }

    /// <summary>The mount ended; who is in it may stay.</summary>
    public void Detach()
    {
        Cover([]);
        IsDetached = true;
    }
}

/// <summary>Who does something, and through which mount.</summary>
internal readonly record struct Visitor(Principal Principal, VolumeView View)
{
    public static implicit operator Principal(in Visitor visitor) => visitor.Principal;
}
