using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>Both ends of a rename or link: where each path starts, and what the caller may see.</summary>
internal readonly record struct TwoPaths(
    RamNode OldStart, ByteText OldPath, RamNode NewStart, ByteText NewPath, ulong RootInode);

internal sealed partial class RamFileSystem
{
    public const int NoReplace = 1;
    public const int Exchange = 2;

    /// <summary>How many names an inode may have.</summary>
    public const uint LinksMax = 65_000;

    /// <summary>renameat2(2).</summary>
    /// <param name="side">1 or 2 when that path goes on elsewhere, as found tells; else 0.</param>
    public Errno Rename(
        in TwoPaths paths, int flags, Visitor who, out int side, out WalkFinding found)
    {
        (side, found) = (0, new WalkFinding());
        if ((flags & ~(NoReplace | Exchange)) != 0 || flags == (NoReplace | Exchange)) return Errno.EINVAL;
        var errno = PathWalker.CheckPath(paths.OldPath);
        if (errno == Errno.None) errno = PathWalker.CheckPath(paths.NewPath);
        if (errno != Errno.None) return errno;
        var from = new PathWalker(this, paths.OldStart, paths.OldPath, who, 0, paths.RootInode);
        var to = new PathWalker(this, paths.NewStart, paths.NewPath, who, 0, paths.RootInode);
        errno = from.ToLast();
        if (errno != Errno.None || Stops(from, 1, ref side, ref found)) return errno;
        errno = to.ToLast();
        if (errno != Errno.None || Stops(to, 2, ref side, ref found)) return errno;
        if (from.Kind != LastKind.Name) return Errno.EBUSY;
        if (to.Kind != LastKind.Name) return (flags & NoReplace) != 0 ? Errno.EEXIST : Errno.EBUSY;
        return IsReadOnlyFor(who) ? Errno.EROFS : RenameAt(from, to, flags, who);
    }

    /// <summary>linkat(2).</summary>
    /// <param name="side">1 or 2 when that path goes on elsewhere, as found tells; else 0.</param>
    public Errno Link(in TwoPaths paths, bool followLast, Visitor who, out int side, out WalkFinding found)
    {
        (side, found) = (0, new WalkFinding());
        var errno = PathWalker.CheckPath(paths.OldPath);
        if (errno == Errno.None) errno = PathWalker.CheckPath(paths.NewPath);
        if (errno != Errno.None) return errno;
        var from = new PathWalker(this, paths.OldStart, paths.OldPath, who, 0, paths.RootInode);
        errno = from.ToEnd(followLast, out var node);
        if (errno != Errno.None || Stops(from, 1, ref side, ref found)) return errno;
        return node is null ? Errno.ENOENT : LinkTo(node, paths, who, ref side, ref found);
    }

    /// <summary>linkat(2) of an open file, AT_EMPTY_PATH.</summary>
    /// <param name="side">2 when the path goes on elsewhere, as found tells; else 0.</param>
    public Errno LinkNode(
        RamNode node, RamNode start, ByteText path, ulong rootInode, Visitor who, out int side,
        out WalkFinding found)
    {
        (side, found) = (0, new WalkFinding());
        var errno = PathWalker.CheckPath(path);
        if (errno != Errno.None) return errno;
        return LinkTo(node, new TwoPaths(start, default, start, path, rootInode), who, ref side, ref found);
    }

    private Errno LinkTo(RamNode node, in TwoPaths paths, Visitor who, ref int side, ref WalkFinding found)
    {
        var to = new PathWalker(this, paths.NewStart, paths.NewPath, who, 0, paths.RootInode);
        var errno = to.ToLast();
        if (errno != Errno.None || Stops(to, 2, ref side, ref found)) return errno;
        if (to.Kind != LastKind.Name) return Errno.EEXIST;
        errno = to.FindEntry(out var entry);
        if (errno != Errno.None) return errno;
        if (entry is not null) return Errno.EEXIST;
        if (to.TrailingSlash) return Errno.ENOENT;
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        if (!Access.MayLink(node, who)) return Errno.EPERM;
        errno = MayAdd(to.Directory, who);
        if (errno != Errno.None) return errno;
        if (node is RamDirectory) return Errno.EPERM;
        if (node.Links == 0) return Errno.ENOENT;
        if (node.Links >= LinksMax) return Errno.EMLINK;
        // As tmpfs does: a name is memory too, and is counted as an inode.
        if (!Space.TryTakeInode()) return Errno.ENOSPC;
        var now = Now;
        node.Links++;
        node.ChangedNs = now;
        to.Directory.Entries.Add(ByteText.Of(to.Name), node);
        (to.Directory.ModifiedNs, to.Directory.ChangedNs) = (now, now);
        to.Directory.Watches?.Tell(DirectoryEvents.Create);
        return Errno.None;
    }

    private static bool Stops(in PathWalker walker, int which, ref int side, ref WalkFinding found)
    {
        if (walker.Stop == WalkStop.Done) return false;
        side = which;
        Leave(walker, ref found);
        return true;
    }

    private Errno RenameAt(in PathWalker from, in PathWalker to, int flags, Visitor who)
    {
        var errno = from.FindEntry(out var source);
        if (errno != Errno.None) return errno;
        if (source is null) return Errno.ENOENT;
        errno = to.FindEntry(out var target);
        if (errno != Errno.None) return errno;
        errno = CheckRename(from, to, source.Node, target?.Node, flags);
        if (errno != Errno.None) return errno;
        if (source.Node == target?.Node) return Errno.None;
        errno = MayRename(from.Directory, to.Directory, source.Node, target?.Node, flags, who);
        if (errno != Errno.None) return errno;
        if (source.IsCovered || target is { IsCovered: true }) return Errno.EBUSY;
        var replaces = target is not null && (flags & Exchange) == 0;
        if (replaces && target!.Node is RamDirectory { Entries.Count: > 0 }) return Errno.ENOTEMPTY;
        if ((flags & Exchange) != 0) Swap(from.Directory, source, to.Directory, target!);
        else Move(from.Directory, source, to.Directory, ByteText.Of(to.Name), target);
        return Errno.None;
    }

    /// <summary>What the names themselves forbid, in the order of do_renameat2.</summary>
    private Errno CheckRename(
        in PathWalker from, in PathWalker to, RamNode source, RamNode? target, int flags)
    {
        var exchanges = (flags & Exchange) != 0;
        if ((flags & NoReplace) != 0 && target is not null) return Errno.EEXIST;
        if (exchanges)
        {
            if (target is null) return Errno.ENOENT;
            if (target is not RamDirectory && to.TrailingSlash) return Errno.ENOTDIR;
        }
        if (source is not RamDirectory)
        {
            if (from.TrailingSlash || (!exchanges && to.TrailingSlash)) return Errno.ENOTDIR;
        }
        if (Holds(source, to.Directory)) return Errno.EINVAL;
        if (target is not null && Holds(target, from.Directory))
        {
            return exchanges ? Errno.EINVAL : Errno.ENOTEMPTY;
        }
        return Errno.None;
    }

    /// <summary>What permissions forbid, in the order of vfs_rename.</summary>
    private Errno MayRename(
        RamDirectory from, RamDirectory to, RamNode source, RamNode? target, int flags, Visitor who)
    {
        var isDirectory = source is RamDirectory;
        var errno = MayRemove(from, source, isDirectory, who);
        if (errno != Errno.None) return errno;
        if (target is null) errno = MayAdd(to, who);
        else errno = MayRemove(to, target, (flags & Exchange) != 0
            ? target is RamDirectory
            : isDirectory, who);
        if (errno != Errno.None) return errno;
        if (from != to)
        {
            // Its ".." changes.
            if (isDirectory && !Access.Allows(source, who, ModeBits.MayWrite)) return Errno.EACCES;
            var changesTarget = (flags & Exchange) != 0 && target is RamDirectory;
            if (changesTarget && !Access.Allows(target!, who, ModeBits.MayWrite)) return Errno.EACCES;
        }
        return Errno.None;
    }

    /// <summary>True when the node is the directory or one above it.</summary>
    private bool Holds(RamNode node, RamDirectory directory)
    {
        if (node is not RamDirectory) return false;
        for (var at = directory; at != node; at = at.Parent)
        {
            if (at == Root) return false;
        }
        return true;
    }

    private void Move(RamDirectory from, Entry source, RamDirectory to, ByteText name, Entry? target)
    {
        var now = Now;
        if (target is not null) Drop(to, target, now);
        from.Entries.Remove(source);
        if (source.Place is { } place) place.Directory = to;
        to.Entries.Add(name, source.Node, source.Place);
        if (source.Node is RamDirectory moved)
        {
            from.Links--;
            to.Links++;
            (moved.Parent, moved.Name) = (to, name);
        }
        source.Node.ChangedNs = now;
        (from.ModifiedNs, from.ChangedNs, to.ModifiedNs, to.ChangedNs) = (now, now, now, now);
        TellOfMove(from, to);
    }

    private void Swap(RamDirectory from, Entry source, RamDirectory to, Entry target)
    {
        var now = Now;
        (source.Node, target.Node) = (target.Node, source.Node);
        (source.Place, target.Place) = (target.Place, source.Place);
        if (source.Place is { } here) here.Directory = from;
        if (target.Place is { } there) there.Directory = to;
        Settle(target, to, from);
        Settle(source, from, to);
        (source.Node.ChangedNs, target.Node.ChangedNs) = (now, now);
        (from.ModifiedNs, from.ChangedNs, to.ModifiedNs, to.ChangedNs) = (now, now, now, now);
        TellOfMove(from, to);
        TellOfMove(to, from);
    }

    private static void Settle(Entry entry, RamDirectory here, RamDirectory before)
    {
        if (entry.Node is not RamDirectory moved) return;
        before.Links--;
        here.Links++;
        (moved.Parent, moved.Name) = (here, entry.Name);
    }
}
