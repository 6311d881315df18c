using K42.Contracts;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>Who may do what with an inode: Linux's rules without ACLs, root holding every
/// capability.</summary>
internal static class Access
{
    /// <summary>path_resolution(7): the owner's bits for the owner, the group's for members, else the
    /// others'.</summary>
    /// <param name="wanted">MayRead, MayWrite and MayExecute bits.</param>
    public static bool Allows(RamNode node, Principal who, uint wanted)
    {
        if (who.IsRoot)
        {
            return (wanted & ModeBits.MayExecute) == 0 || node is RamDirectory
                || (node.Mode & ModeBits.AnyExecute) != 0;
        }
        var bits = node.Uid == who.Uid ? node.Mode >> 6 : who.InGroup(node.Gid) ? node.Mode >> 3 : node.Mode;
        return (bits & wanted) == wanted;
    }

    public static bool Owns(RamNode node, Principal who) => who.IsRoot || node.Uid == who.Uid;

    /// <summary>The sticky bit: only the owner of the file, of the directory, or root may remove or
    /// rename.</summary>
    public static bool StickyForbids(RamDirectory directory, RamNode node, Principal who) =>
        (directory.Mode & ModeBits.Sticky) != 0 && !who.IsRoot
        && node.Uid != who.Uid && directory.Uid != who.Uid;

    /// <summary>O_CREAT on what is there already, in a sticky directory that everybody writes to: links and
    /// devices of third parties are refused. Files are not (protected_regular=0).</summary>
    public static bool StickyForbidsCreating(RamDirectory directory, RamNode node, Principal who)
    {
        const uint shared = ModeBits.Sticky | ModeBits.MayWrite;
        return (directory.Mode & shared) == shared && node is not RamFile
            && node.Uid != directory.Uid && node.Uid != who.Uid;
    }

    /// <summary>The set-id bits that stay when somebody writes to the file.</summary>
    public static uint ModeAfterWrite(RamNode node, Principal who)
    {
        if (who.IsRoot || node is not RamFile) return node.Mode;
        return node.Mode & ~(ModeBits.SetUid | SetGidToDrop(node, who));
    }

    /// <summary>The set-id bits that stay when the owner changes: for files even root loses them.</summary>
    public static uint ModeAfterChown(RamNode node, Principal who) =>
        node is RamDirectory ? node.Mode : node.Mode & ~(ModeBits.SetUid | SetGidToDrop(node, who));

    /// <summary>Hard links only to what one owns, or could read and write anyway
    /// (protected_hardlinks=1).</summary>
    public static bool MayLink(RamNode node, Principal who)
    {
        if (Owns(node, who)) return true;
        const uint executableSetGid = ModeBits.SetGid | ModeBits.GroupExecute;
        return node is RamFile && (node.Mode & ModeBits.SetUid) == 0
            && (node.Mode & executableSetGid) != executableSetGid
            && Allows(node, who, ModeBits.MayRead | ModeBits.MayWrite);
    }

    private static uint SetGidToDrop(RamNode node, Principal who)
    {
        if ((node.Mode & ModeBits.SetGid) == 0) return 0;
        var executable = (node.Mode & ModeBits.GroupExecute) != 0;
        return executable || (!who.IsRoot && !who.InGroup(node.Gid)) ? ModeBits.SetGid : 0;
    }
}
