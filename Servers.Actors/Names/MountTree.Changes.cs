using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

internal sealed partial class MountTree
{
    /// <summary>What must be known of a volume before something of it is bound elsewhere.</summary>
    public static IEnumerable<InodePair> BeforeBind(MountNode mount, ulong inode)
    {
        var children = inode == mount.RootInode ? [] : mount.Children;
        return children.Select(child => new InodePair(inode, child.OnInode)).Prepend(new(inode, inode));
    }

    /// <summary>MS_BIND: a mount of what is at a place, with MS_REC of all that is mounted below it too.
    /// EINVAL when it is unbindable, ENOENT when its name is gone, also when the mount still shows
    /// it.</summary>
    public Outcome<MountNode> Bound(MountNode mount, ulong inode, bool recursive, Kinships kinships)
    {
        if (mount.IsUnbindable) return Errno.EINVAL;
        var self = kinships.Of(inode);
        if ((self & Kinship.Exists) == 0) return Errno.ENOENT;
        var isFile = (self & Kinship.Directory) == 0;
        var bound = New(mount.Entry with { RootInode = inode, IsFile = isFile });
        (bound.Group, bound.Master) = (mount.Group, mount.Master);
        if (!recursive) return bound;
        foreach (var child in mount.Children)
        {
            var below = inode == mount.RootInode || kinships.IsWithin(inode, child.OnInode);
            if (below && !child.IsUnbindable) Copy(child).Put(bound, child.OnInode);
        }
        return bound;
    }

    /// <summary>MS_MOVE, before it is attached: EINVAL for the root, for what is in a shared mount, and for
    /// what can't be bound into one; ELOOP into itself.</summary>
    public Errno CheckMove(MountNode mount, MountNode goal)
    {
        // Everything is below the root, so that can't be moved either.
        if (mount.Parent is null) return Errno.ELOOP;
        if (mount.Parent.Group != 0) return Errno.EINVAL;
        if (goal.Group != 0 && mount.Tree.Any(static node => node.IsUnbindable)) return Errno.EINVAL;
        return goal.IsWithin(mount) ? Errno.ELOOP : Errno.None;
    }

    /// <summary>umount2(2): takes a mount out, and with it its copies where its parent's are seen.</summary>
    /// <param name="lazy">MNT_DETACH: all that is mounted below it goes too. Otherwise that is EBUSY.</param>
    public Errno Detach(MountNode mount, bool lazy)
    {
        if (!lazy && mount.Children.Count > 0) return Errno.EBUSY;
        var gone = new HashSet<MountNode>(lazy ? mount.Tree : [mount]);
        var followed = Copies(gone);
        // A copy with something else in it stays, unless that only lies over it.
        while (followed.RemoveWhere(copy => copy.Children.Any(child => Keeps(copy, child))) > 0)
        {
        }
        gone.UnionWith(followed);
        if (gone.Contains(Root))
        {
            Root.Entry = Root.Entry with { Flags = Root.Entry.Flags | MountFlag.Detached };
            gone.Remove(Root);
        }
        foreach (var node in Root.Tree.ToArray())
        {
            if (gone.Contains(node)) Remove(node, gone);
        }
        return Errno.None;

        bool Keeps(MountNode copy, MountNode child) =>
            child.OnInode != copy.RootInode && !gone.Contains(child) && !followed.Contains(child);
    }

    private HashSet<MountNode> Copies(HashSet<MountNode> gone)
    {
        var copies = new HashSet<MountNode>();
        foreach (var node in gone)
        {
            if (node.Parent is not { } parent) continue;
            foreach (var follower in Followers(parent))
            {
                if (follower.At(node.OnInode) is { } copy && !gone.Contains(copy)) copies.Add(copy);
            }
        }
        return copies;
    }

    private void Remove(MountNode node, HashSet<MountNode> gone)
    {
        var (parent, inode) = (node.Parent, node.OnInode);
        var over = node.At(node.RootInode);
        node.Take();
        _byId.Remove(node.Entry.Id);
        Leave(node);
        // What lay over it lies over what it lay over.
        if (parent is not null && over is not null && !gone.Contains(over)) over.Put(parent, inode);
    }
}

/// <summary>Which group the copies of each mount are in, by the group of the mounts that they are put
/// in.</summary>
/// <param name="origin">The group of the mount that the originals are put in.</param>
internal sealed class CopyGroups(uint origin)
{
    private readonly Dictionary<(MountNode From, uint In), uint> _groups = [];

    public bool Has(MountNode from, uint place) => place == origin || _groups.ContainsKey((from, place));

    public uint For(MountNode from, uint place) =>
        place == origin ? from.Group : _groups.GetValueOrDefault((from, place));

    public uint For(MountNode from, uint place, Func<uint> next)
    {
        if (!_groups.TryGetValue((from, place), out var group)) _groups.Add((from, place), group = next());
        return group;
    }
}

/// <summary>The numbers of mounts and of peer groups that were given so far.</summary>
internal record struct MountIds(ulong LastMount, uint LastGroup)
{
    public ulong NextMount() => ++LastMount;

    public uint NextGroup() => ++LastGroup;
}
