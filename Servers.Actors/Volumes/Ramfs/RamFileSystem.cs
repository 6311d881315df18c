using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>What a walk found, or why and how it goes on elsewhere.</summary>
internal struct WalkFinding
{
    public WalkStop Stop;
    public ByteText Rest;
    public int LinksFollowed;
    public ulong MountInode;
    public RamNode? Node;
    public ByteText Text;

    /// <summary>Where the name is by which a file was opened; null for directories.</summary>
    public Place? Place;

    /// <summary>Whether open(2) made the file.</summary>
    public bool Created;

    /// <summary>Whether the file is to be cut (<see cref="RamFileSystem.Cut"/>), which leases may
    /// delay.</summary>
    public bool ToBeCut;
}

/// <summary>A file system in memory with the semantics of Linux's tmpfs: no actors, no handles, no
/// waiting.</summary>
/// <remarks>Errors and their precedence are those of fs/namei.c, fs/open.c, fs/attr.c and mm/shmem.c; a spec
/// compares them with the host's tmpfs.</remarks>
internal sealed partial class RamFileSystem
{
    public const long TypeMagic = 0x0102_1994;

    private const long DayNs = 24L * 60 * 60 * 1_000_000_000;

    // Mounts find directories by number; other inodes are never looked up that way.
    private readonly Dictionary<ulong, RamDirectory> _directories = [];
    private readonly IClock _clock;
    private RamOptions _options;
    private ulong _lastNumber;

    public RamFileSystem(ulong device, RamOptions options, IClock clock)
    {
        (Device, _options, _clock) = (device, options, clock);
        Space = new RamSpace(Math.Max(1, options.BytesMax / RamSpace.PageBytes), options.InodesMax);
        Space.TryTakeInode();
        var now = clock.RealtimeNs;
        Root = new RamDirectory(++_lastNumber, ModeBits.Directory | options.Mode, null)
        {
            Links = 2, Uid = options.Uid, Gid = options.Gid, AccessedNs = now, ModifiedNs = now,
            ChangedNs = now,
        };
        _directories.Add(Root.Number, Root);
    }

    /// <summary>st_dev of everything here.</summary>
    public ulong Device { get; }

    public RamDirectory Root { get; }

    public RamSpace Space { get; }

    public bool IsReadOnly => _options.IsReadOnly;

    /// <summary>How many inodes are neither directories nor devices.</summary>
    public long FileCount { get; private set; }

    /// <summary>How many inodes have no name left and are kept alive by who holds them.</summary>
    public long Orphans { get; private set; }

    private long Now => _clock.RealtimeNs;

    /// <summary>What statfs(2) tells through a mount.</summary>
    public VolumeStatus StatusFor(VolumeView view) => new(
        TypeMagic, RamSpace.PageBytes, (ulong)Space.PagesMax, (ulong)Space.PagesFree, (ulong)Space.InodesMax,
        (ulong)(Space.InodesMax - Space.InodesUsed), Device, PathWalker.NameBytesMax,
        MountFlags.ForStatus(view.Flags | (IsReadOnly ? MountFlag.ReadOnly : 0)));

    /// <summary>A directory by its number; null when there is none.</summary>
    public RamDirectory? FindDirectory(ulong number) => _directories.GetValueOrDefault(number);

    /// <summary>Whether a directory is another, or below it.</summary>
    public bool IsWithin(RamDirectory? below, RamNode above)
    {
        for (var at = below; at is not null; at = at == Root ? null : at.Parent)
        {
            if (at == above) return true;
        }
        return false;
    }

    /// <summary>Walks a path and does what it is for.</summary>
    public Errno Walk(RamNode start, in WalkRequest request, Visitor who, out WalkFinding found)
    {
        found = new WalkFinding();
        var errno = CheckBeforeWalk(request);
        if (errno == Errno.None) errno = PathWalker.CheckPath(request.Path);
        if (errno != Errno.None) return errno;
        var walker = new PathWalker(this, start, request.Path, who, request.LinksFollowed, request.RootInode);
        errno = request.Intent switch
        {
            WalkIntent.Open => Open(ref walker, request, who, ref found),
            WalkIntent.MakeDirectory or WalkIntent.MakeNode or WalkIntent.MakeLink =>
                Make(ref walker, request, who, ref found),
            WalkIntent.Unlink => Unlink(ref walker, who),
            WalkIntent.RemoveDirectory => RemoveDirectory(ref walker, who),
            WalkIntent.Parent => FindParent(ref walker, ref found),
            _ => OnExisting(ref walker, request, who, ref found),
        };
        Leave(walker, ref found);
        return errno;
    }

    /// <summary>Marks an inode as read now, by the rules of the mount (mount(8), relatime as long as it has
    /// no others).</summary>
    public void TouchAccessed(RamNode node, VolumeView view)
    {
        if (IsReadOnly || view.IsReadOnly || view.Has(MountFlag.NoAccessTimes)) return;
        if (node is RamDirectory && view.Has(MountFlag.NoDirectoryAccessTimes)) return;
        var now = Now;
        if (!view.Has(MountFlag.RelativeAccessTimes))
        {
            node.AccessedNs = now;
            return;
        }
        var stale = node.AccessedNs <= node.ModifiedNs || node.AccessedNs <= node.ChangedNs
            || now - node.AccessedNs >= DayNs;
        if (stale) node.AccessedNs = now;
    }

    /// <summary>MS_REMOUNT of mount(2): read-only or not, and the limits that are named.</summary>
    public Errno Remount(bool readOnly, string options, long bytesMax, long inodesMax)
    {
        var before = _options with { BytesMax = bytesMax, InodesMax = inodesMax, IsReadOnly = readOnly };
        var parsed = RamOptions.Parse(options, before);
        if (parsed.Failed) return parsed.Errno;
        var (size, inodes) = RamOptions.Limits(options);
        var after = parsed.Value with
        {
            BytesMax = size ? parsed.Value.BytesMax : _options.BytesMax,
            InodesMax = inodes ? parsed.Value.InodesMax : _options.InodesMax,
        };
        var pages = Math.Max(1, after.BytesMax / RamSpace.PageBytes);
        if (!Space.TrySetLimits(pages, after.InodesMax)) return Errno.EINVAL;
        _options = after;
        return Errno.None;
    }

    /// <summary>Keeps an inode alive while an object stands for it.</summary>
    public static void Pin(RamNode node) => node.Pins++;

    /// <summary>Lets an inode go; without names and pins it ends.</summary>
    public void Unpin(RamNode node)
    {
        node.Pins--;
        EndIfUnused(node);
    }

    /// <summary>The path from what a mount shows: "" for that itself. ENOENT when the directory was removed,
    /// ESTALE when it was moved out of what the mount shows.</summary>
    public Outcome<ByteText> PathOf(RamDirectory directory, VolumeView view)
    {
        ByteText path = default;
        if (directory.Dead) return Errno.ENOENT;
        for (var at = directory; at != view.Root; at = at.Parent)
        {
            if (at == Root) return Errno.ESTALE;
            path = ByteText.Concat(at.Name.Span, path.IsEmpty ? default : "/"u8, path.Span);
            if (path.Length > PathWalker.PathBytesMax) return Errno.ENAMETOOLONG;
        }
        return path;
    }

    private static void Leave(in PathWalker walker, ref WalkFinding found)
    {
        found.LinksFollowed = walker.LinksFollowed;
        if (walker.Stop == WalkStop.Done) return;
        if (walker.Stop == WalkStop.Far) found.Node = walker.Directory;
        (found.Stop, found.Rest, found.MountInode) = (walker.Stop, walker.Rest, walker.MountInode);
    }

    private static Errno CheckBeforeWalk(in WalkRequest request) => request.Intent switch
    {
        WalkIntent.Open => CheckOpenFlags(request.Flags),
        WalkIntent.Access when request.Mode > 7 => Errno.EINVAL,
        WalkIntent.Truncate when request.First < 0 => Errno.EINVAL,
        WalkIntent.MakeNode => CheckNodeType(request.Mode),
        WalkIntent.MakeLink when request.Text.Length == 0 => Errno.ENOENT,
        WalkIntent.MakeLink => PathWalker.CheckPath(request.Text),
        < WalkIntent.Status or > WalkIntent.Place => Errno.EINVAL,
        _ => Errno.None,
    };

    private static Errno FindParent(ref PathWalker walker, ref WalkFinding found)
    {
        var errno = walker.ToLast();
        if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
        (found.Node, found.Rest) = (walker.File ?? walker.Directory, walker.LastPart);
        return Errno.None;
    }

    private Errno OnExisting(
        ref PathWalker walker, in WalkRequest request, Visitor who, ref WalkFinding found)
    {
        var follow = request.FollowLast && request.Intent != WalkIntent.ReadLink;
        var errno = walker.ToEnd(follow, out var node);
        if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
        if (node is null) return Errno.ENOENT;
        found.Node = node;
        errno = Change(request, node, who, ref found);
        found.Place = found.ToBeCut ? PlaceOf(walker.Entry, walker.Directory) : null;
        if (request.Intent == WalkIntent.Place) found.MountInode = NumberOf(walker, node, who);
        TellOfChange(request, node, walker.Directory, errno);
        return errno;
    }

    private Errno Change(in WalkRequest request, RamNode node, Visitor who, ref WalkFinding found)
    {
        switch (request.Intent)
        {
            case WalkIntent.Directory:
                if (node is not RamDirectory) return Errno.ENOTDIR;
                return Access.Allows(node, who, ModeBits.MayExecute) ? Errno.None : Errno.EACCES;
            case WalkIntent.Access:
                return CheckAccess(node, who, request.Mode);
            case WalkIntent.ReadLink:
                if (node is not RamLink link) return Errno.EINVAL;
                TouchAccessed(link, who.View);
                found.Text = link.Target;
                return Errno.None;
            case WalkIntent.SetMode:
                return SetMode(node, request.Mode, who);
            case WalkIntent.SetOwner:
                return SetOwner(node, request.First, request.Second, who);
            case WalkIntent.Truncate:
                return MayTruncate(node, who, ref found);
            case WalkIntent.SetTimes:
                return SetTimes(node, request.First, request.Second, who);
            default:
                return Errno.None;
        }
    }

    private bool IsReadOnlyFor(Visitor who) => IsReadOnly || who.View.IsReadOnly;

    /// <summary>inode_permission: a read-only volume first, then the mode bits; a read-only mount
    /// last.</summary>
    private Errno Permit(RamNode node, Visitor who, uint wanted)
    {
        var writes = (wanted & ModeBits.MayWrite) != 0 && node is not RamDevice;
        if (writes && IsReadOnly) return Errno.EROFS;
        if (!Access.Allows(node, who, wanted)) return Errno.EACCES;
        return writes && who.View.IsReadOnly ? Errno.EROFS : Errno.None;
    }

    private Errno CheckAccess(RamNode node, Visitor who, uint wanted)
    {
        var executes = (wanted & ModeBits.MayExecute) != 0 && node is RamFile;
        if (executes && who.View.Has(MountFlag.NoExecute)) return Errno.EACCES;
        return Permit(node, who, wanted);
    }

    private void EndIfUnused(RamNode node)
    {
        if (node.Links > 0) return;
        if (node.Pins > 0)
        {
            if (!node.IsOrphan) Orphans++;
            node.IsOrphan = true;
            return;
        }
        if (node.IsOrphan) Orphans--;
        Space.GiveInode();
        switch (node)
        {
            case RamDirectory directory:
                _directories.Remove(directory.Number);
                return;
            case RamFile file:
                file.Resize(0);
                break;
            case RamLink { HasPage: true }:
                Space.GivePages(1);
                break;
        }
        if (node is not RamDevice) FileCount--;
    }
}
