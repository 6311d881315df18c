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
        var roots = new SortedDictionary<ulong, IMountPoint>();
        foreach (var mount in mounts)
        {
            var known = _views.GetValueOrDefault(mount.Mount);
            var root = known?.Shown ?? ToBeShown(mount.RootInode);
            if (root is null) return Errno.ENOENT;
            var turnsReadOnly = (mount.Flags & MountFlag.ReadOnly) != 0 && known is { IsReadOnly: false };
            if (turnsReadOnly && known!.Writers > 0) return Errno.EBUSY;
            roots[mount.Mount] = root;
        }
        var ended = _views.Values.Where(view => !roots.ContainsKey(view.Mount)).ToArray();
        if (unlessUsed && ended.Any(static view => view.IsUsed)) return Errno.EBUSY;
        var places = new List<(IMountPoint Point, CoveredPlace Place)>();
        foreach (var place in covered)
        {
            var errno = Find(place, out var point);
            if (errno != Errno.None) return errno;
            places.Add((point!, place));
        }
        MountVersion = mountVersion;
        foreach (var mount in mounts) Show(mount, roots[mount.Mount]);
        foreach (var view in ended) End(view);
        foreach (var view in _views.Values)
        {
            view.Cover(places.Where(one => one.Place.Mount == view.Mount));
        }
        return Errno.None;
    }

    /// <summary>How directories and names of files lie to each other, a <see cref="Kinship"/>
    /// each.</summary>
    public Outcome<ReadOnlyMemory<byte>> Relate(ulong[] above, ulong[] below)
    {
        if (above.Length != below.Length) return Errno.EINVAL;
        var answers = new byte[above.Length];
        for (var at = 0; at < answers.Length; at++)
        {
            var point = Files.Find(below[at]);
            if (point is null or RamDirectory { Dead: true }) continue;
            var kinship = Kinship.Exists;
            if (point is RamDirectory) kinship |= Kinship.Directory;
            var upper = Files.FindDirectory(above[at]);
            var isWithin = above[at] == below[at]
                || (upper is not null && Files.IsWithin(point.Directory, upper));
            if (isWithin) kinship |= Kinship.Within;
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

    // What a mount is to show: also a name of a file that is gone, when others show it.
    private IMountPoint? ToBeShown(ulong number) => Files.Find(number)
        ?? _views.Values.FirstOrDefault(view => view.Shown.Number == number)?.Shown;

    private Errno Find(CoveredPlace place, out IMountPoint? point)
    {
        // What is covered already stays so, whatever has become of it.
        point = _views.GetValueOrDefault(place.Mount)?.Covered(place.Inode, out _);
        if (point is not null) return Errno.None;
        point = Files.Find(place.Inode);
        if (point is null or RamDirectory { Dead: true }) return Errno.ENOENT;
        return point is RamDirectory == place.ByFile ? Errno.ENOTDIR : Errno.None;
    }

    private void Show(MountView mount, IMountPoint shown)
    {
        if (!_views.TryGetValue(mount.Mount, out var view))
        {
            // The root of a mount lives as long as that.
            RamFileSystem.Pin(shown.Node);
            view = new VolumeView(mount.Mount, shown);
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
