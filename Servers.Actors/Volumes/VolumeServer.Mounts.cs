using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

internal sealed partial class VolumeServer
{
    /// <summary>Takes over what the mount table says of this volume: all of it, or nothing.</summary>
    public Errno Show(ulong mountVersion, MountView[] mounts, CoveredPlace[] covered, bool unlessUsed)
    {
        if (mountVersion < MountVersion) return Errno.None;
        var roots = new SortedDictionary<ulong, RamNode>();
        foreach (var mount in mounts)
        {
            var known = _views.GetValueOrDefault(mount.Mount);
            var root = known?.Root ?? Files.Find(mount.RootInode).Node;
            if (root is null) return Errno.ENOENT;
            var turnsReadOnly = (mount.Flags & MountFlag.ReadOnly) != 0 && known is { IsReadOnly: false };
            if (turnsReadOnly && known!.Writers > 0) return Errno.EBUSY;
            roots[mount.Mount] = root;
        }
        var ended = _views.Values.Where(view => !roots.ContainsKey(view.Mount)).ToArray();
        if (unlessUsed && ended.Any(static view => view.IsUsed)) return Errno.EBUSY;
        var places = new List<(RamNode Node, CoveredPlace Place)>();
        foreach (var place in covered)
        {
            var errno = Find(place, out var node);
            if (errno != Errno.None) return errno;
            places.Add((node!, place));
        }
        MountVersion = mountVersion;
        foreach (var view in ended) End(view);
        foreach (var mount in mounts) Show(mount, roots[mount.Mount]);
        foreach (var view in _views.Values)
        {
            view.Cover(places.Where(one => one.Place.Mount == view.Mount));
        }
        return Errno.None;
    }

    /// <summary>How inodes lie to each other, a <see cref="Kinship"/> each.</summary>
    public Outcome<ReadOnlyMemory<byte>> Relate(ulong[] above, ulong[] below)
    {
        if (above.Length != below.Length) return Errno.EINVAL;
        var answers = new byte[above.Length];
        for (var at = 0; at < answers.Length; at++)
        {
            var (node, parent) = Files.Find(below[at]);
            if (node is null or RamDirectory { Dead: true }) continue;
            var kinship = Kinship.Exists;
            var directory = node as RamDirectory;
            if (directory is not null) kinship |= Kinship.Directory;
            var isSame = node.Number == above[at];
            var upper = isSame ? node : Files.FindDirectory(above[at]);
            if (isSame || (upper is not null && Files.IsWithin(directory ?? parent, upper)))
            {
                kinship |= Kinship.Within;
            }
            answers[at] = (byte)kinship;
        }
        return new ReadOnlyMemory<byte>(answers);
    }

    /// <summary>MNT_EXPIRE: EAGAIN the first time, and again after each use.</summary>
    public Errno Expire(ulong mount)
    {
        if (!_views.TryGetValue(mount, out var view)) return Errno.ESTALE;
        if (view.IsUsed) return Errno.EBUSY;
        if (view.IsExpiring) return Errno.None;
        view.IsExpiring = true;
        return Errno.EAGAIN;
    }

    private VolumeView? ViewFor(ulong mount, CallerIdentity caller)
    {
        if (mount != 0) return _views.GetValueOrDefault(mount);
        return caller.IsKernel || caller.Principal.IsRoot ? _whole : null;
    }

    private Errno Find(CoveredPlace place, out RamNode? node)
    {
        // What is covered already stays so, whatever has become of it.
        node = _views.GetValueOrDefault(place.Mount)?.Covered(place.Inode, out _);
        if (node is not null) return Errno.None;
        node = Files.Find(place.Inode).Node;
        if (node is null or RamDirectory { Dead: true }) return Errno.ENOENT;
        return node is RamDirectory == place.ByFile ? Errno.ENOTDIR : Errno.None;
    }

    private void Show(MountView mount, RamNode root)
    {
        if (!_views.TryGetValue(mount.Mount, out var view))
        {
            // The root of a mount lives as long as that.
            RamFileSystem.Pin(root);
            view = new VolumeView(mount.Mount, root);
            _views.Add(mount.Mount, view);
        }
        (view.Flags, view.Ticket, view.UpTicket) = (mount.Flags, mount.Ticket, mount.UpTicket);
        if ((mount.Flags & MountFlag.Detached) != 0) view.Detach();
    }

    private void End(VolumeView view)
    {
        _views.Remove(view.Mount);
        view.Detach();
        Files.Unpin(view.Root);
    }
}
