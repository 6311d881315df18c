using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>By which numbers mounts know directories and names of files.</summary>
internal sealed partial class RamFileSystem
{
    // Far above those of inodes.
    private const ulong PlacesBase = 1UL << 63;

    // Names that root asked for in order to mount something, as long as they are there.
    private readonly Dictionary<ulong, Place> _places = [];
    private ulong _lastPlace = PlacesBase;

    /// <summary>A directory, or a name of a file, by the number that mounts have of it; null when it is not
    /// there.</summary>
    public IMountPoint? Find(ulong number) =>
        FindDirectory(number) ?? (IMountPoint?)_places.GetValueOrDefault(number);

    private static Place? PlaceOf(Entry? entry, RamDirectory directory) =>
        entry is null ? null : entry.Place ??= new Place(directory, entry.Node);

    // The number of what a walk ended at. Only who may mount something is told, and takes room for it.
    private ulong NumberOf(in PathWalker walker, RamNode node, Visitor who)
    {
        if (!who.Principal.IsAdministrator) return 0;
        if (node is RamDirectory) return node.Number;
        // A file that was reached without a name is what the mount shows.
        if (PlaceOf(walker.Entry, walker.Directory) is not { } place) return who.View.Shown.Number;
        if (place.Number == 0) _places.Add(place.Number = ++_lastPlace, place);
        return place.Number;
    }

    private void Forget(Entry entry)
    {
        if (entry.Place is { } place) _places.Remove(place.Number);
    }
}
