using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>What directories are told of, as include/linux/fsnotify.h has it.</summary>
internal sealed partial class RamFileSystem
{
    /// <summary>Something happened to an inode: tells the directory by whose name it was reached, and the
    /// inode itself when it is a directory.</summary>
    /// <param name="by">The directory of the name; looked at for what is no directory.</param>
    public void Tell(RamNode node, RamDirectory? by, DirectoryEvents events)
    {
        if (events == DirectoryEvents.None) return;
        if (node is not RamDirectory directory)
        {
            by?.Watches?.Tell(events);
            return;
        }
        if (directory != Root) directory.Parent.Watches?.Tell(events);
        directory.Watches?.Tell(events);
    }

    /// <summary>What chown(2) tells: nothing when it leaves both ids.</summary>
    public static DirectoryEvents OwnerEvents(long uid, long gid) =>
        uid is -1 or uint.MaxValue && gid is -1 or uint.MaxValue
            ? DirectoryEvents.None
            : DirectoryEvents.Attribute;

    /// <summary>What utimensat(2) tells.</summary>
    public static DirectoryEvents TimeEvents(long accessedNs, long modifiedNs) =>
        (accessedNs != SetTime.Omit, modifiedNs != SetTime.Omit) switch
        {
            (true, true) => DirectoryEvents.Attribute,
            (true, false) => DirectoryEvents.Access,
            (false, true) => DirectoryEvents.Modify,
            _ => DirectoryEvents.None,
        };

    private static void TellOfMove(RamDirectory from, RamDirectory to)
    {
        if (from == to) from.Watches?.Tell(DirectoryEvents.Rename);
        from.Watches?.Tell(DirectoryEvents.Delete);
        to.Watches?.Tell(DirectoryEvents.Create);
    }

    private void TellOfChange(
        in WalkRequest request, RamNode node, RamDirectory by, Errno errno)
    {
        if (errno != Errno.None) return;
        var events = request.Intent switch
        {
            WalkIntent.SetMode => DirectoryEvents.Attribute,
            WalkIntent.SetOwner => OwnerEvents(request.First, request.Second),
            WalkIntent.SetTimes => TimeEvents(request.First, request.Second),
            _ => DirectoryEvents.None,
        };
        Tell(node, by, events);
    }
}
