using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

internal sealed partial class RamFileSystem
{
    private static Errno CheckNodeType(uint mode) => (mode & ModeBits.TypeMask) switch
    {
        0 or ModeBits.Regular or ModeBits.CharacterDevice or ModeBits.BlockDevice => Errno.None,
        ModeBits.Fifo or ModeBits.Socket => Errno.None,
        ModeBits.Directory => Errno.EPERM,
        _ => Errno.EINVAL,
    };

    /// <summary>mkdir, mknod and symlink.</summary>
    private Errno Make(ref PathWalker walker, in WalkRequest request, Visitor who, ref WalkFinding found)
    {
        var errno = walker.ToLast();
        if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
        if (walker.Kind != LastKind.Name) return Errno.EEXIST;
        errno = walker.FindEntry(out var entry);
        if (errno != Errno.None) return errno;
        if (entry is not null) return Errno.EEXIST;
        if (walker.TrailingSlash && request.Intent != WalkIntent.MakeDirectory) return Errno.ENOENT;
        var directory = walker.Directory;
        errno = MayAdd(directory, who);
        if (errno != Errno.None) return errno;
        errno = NewNode(directory, request, who, out var node);
        if (errno != Errno.None) return errno;
        Add(directory, ByteText.Of(walker.Name), node!, who);
        found.Node = node;
        return Errno.None;
    }

    private Errno NewNode(RamDirectory directory, in WalkRequest request, Visitor who, out RamNode? node)
    {
        node = null;
        var type = request.Intent == WalkIntent.MakeNode ? request.Mode & ModeBits.TypeMask : 0;
        var isDevice = type is ModeBits.CharacterDevice or ModeBits.BlockDevice;
        if (isDevice && !who.Principal.IsRoot) return Errno.EPERM;
        // mknod(2): EPERM when the file system does not support the type of node.
        if (type is ModeBits.Fifo or ModeBits.Socket) return Errno.EPERM;
        if (!Space.TryTakeInode()) return Errno.ENOSPC;
        var number = ++_lastNumber;
        switch (request.Intent)
        {
            case WalkIntent.MakeDirectory:
                var mode = ModeBits.Directory | (request.Mode & (ModeBits.AllAccess | ModeBits.Sticky));
                node = new RamDirectory(number, mode, directory) { Links = 2 };
                return Errno.None;
            case WalkIntent.MakeLink:
                var link = new RamLink(number, request.Text);
                if (link.HasPage && !Space.TryTakePages(1))
                {
                    Space.GiveInode();
                    return Errno.ENOSPC;
                }
                node = link;
                return Errno.None;
            default:
                var bits = request.Mode & ModeBits.AllPermissions;
                node = isDevice
                    ? new RamDevice(number, type | bits) { RDevice = (ulong)request.First }
                    : new RamFile(number, ModeBits.Regular | bits, Space);
                return Errno.None;
        }
    }

    /// <summary>May a name be added here?</summary>
    private Errno MayAdd(RamDirectory directory, Visitor who)
    {
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        if (directory.Dead) return Errno.ENOENT;
        return Permit(directory, who, ModeBits.MayWrite | ModeBits.MayExecute);
    }

    /// <summary>Gives a new inode its owner and its first name (inode(7): set-group-ID
    /// directories).</summary>
    private void Add(RamDirectory directory, ByteText name, RamNode node, Visitor who)
    {
        const uint executableSetGid = ModeBits.SetGid | ModeBits.GroupExecute;
        var now = Now;
        var inherits = (directory.Mode & ModeBits.SetGid) != 0;
        (node.Uid, node.Gid) = (who.Principal.Uid, inherits ? directory.Gid : who.Principal.Gid);
        (node.AccessedNs, node.ModifiedNs, node.ChangedNs) = (now, now, now);
        if (node is RamDirectory child)
        {
            if (inherits) child.Mode |= ModeBits.SetGid;
            child.Name = name;
            directory.Links++;
            _directories.Add(child.Number, child);
        }
        else if (inherits && (node.Mode & executableSetGid) == executableSetGid)
        {
            if (!who.Principal.IsRoot && !who.Principal.InGroup(directory.Gid)) node.Mode &= ~ModeBits.SetGid;
        }
        if (node is RamFile or RamLink) FileCount++;
        directory.Entries.Add(name, node);
        (directory.ModifiedNs, directory.ChangedNs) = (now, now);
        directory.Watches?.Tell(DirectoryEvents.Create);
    }

    private Errno Unlink(ref PathWalker walker, Visitor who)
    {
        var errno = walker.ToLast();
        if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
        if (walker.Kind != LastKind.Name) return Errno.EISDIR;
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        errno = walker.FindEntry(out var entry);
        if (errno != Errno.None) return errno;
        if (entry is null) return Errno.ENOENT;
        if (walker.TrailingSlash) return entry.Node is RamDirectory ? Errno.EISDIR : Errno.ENOTDIR;
        errno = MayRemove(walker.Directory, entry.Node, asDirectory: false, who);
        if (errno != Errno.None) return errno;
        if (entry.IsCovered) return Errno.EBUSY;
        Drop(walker.Directory, entry, Now);
        walker.Directory.Watches?.Tell(DirectoryEvents.Delete);
        return Errno.None;
    }

    private Errno RemoveDirectory(ref PathWalker walker, Visitor who)
    {
        var errno = walker.ToLast();
        if (errno != Errno.None || walker.Stop != WalkStop.Done) return errno;
        switch (walker.Kind)
        {
            case LastKind.DotDot:
                return Errno.ENOTEMPTY;
            case LastKind.Dot:
                return Errno.EINVAL;
            case LastKind.Start:
                return Errno.EBUSY;
        }
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        errno = walker.FindEntry(out var entry);
        if (errno != Errno.None) return errno;
        if (entry is null) return Errno.ENOENT;
        errno = MayRemove(walker.Directory, entry.Node, asDirectory: true, who);
        if (errno != Errno.None) return errno;
        var victim = (RamDirectory)entry.Node;
        if (entry.IsCovered) return Errno.EBUSY;
        if (victim.Entries.Count > 0) return Errno.ENOTEMPTY;
        Drop(walker.Directory, entry, Now);
        walker.Directory.Watches?.Tell(DirectoryEvents.Delete);
        return Errno.None;
    }

    /// <summary>may_delete: the directory's permissions, the sticky bit, then the kind of the
    /// victim.</summary>
    private Errno MayRemove(RamDirectory directory, RamNode victim, bool asDirectory, Visitor who)
    {
        var errno = Permit(directory, who, ModeBits.MayWrite | ModeBits.MayExecute);
        if (errno != Errno.None) return errno;
        if (Access.StickyForbids(directory, victim, who)) return Errno.EPERM;
        if (asDirectory) return victim is RamDirectory ? Errno.None : Errno.ENOTDIR;
        return victim is RamDirectory ? Errno.EISDIR : Errno.None;
    }

    /// <summary>Takes a name away, and with its last name the inode.</summary>
    private void Drop(RamDirectory directory, Entry entry, long now)
    {
        directory.Entries.Remove(entry);
        Forget(entry);
        var node = entry.Node;
        if (node is RamDirectory)
        {
            node.Links = 0;
            directory.Links--;
        }
        else if (--node.Links > 0)
        {
            Space.GiveInode();
        }
        (directory.ModifiedNs, directory.ChangedNs, node.ChangedNs) = (now, now, now);
        EndIfUnused(node);
    }
}
