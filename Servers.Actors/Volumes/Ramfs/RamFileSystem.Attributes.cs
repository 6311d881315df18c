using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

internal sealed partial class RamFileSystem
{
    /// <summary>chmod(2): permission bits, for the owner and root.</summary>
    public Errno SetMode(RamNode node, uint mode, Visitor who)
    {
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        if (node is RamLink) return Errno.EOPNOTSUPP;
        if (!Access.Owns(node, who)) return Errno.EPERM;
        mode &= ModeBits.AllPermissions;
        if (!who.Principal.IsRoot && !who.Principal.InGroup(node.Gid)) mode &= ~ModeBits.SetGid;
        node.Mode = node.Type | mode;
        node.ChangedNs = Now;
        return Errno.None;
    }

    /// <summary>chown(2): root may do all, the owner may choose among its groups.</summary>
    /// <param name="uid">-1 leaves it as it is.</param>
    /// <param name="gid">-1 leaves it as it is.</param>
    public Errno SetOwner(RamNode node, long uid, long gid, Visitor who)
    {
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        var newUid = uid is -1 or uint.MaxValue ? node.Uid : (uint)uid;
        var newGid = gid is -1 or uint.MaxValue ? node.Gid : (uint)gid;
        var isOwner = node.Uid == who.Principal.Uid;
        if (!who.Principal.IsRoot)
        {
            if (uid is not (-1 or uint.MaxValue) && (!isOwner || newUid != node.Uid)) return Errno.EPERM;
            var groupIsFree = isOwner && (newGid == node.Gid || who.Principal.InGroup(newGid));
            if (gid is not (-1 or uint.MaxValue) && !groupIsFree) return Errno.EPERM;
        }
        var mode = Access.ModeAfterChown(node, who);
        if (mode != node.Mode && !Access.Owns(node, who)) return Errno.EPERM;
        (node.Uid, node.Gid, node.Mode, node.ChangedNs) = (newUid, newGid, mode, Now);
        return Errno.None;
    }

    /// <summary>utimensat(2): both "now" is a touch, which write permission allows; the rest is the
    /// owner's.</summary>
    public Errno SetTimes(RamNode node, long accessedNs, long modifiedNs, Visitor who)
    {
        if (accessedNs == SetTime.Omit && modifiedNs == SetTime.Omit) return Errno.None;
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        if (!Access.Owns(node, who))
        {
            if (accessedNs != SetTime.Now || modifiedNs != SetTime.Now) return Errno.EPERM;
            if (!Access.Allows(node, who, ModeBits.MayWrite)) return Errno.EACCES;
        }
        var now = Now;
        if (accessedNs != SetTime.Omit) node.AccessedNs = accessedNs == SetTime.Now ? now : accessedNs;
        if (modifiedNs != SetTime.Omit) node.ModifiedNs = modifiedNs == SetTime.Now ? now : modifiedNs;
        node.ChangedNs = now;
        return Errno.None;
    }

    /// <summary>Reads from a file at an offset, and notes when.</summary>
    public ReadOnlyMemory<byte> Read(RamFile file, long offset, int count, bool touch, VolumeView view)
    {
        var bytes = file.Read(offset, count);
        if (touch) TouchAccessed(file, view);
        return bytes;
    }

    /// <summary>Writes to a file at an offset: how many bytes were taken, or ENOSPC when none
    /// fitted.</summary>
    public Outcome<int> Write(RamFile file, long offset, ReadOnlySpan<byte> data, Visitor who)
    {
        if (data.IsEmpty) return 0;
        file.Mode = Access.ModeAfterWrite(file, who);
        var now = Now;
        (file.ModifiedNs, file.ChangedNs) = (now, now);
        var taken = file.Write(offset, data);
        return taken == 0 ? Errno.ENOSPC : taken;
    }

    /// <summary>ftruncate(2) and O_TRUNC note the time always; truncate(2) only when the size
    /// changes.</summary>
    public void Resize(RamFile file, long size, bool byDescriptor, Visitor who)
    {
        file.Mode = Access.ModeAfterWrite(file, who);
        if (byDescriptor || size != file.Size)
        {
            var now = Now;
            (file.ModifiedNs, file.ChangedNs) = (now, now);
        }
        file.Resize(size);
    }

    /// <summary>Does what a walk to open(2) with O_TRUNC or to truncate(2) left to be done.</summary>
    public void Cut(in WalkRequest walk, in WalkFinding found, Visitor who)
    {
        if (!found.ToBeCut || found.Node is not RamFile file) return;
        var opens = walk.Intent == WalkIntent.Open;
        Resize(file, opens ? 0 : walk.First, byDescriptor: opens, who);
        Tell(file, found.Place?.Directory, DirectoryEvents.Modify);
    }

    private Errno MayTruncate(RamNode node, Visitor who, ref WalkFinding found)
    {
        if (node is RamDirectory) return Errno.EISDIR;
        if (node is not RamFile file) return Errno.EINVAL;
        if (IsReadOnlyFor(who)) return Errno.EROFS;
        found.ToBeCut = true;
        return Permit(file, who, ModeBits.MayWrite);
    }
}
