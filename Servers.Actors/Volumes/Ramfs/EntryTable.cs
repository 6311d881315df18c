using K42.Contracts;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>A name of a file for who opened it by that, and for mounts: it goes along when the name is
/// moved.</summary>
internal sealed class Place(RamDirectory directory, RamNode node) : IMountPoint
{
    public RamDirectory Directory { get; set; } = directory;

    public RamNode Node { get; } = node;

    /// <summary>0 until a mount needs it (<see cref="RamFileSystem.Find"/>).</summary>
    public ulong Number { get; set; }

    public int Covers { get; set; }
}

/// <summary>A name in a directory.</summary>
internal sealed class Entry(ByteText name, RamNode node, long cookie)
{
    public ByteText Name { get; } = name;

    public RamNode Node { get; set; } = node;

    /// <summary>Its place in the directory's order; never used again within the directory.</summary>
    public long Cookie { get; } = cookie;

    public bool Removed { get; set; }

    /// <summary>Its place, once somebody opened a file by it or it was mounted on.</summary>
    public Place? Place { get; set; }

    /// <summary>Where something else may be seen instead; null when that was never so.</summary>
    public IMountPoint? MountPoint => Node as RamDirectory ?? (IMountPoint?)Place;

    /// <summary>True when some mount shows something else here: then the name stays.</summary>
    public bool IsCovered => MountPoint is { Covers: > 0 };
}

/// <summary>The names of one directory: found by name, listed in the order in which they were made.</summary>
/// <remarks>A listing goes on from a cookie, so names that stay are given exactly once whatever is added or
/// removed
/// meanwhile.</remarks>
internal sealed class EntryTable
{
    /// <summary>Cookies 0 and 1 are "." and "..".</summary>
    public const long FirstCookie = 2;

    private const int CompactMin = 16;

    private readonly List<Entry> _inOrder = [];
    private Dictionary<ByteText, Entry>? _byName;
    private long _nextCookie = FirstCookie;

    public int Count => _byName?.Count ?? 0;

    public Entry? Find(ReadOnlySpan<byte> name) =>
        _byName is not null
        && _byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var entry)
            ? entry
            : null;

    public void Add(ByteText name, RamNode node, Place? place = null)
    {
        var entry = new Entry(name, node, _nextCookie++) { Place = place };
        (_byName ??= new Dictionary<ByteText, Entry>(ByteText.Comparer)).Add(name, entry);
        _inOrder.Add(entry);
    }

    public void Remove(Entry entry)
    {
        _byName!.Remove(entry.Name);
        entry.Removed = true;
        if (_byName.Count == 0)
        {
            _inOrder.Clear();
            _byName = null;
        }
        else if (_inOrder.Count >= CompactMin && _inOrder.Count > 2 * _byName.Count)
        {
            _inOrder.RemoveAll(static old => old.Removed);
        }
    }

    /// <summary>Where a listing goes on: an index for <see cref="At"/>.</summary>
    public int IndexFrom(long cookie)
    {
        var (low, high) = (0, _inOrder.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_inOrder[middle].Cookie < cookie) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>The first name at or after an index, which moves behind it; null at the end.</summary>
    public Entry? At(ref int index)
    {
        while (index < _inOrder.Count)
        {
            var entry = _inOrder[index++];
            if (!entry.Removed) return entry;
        }
        return null;
    }
}
