using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

internal sealed partial class RamFileSystem
{
    private static Errno CheckOpenFlags(int flags)
    {
        if ((flags & OpenFlags.O_PATH) != 0) return Errno.None;
        if ((flags & OpenFlags.TemporaryFile) != 0)
        {
            var complete = (flags & (OpenFlags.O_DIRECTORY | OpenFlags.O_CREAT)) == OpenFlags.O_DIRECTORY;
            // A file without a name is not offered; open(2) names this error for such file systems.
            return complete
                && (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY ? Errno.EOPNOTSUPP : Errno.EINVAL;
        }
        const int createDirectory = OpenFlags.O_DIRECTORY | OpenFlags.O_CREAT;
        return (flags & createDirectory) == createDirectory ? Errno.EINVAL : Errno.None;
    }

    private Errno Open(ref PathWalker walker, in WalkRequest request, Visitor who, ref WalkFinding found)
    {
        var flags = request.Flags;
        if ((flags & OpenFlags.O_PATH) != 0)
        {
            flags &= OpenFlags.O_PATH | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW;
        }
        var follow = request.FollowLast && (flags & OpenFlags.O_NOFOLLOW) == 0;
        if ((flags & OpenFlags.O_CREAT) != 0)
        {
            return OpenOrCreate(ref walker, request, follow, who, ref found);
        }
        var errno = walker.ToEnd(follow, out var node);
        if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
        found.Place = node is RamDirectory ? null : PlaceOf(walker.Entry, walker.Directory);
        return node is null ? Errno.ENOENT : OpenFound(node, flags, who, ref found);
    }

    private Errno OpenOrCreate(
        ref PathWalker walker, in WalkRequest request, bool follow, Visitor who, ref WalkFinding found)
    {
        var exclusive = (request.Flags & OpenFlags.O_EXCL) != 0;
        while (true)
        {
            var errno = walker.ToLast();
            if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
            if (walker.Kind != LastKind.Name) return OpenStart(walker, request.Flags, who, ref found);
            if (walker.TrailingSlash) return Errno.EISDIR;
            errno = walker.FindEntry(out var entry);
            if (errno != Errno.None) return errno;
            if (entry is null) return CreateFile(walker, request.Mode, who, ref found);
            if (exclusive) return Errno.EEXIST;
            if (entry.Node is not RamLink link || !follow)
            {
                if (StopsAt(ref walker, entry, who)) return Errno.None;
                if (entry.Node is RamDirectory) return Errno.EISDIR;
                found.Place = PlaceOf(entry, walker.Directory);
                return Access.StickyForbidsCreating(walker.Directory, entry.Node, who)
                    ? Errno.EACCES
                    : OpenFound(entry.Node, request.Flags, who, ref found);
            }
            errno = walker.Follow(link);
            if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
        }
    }

    // O_CREAT of what a mount shows, or of dots.
    private Errno OpenStart(in PathWalker walker, int flags, Visitor who, ref WalkFinding found)
    {
        if ((flags & OpenFlags.O_EXCL) != 0) return Errno.EEXIST;
        return walker.File is { } file ? OpenFound(file, flags, who, ref found) : Errno.EISDIR;
    }

    private static bool StopsAt(ref PathWalker walker, Entry entry, Visitor who)
    {
        if (entry.Place is not { } place || !who.View.Covers(place)) return false;
        walker.StopAtMount(place);
        return true;
    }

    private Errno CreateFile(in PathWalker walker, uint mode, Visitor who, ref WalkFinding found)
    {
        var errno = MayAdd(walker.Directory, who);
        if (errno != Errno.None) return errno;
        if (!Space.TryTakeInode()) return Errno.ENOSPC;
        var file = new RamFile(++_lastNumber, ModeBits.Regular | (mode & ModeBits.AllPermissions), Space);
        Add(walker.Directory, ByteText.Of(walker.Name), file, who);
        // Whoever made it may use it as it was opened, whatever its mode says.
        (found.Node, found.Created) = (file, true);
        found.Place = PlaceOf(walker.Directory.Entries.Find(walker.Name), walker.Directory);
        return Errno.None;
    }

    private Errno OpenFound(RamNode node, int flags, Visitor who, ref WalkFinding found)
    {
        if ((flags & OpenFlags.O_DIRECTORY) != 0 && node is not RamDirectory) return Errno.ENOTDIR;
        found.Node = node;
        if ((flags & OpenFlags.O_PATH) != 0) return Errno.None;
        if (node is RamLink) return Errno.ELOOP;
        var wanted = WantedAccess(flags);
        if (node is RamDirectory && (wanted & ModeBits.MayWrite) != 0) return Errno.EISDIR;
        if (node is RamDevice && who.View.Has(MountFlag.NoDevices)) return Errno.EACCES;
        var truncates = (flags & OpenFlags.O_TRUNC) != 0 && node is RamFile;
        if (truncates && IsReadOnlyFor(who)) return Errno.EROFS;
        var errno = Permit(node, who, wanted);
        if (errno != Errno.None) return errno;
        if ((flags & OpenFlags.O_NOATIME) != 0 && !Access.Owns(node, who)) return Errno.EPERM;
        found.ToBeCut = truncates;
        return Errno.None;
    }

    private static uint WantedAccess(int flags)
    {
        var wanted = (flags & OpenFlags.O_ACCMODE) switch
        {
            OpenFlags.O_RDONLY => ModeBits.MayRead,
            OpenFlags.O_WRONLY => ModeBits.MayWrite,
            _ => ModeBits.MayRead | ModeBits.MayWrite,
        };
        return (flags & OpenFlags.O_TRUNC) != 0 ? wanted | ModeBits.MayWrite : wanted;
    }
}
