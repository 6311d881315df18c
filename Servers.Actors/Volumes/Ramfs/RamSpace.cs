namespace K42.Servers.Volumes.Ramfs;

/// <summary>What a volume may use and uses: pages, memory and inodes.</summary>
/// <param name="pagesMax">How many pages of 4 KiB its files may have (the size= option).</param>
/// <param name="inodesMax">How many inodes it may have (the nr_inodes= option).</param>
internal sealed class RamSpace(long pagesMax, long inodesMax)
{
    /// <summary>How many bytes a page has: the unit of st_blocks, of holes and of the size limit.</summary>
    public const int PageBytes = 4_096;

    // What a small volume needs for the rounding of its few chunks.
    private const long SlackBytes = 1 << 20;

    // A chunk that is mostly hole holds more memory than it has pages; a volume of such chunks must not
    // exhaust the node. Full ones are rounded up too, by a third on average.
    private long BytesHeldMax => SlackBytes + (Math.Min(long.MaxValue / 4, PagesMax * PageBytes) / 2 * 3);

    public long PagesMax { get; private set; } = pagesMax;

    public long InodesMax { get; private set; } = inodesMax;

    public long PagesUsed { get; private set; }

    public long InodesUsed { get; private set; }

    /// <summary>Memory behind the pages, holes within chunks included.</summary>
    public long BytesHeld { get; private set; }

    public long PagesFree => PagesMax - PagesUsed;

    /// <summary>Other limits; false when more is used than they allow.</summary>
    public bool TrySetLimits(long pages, long inodes)
    {
        if (pages < PagesUsed || inodes < InodesUsed) return false;
        (PagesMax, InodesMax) = (pages, inodes);
        return true;
    }

    public bool TryTakePages(long count)
    {
        if (count > PagesFree) return false;
        PagesUsed += count;
        return true;
    }

    public void GivePages(long count) => PagesUsed -= count;

    public bool TryHold(long bytes)
    {
        if (bytes > BytesHeldMax - BytesHeld) return false;
        BytesHeld += bytes;
        return true;
    }

    public void LetGo(long bytes) => BytesHeld -= bytes;

    public bool TryTakeInode()
    {
        if (InodesUsed >= InodesMax) return false;
        InodesUsed++;
        return true;
    }

    public void GiveInode() => InodesUsed--;
}
