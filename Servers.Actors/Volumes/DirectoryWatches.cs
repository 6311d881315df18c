using K42.Locks;

namespace K42.Servers.Volumes;

/// <summary>What F_NOTIFY tells of (fcntl(2)): DN_*.</summary>
[Flags]
internal enum DirectoryEvents : uint
{
    None = 0,
    Access = 1,
    Modify = 2,
    Create = 4,
    Delete = 8,
    Rename = 16,
    Attribute = 32,

    /// <summary>DN_MULTISHOT: more than once.</summary>
    Many = 0x8000_0000,
}

/// <summary>Who is told of what happens to a directory's files, and to itself.</summary>
/// <remarks>One watch for each process and open file description, as Linux has it: further ones add to it,
/// and it goes when the process closes any of its descriptors of the description.</remarks>
internal sealed class DirectoryWatches
{
    private readonly List<Watch> _watches = [];

    public bool IsEmpty => _watches.Count == 0;

    public void Add(OpenFile file, int process, int descriptor, DirectoryEvents events)
    {
        var watch = _watches.Find(one => one.File == file && one.Process == process);
        if (watch is null) _watches.Add(watch = new Watch(file, process));
        watch.Descriptor = descriptor;
        watch.Events |= events;
    }

    public void Remove(OpenFile file, int process) =>
        _watches.RemoveAll(one => one.File == file && one.Process == process);

    public void Tell(DirectoryEvents events)
    {
        for (var i = _watches.Count - 1; i >= 0; i--)
        {
            var watch = _watches[i];
            if ((watch.Events & events) == 0) continue;
            if ((watch.Events & DirectoryEvents.Many) == 0) _watches.RemoveAt(i);
            watch.File.Notices.Send(PollReason.Message, watch.Descriptor);
        }
    }

    private sealed class Watch(OpenFile file, int process)
    {
        public OpenFile File => file;

        public int Process => process;

        public int Descriptor { get; set; }

        public DirectoryEvents Events { get; set; }
    }
}
