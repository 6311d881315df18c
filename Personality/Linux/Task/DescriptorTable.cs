namespace K42.Personality.Linux;

/// <summary>A task's descriptors: small numbers that lead to open files.</summary>
/// <remarks>Safe for calls at once. A file that leaves it is the caller's to close.</remarks>
internal sealed class DescriptorTable
{
    /// <summary>RLIMIT_NOFILE as tasks begin.</summary>
    public const int LimitDefault = 1_024;

    private readonly Lock _lock = new();
    private Entry[] _entries = new Entry[16];
    private int _free;
    private bool _closed;

    private record struct Entry(OpenFile? File, bool CloseOnExec);

    /// <summary>Descriptors are below this.</summary>
    public int Limit { get; init; } = LimitDefault;

    /// <summary>Whether a descriptor can be added.</summary>
    public bool HasFree
    {
        get
        {
            lock (_lock) return FirstFree(0) < Limit;
        }
    }

    /// <summary>The open file, with a use for the caller to end; null when there is none.</summary>
    public OpenFile? Hold(int fd)
    {
        lock (_lock) return (uint)fd < (uint)_entries.Length ? _entries[fd].File?.Hold() : null;
    }

    /// <summary>Gives a file the lowest free number, and takes over the caller's use of it.</summary>
    /// <param name="lowest">The lowest number that will do.</param>
    /// <returns>The number; -1 when none is free, and the use stays the caller's.</returns>
    public int Add(OpenFile file, bool closeOnExec, int lowest = 0)
    {
        lock (_lock)
        {
            var fd = FirstFree(lowest);
            if (fd >= Limit || _closed) return -1;
            Set(fd, new Entry(file, closeOnExec));
            return fd;
        }
    }

    /// <summary>Puts a file at a number, and takes over the caller's use of it.</summary>
    /// <returns>What was there, for the caller to close; null when nothing was.</returns>
    public OpenFile? Replace(int fd, OpenFile file, bool closeOnExec)
    {
        OpenFile? before;
        lock (_lock)
        {
            before = fd < _entries.Length ? _entries[fd].File : null;
            if (_closed) before = file;
            else Set(fd, new Entry(file, closeOnExec));
        }
        return before;
    }

    /// <summary>Takes a number away.</summary>
    /// <returns>What it led to, for the caller to close; null when that was nothing.</returns>
    public OpenFile? Take(int fd)
    {
        lock (_lock)
        {
            if ((uint)fd >= (uint)_entries.Length || _entries[fd].File is not { } file) return null;
            _entries[fd] = default;
            _free = Math.Min(_free, fd);
            return file;
        }
    }

    /// <summary>Whether a number leads to a file.</summary>
    public bool LeadsTo(int fd, OpenFile file)
    {
        lock (_lock) return (uint)fd < (uint)_entries.Length && _entries[fd].File == file;
    }

    /// <summary>Whether a number closes on exec; null when it leads nowhere.</summary>
    public bool? CloseOnExec(int fd)
    {
        lock (_lock)
        {
            var open = (uint)fd < (uint)_entries.Length && _entries[fd].File is not null;
            return open ? _entries[fd].CloseOnExec : null;
        }
    }

    /// <summary>Sets whether a number closes on exec; false when it leads nowhere.</summary>
    public bool SetCloseOnExec(int fd, bool closeOnExec)
    {
        lock (_lock)
        {
            if ((uint)fd >= (uint)_entries.Length || _entries[fd].File is null) return false;
            _entries[fd].CloseOnExec = closeOnExec;
            return true;
        }
    }

    /// <summary>All descriptors in order, each with a use for the caller to end: what fork copies.</summary>
    public IReadOnlyList<(int Fd, OpenFile File, bool CloseOnExec)> HoldAll()
    {
        var all = new List<(int, OpenFile, bool)>();
        lock (_lock)
        {
            for (var fd = 0; fd < _entries.Length; fd++)
            {
                var file = _entries[fd].File?.Hold();
                if (file is not null) all.Add((fd, file, _entries[fd].CloseOnExec));
            }
        }
        return all;
    }

    /// <summary>Takes all away, for good: descriptors can't be added afterwards.</summary>
    /// <returns>What they led to, once per descriptor, for the caller to close.</returns>
    public IReadOnlyList<OpenFile> TakeAll()
    {
        Entry[] all;
        lock (_lock)
        {
            _closed = true;
            (all, _entries) = (_entries, []);
        }
        return [.. all.Where(static entry => entry.File is not null).Select(static entry => entry.File!)];
    }

    private int FirstFree(int lowest)
    {
        var fd = Math.Max(lowest, _free);
        while (fd < _entries.Length && _entries[fd].File is not null) fd++;
        return fd;
    }

    private void Set(int fd, Entry entry)
    {
        if (fd >= _entries.Length) Array.Resize(ref _entries, Math.Max(fd + 1, _entries.Length * 2));
        _entries[fd] = entry;
        // Everything below stays taken only when this was the lowest free one.
        if (fd == _free) _free = fd + 1;
    }
}
