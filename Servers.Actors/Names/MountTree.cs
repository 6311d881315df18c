using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>A question to a volume: whether one place is another, or below it.</summary>
internal readonly record struct InodePair(ulong Above, ulong Below);

/// <summary>What a volume answered to questions about its places.</summary>
/// <param name="answers">By pair.</param>
internal sealed class Kinships(IReadOnlyDictionary<InodePair, Kinship> answers)
{
    /// <summary>For changes that had nothing to ask.</summary>
    public static Kinships None { get; } = new(new Dictionary<InodePair, Kinship>());

    public Kinship Of(ulong above, ulong below) => answers.GetValueOrDefault(new InodePair(above, below));

    /// <summary>What a place is by itself: nothing, once its name is gone.</summary>
    public Kinship Of(ulong inode) => inode == VolumeContract.RootInode
        ? Kinship.Exists | Kinship.Directory
        : Of(inode, inode);

    /// <summary>Everything is below the root of its volume.</summary>
    public bool IsWithin(ulong above, ulong below) =>
        above == below || above == VolumeContract.RootInode || (Of(above, below) & Kinship.Within) != 0;
}

/// <summary>The mounts of a cluster as a tree, and what mount(2) and umount2(2) do to it: no actors, no
/// waiting.</summary>
/// <remarks>The rules are those of mount_namespaces(7) and of Linux's fs/namespace.c and fs/pnode.c. A
/// refused change leaves the tree half changed: it is thrown away then.</remarks>
internal sealed partial class MountTree
{
    private readonly Dictionary<ulong, MountNode> _byId = [];
    private MountIds _ids;

    public MountTree(MountEntry[] entries, MountIds ids)
    {
        _ids = ids;
        foreach (var entry in entries)
        {
            var node = new MountNode(entry);
            _byId.Add(entry.Id, node);
            if (_byId.TryGetValue(entry.OnMount, out var parent)) node.Put(parent, entry.OnInode);
        }
        Root = _byId[entries[0].Id];
    }

    public MountNode Root { get; }

    /// <summary>The numbers given so far.</summary>
    public MountIds Ids => _ids;

    public int Count => _byId.Count;

    /// <summary>All mounts, parents first, as the table has them.</summary>
    public MountEntry[] ToEntries() => [.. Root.Tree.Select(static node => node.ToEntry())];

    /// <summary>A mount of the tree; null when there is none by that number, and once the root was
    /// detached.</summary>
    public MountNode? Find(ulong mount) =>
        (Root.Entry.Flags & MountFlag.Detached) == 0 ? _byId.GetValueOrDefault(mount) : null;

    /// <summary>The uppermost of what is mounted at a place, and where another would be put.</summary>
    public static (MountNode Mount, ulong Inode) Top(MountNode mount, ulong inode)
    {
        while (mount.At(inode) is { } over) (mount, inode) = (over, over.RootInode);
        return (mount, inode);
    }

    /// <summary>The mounts that show what is mounted in one: its peers first, then their slaves.</summary>
    public IReadOnlyList<MountNode> Followers(MountNode mount)
    {
        var followers = new List<MountNode>();
        if (mount.Group == 0) return followers;
        var groups = new List<uint> { mount.Group };
        for (var at = 0; at < groups.Count; at++)
        {
            foreach (var node in Root.Tree)
            {
                var follows = node.Group == groups[at] || node.Master == groups[at];
                if (!follows || node == mount || followers.Contains(node)) continue;
                followers.Add(node);
                if (node.Group != 0 && !groups.Contains(node.Group)) groups.Add(node.Group);
            }
        }
        return followers;
    }

    /// <summary>What must be known of the volume before something is mounted at a place of it.</summary>
    public IEnumerable<InodePair> BeforeAttach(MountNode mount, ulong inode) =>
        Followers(mount).Select(follower => new InodePair(follower.RootInode, inode));

    /// <summary>Puts a tree of mounts at a place, and copies of it wherever that is to be seen too.</summary>
    public void Attach(MountNode source, MountNode mount, ulong inode, Kinships kinships)
    {
        var followers = Followers(mount);
        if (mount.Group != 0)
        {
            foreach (var node in source.Tree) Share(node);
        }
        var copies = new CopyGroups(mount.Group);
        foreach (var follower in followers)
        {
            if (!kinships.IsWithin(follower.RootInode, inode)) continue;
            var copy = Copy(source, (from, to) => Follow(from, to, follower, mount, copies));
            copy.Entry = copy.Entry with { Path = PathIn(follower, mount, source.Entry.Path) };
            Tuck(copy, follower, inode);
        }
        Tuck(source, mount, inode);
        foreach (var node in Root.Tree) _byId.TryAdd(node.Entry.Id, node);
    }

    /// <summary>A mount that is not in the tree yet.</summary>
    public MountNode New(MountEntry entry) => new(entry with { Id = _ids.NextMount() });

    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE.</summary>
    public void Propagate(MountNode mount, ulong flags)
    {
        var recursive = (flags & MountRequest.Recursive) != 0;
        var type = flags & MountRequest.Propagation;
        foreach (var node in recursive ? mount.Tree.ToArray() : [mount])
        {
            if (type == MountRequest.Shared)
            {
                Share(node);
                continue;
            }
            var source = node.Group != 0 ? Leave(node) : node.Master;
            node.Master = type == MountRequest.Slave ? source : 0;
            if (type != MountRequest.Slave) node.IsUnbindable = type == MountRequest.Unbindable;
        }
    }

    private void Share(MountNode node)
    {
        if (node.Group == 0) node.Group = _ids.NextGroup();
        node.IsUnbindable = false;
    }

    // Leaves its peers; gives the group that it can follow from then on.
    private uint Leave(MountNode node)
    {
        var (group, master) = (node.Group, node.Master);
        node.Group = 0;
        if (group == 0 || Root.Tree.Any(other => other.Group == group)) return group;
        // Who followed the last one follows whom that followed.
        foreach (var slave in Root.Tree)
        {
            if (slave.Master == group) slave.Master = master;
        }
        return master;
    }

    // The copy of one mount for a follower: a peer of it for peers, else a slave of the copy before.
    private void Follow(
        MountNode from, MountNode to, MountNode follower, MountNode mount, CopyGroups copies)
    {
        if (follower.Group == mount.Group) return;
        to.Master = copies.For(from, MasterWithCopy(from, follower.Master, copies));
        to.Group = follower.Group == 0 ? 0 : copies.For(from, follower.Group, () => _ids.NextGroup());
    }

    // Masters that don't see the place have no copy; theirs may.
    private uint MasterWithCopy(MountNode from, uint master, CopyGroups copies)
    {
        while (master != 0 && !copies.Has(from, master))
        {
            master = Root.Tree.First(node => node.Group == master).Master;
        }
        return master;
    }

    // A copy of a mount and of all below it but what is unbindable.
    private MountNode Copy(MountNode source, Action<MountNode, MountNode>? adapt = null)
    {
        var copy = New(source.Entry);
        (copy.Group, copy.Master) = (source.Group, source.Master);
        adapt?.Invoke(source, copy);
        foreach (var child in source.Children)
        {
            if (!child.IsUnbindable) Copy(child, adapt).Put(copy, child.OnInode);
        }
        return copy;
    }

    // What is mounted at the place already is seen over what is put below it.
    private static void Tuck(MountNode node, MountNode mount, ulong inode)
    {
        if (mount.At(inode) is { } over)
        {
            var (top, place) = Top(node, node.RootInode);
            over.Put(top, place);
        }
        node.Put(mount, inode);
    }

    private static ByteText PathIn(MountNode follower, MountNode mount, ByteText path)
    {
        var (seen, there) = (mount.Entry.Path, follower.Entry.Path);
        var known = follower.RootInode == mount.RootInode && path.Span.StartsWith(seen.Span);
        return known ? ByteText.Concat(there.Span, path.Span[seen.Length..]) : there;
    }
}
