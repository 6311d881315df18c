using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>An inode: what all kinds of files have.</summary>
internal abstract class RamNode(ulong number, uint mode)
{
    /// <summary>st_ino; never used again within the volume.</summary>
    public ulong Number { get; } = number;

    /// <summary>Type and permission bits.</summary>
    public uint Mode { get; set; } = mode;

    public uint Uid { get; set; }

    public uint Gid { get; set; }

    public uint Links { get; set; } = 1;

    public ulong RDevice { get; init; }

    public long AccessedNs { get; set; }

    public long ModifiedNs { get; set; }

    public long ChangedNs { get; set; }

    /// <summary>F_SET_RW_HINT: kept as long as the inode is, and without effect, as in tmpfs.</summary>
    public byte WriteHint { get; set; }

    /// <summary>How many open files and directory objects keep it alive without a name.</summary>
    public int Pins { get; set; }

    /// <summary>True once its last name is gone while somebody holds it.</summary>
    public bool IsOrphan { get; set; }

    public abstract long Size { get; }

    /// <summary>In units of 512 bytes.</summary>
    public virtual long Blocks => 0;

    public uint Type => Mode & ModeBits.TypeMask;

    public FileStatus StatusOn(ulong device) => new(
        device, Number, Mode, Links, Uid, Gid, RDevice, Size, RamSpace.PageBytes, Blocks,
        AccessedNs, ModifiedNs, ChangedNs);
}

/// <summary>A regular file.</summary>
internal sealed class RamFile(ulong number, uint mode, RamSpace space) : RamNode(number, mode)
{
    private long _size;

    /// <summary>Leases and who waits for their end; null when there are none.</summary>
    public FileLeases? Leases { get; set; }

    /// <summary>How many have it open for writing.</summary>
    public int Writers { get; set; }

    /// <summary>How many have it open for reading only.</summary>
    public int Readers { get; set; }

    public FilePages Pages { get; } = new(space);

    public override long Size => _size;

    public override long Blocks => Pages.PagesUsed * (RamSpace.PageBytes / 512);

    public ReadOnlyMemory<byte> Read(long offset, int count)
    {
        if (offset >= _size) return ReadOnlyMemory<byte>.Empty;
        return Pages.Read(offset, (int)Math.Min(count, _size - offset));
    }

    public int Write(long offset, ReadOnlySpan<byte> data)
    {
        var taken = Pages.Write(offset, data);
        if (taken > 0) _size = Math.Max(_size, offset + taken);
        return taken;
    }

    public void Resize(long size)
    {
        if (size < _size) Pages.Shrink(size);
        _size = size;
    }
}

/// <summary>A symbolic link.</summary>
internal sealed class RamLink(ulong number, ByteText target)
    : RamNode(number, ModeBits.Link | ModeBits.AllAccess)
{
    // Linux keeps targets up to this length, terminator included, in the inode, and longer ones in a page.
    private const int InlineBytesMax = 128;

    public ByteText Target { get; } = target;

    public override long Size => Target.Length;

    public override long Blocks => HasPage ? RamSpace.PageBytes / 512 : 0;

    public bool HasPage => Target.Length + 1 > InlineBytesMax;
}

/// <summary>A device node: a name for a device that other servers serve.</summary>
internal sealed class RamDevice(ulong number, uint mode) : RamNode(number, mode)
{
    public override long Size => 0;
}

/// <summary>A directory.</summary>
internal sealed class RamDirectory(ulong number, uint mode, RamDirectory? parent)
    : RamNode(number, mode), IMountPoint
{
    // What Linux's tmpfs counts for an entry.
    private const int EntrySize = 20;

    /// <summary>The directory that holds it; the root holds itself.</summary>
    public RamDirectory Parent { get => field ?? this; set; } = parent!;

    /// <summary>Its name in the parent, for paths.</summary>
    public ByteText Name { get; set; }

    public EntryTable Entries { get; } = new();

    public int Covers { get; set; }

    /// <summary>True once it was removed: nothing can be made in it any more.</summary>
    public bool Dead => Links == 0;

    /// <summary>Who is told of changes; null while nobody is.</summary>
    public DirectoryWatches? Watches { get; set; }

    public override long Size => (Entries.Count + 2) * EntrySize;

    RamNode IMountPoint.Node => this;

    RamDirectory IMountPoint.Directory => this;
}
