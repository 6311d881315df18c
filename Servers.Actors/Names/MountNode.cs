using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>One mount while the tree is changed.</summary>
internal sealed class MountNode(MountEntry entry)
{
    private readonly List<MountNode> _children = [];

    /// <summary>Its number, what it shows, and how listings show it; place and propagation are
    /// below.</summary>
    public MountEntry Entry { get; set; } = entry;

    /// <summary>In which mount it is seen; null for the root, and for what is not in the tree.</summary>
    public MountNode? Parent { get; private set; }

    /// <summary>At which inode there.</summary>
    public ulong OnInode { get; private set; }

    /// <summary>Its peers; 0 when it is not shared.</summary>
    public uint Group { get; set; } = entry.PeerGroup;

    /// <summary>The peers that it follows; 0 for none.</summary>
    public uint Master { get; set; } = entry.MasterGroup;

    public bool IsUnbindable { get; set; } = entry.IsUnbindable;

    public ulong RootInode => Entry.RootInode;

    public IReadOnlyList<MountNode> Children => _children;

    /// <summary>Itself, and all that is mounted below it; parents first.</summary>
    public IEnumerable<MountNode> Tree => _children.SelectMany(static child => child.Tree).Prepend(this);

    /// <summary>What is mounted at an inode of it.</summary>
    public MountNode? At(ulong inode) => _children.Find(child => child.OnInode == inode);

    /// <summary>Puts it at a place; it leaves where it was.</summary>
    public void Put(MountNode parent, ulong inode)
    {
        Take();
        (Parent, OnInode) = (parent, inode);
        parent._children.Add(this);
    }

    /// <summary>Takes it out of its place.</summary>
    public void Take()
    {
        Parent?._children.Remove(this);
        Parent = null;
    }

    /// <summary>True when it is another mount, or below that.</summary>
    public bool IsWithin(MountNode above)
    {
        for (var at = this; at is not null; at = at.Parent)
        {
            if (at == above) return true;
        }
        return false;
    }

    public MountEntry ToEntry() => Entry with
    {
        OnMount = Parent?.Entry.Id ?? 0,
        OnInode = Parent is null ? 0 : OnInode,
        PeerGroup = Group,
        MasterGroup = Master,
        IsUnbindable = IsUnbindable,
    };
}
