namespace K42.Servers.Pipes;

/// <summary>What each user's pipes on a node may hold: the pages that they have room for, and the bytes of
/// writes that wait.</summary>
/// <remarks>Shared by the actors that pipes live in: any thread may call it. A count is changed first and
/// taken back when it is too much, as Linux does it.</remarks>
internal sealed class PipeUsage(PipeSettings settings)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, int> _pages = [];
    private readonly Dictionary<uint, long> _waiting = [];

    /// <summary>Charges a user for the pages of a new pipe; gives how many it gets.</summary>
    public int NewPipe(uint user, bool isPrivileged)
    {
        lock (_lock)
        {
            var pages = PipeBuffer.SlotsDefault;
            var isTooMuch = _pages.GetValueOrDefault(user) + pages > settings.UserPagesMax;
            if (isTooMuch && !isPrivileged) pages = PipeBuffer.SlotsMin;
            Change(user, pages);
            return pages;
        }
    }

    /// <summary>Charges a user for a change; false when it is for more than there may be.</summary>
    public bool Resize(uint user, int before, int after, bool isPrivileged)
    {
        lock (_lock)
        {
            var change = after - before;
            var isTooMuch = _pages.GetValueOrDefault(user) + change > settings.UserPagesMax;
            if (change > 0 && isTooMuch && !isPrivileged) return false;
            Change(user, change);
            return true;
        }
    }

    /// <summary>Charges a user for a write that is to wait; false when too many bytes wait already.</summary>
    public bool Waits(uint user, int bytes)
    {
        lock (_lock)
        {
            var waiting = _waiting.GetValueOrDefault(user) + bytes;
            if (waiting > settings.UserWaitingBytesMax) return false;
            _waiting[user] = waiting;
            return true;
        }
    }

    /// <summary>A write waits no more.</summary>
    public void WaitsNoMore(uint user, int bytes)
    {
        lock (_lock)
        {
            var waiting = _waiting.GetValueOrDefault(user) - bytes;
            if (waiting > 0) _waiting[user] = waiting;
            else _waiting.Remove(user);
        }
    }

    private void Change(uint user, int pages)
    {
        var now = _pages.GetValueOrDefault(user) + pages;
        if (now > 0) _pages[user] = now;
        else _pages.Remove(user);
    }
}
