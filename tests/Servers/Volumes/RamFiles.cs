using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;
using K42.Servers.Volumes;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Tests.Volumes;

/// <summary>The ramfs by the same calls as <see cref="HostFiles"/>.</summary>
internal sealed class RamFiles
{
    private static readonly Principal Maker = new("maker", 0, 0, [0], Authentication.Node);

    private readonly RamFileSystem _files;
    private readonly RamDirectory _start;
    private readonly VolumeView _view;
    private readonly uint _mask;

    /// <param name="umask">What the library takes off new modes.</param>
    public RamFiles(
        string levels, Principal maker, uint umask = 0, long bytesMax = 1L << 30, long inodesMax = 100_000)
    {
        _mask = ~umask;
        var options = new RamOptions(bytesMax, inodesMax, 0x1FF, maker.Uid, maker.Gid, false);
        _files = new RamFileSystem(1, options, Clock);
        _view = new VolumeView(0, _files.Root);
        _start = _files.Root;
        foreach (var level in levels.Split('/'))
        {
            var step = Walking.To(level, WalkIntent.MakeDirectory, mode: 0x1FF);
            _files.Walk(_start, step, By(maker), out var found);
            _start = (RamDirectory)found.Node!;
        }
    }

    public RamFileSystem Files => _files;

    public RamDirectory Start => _start;

    public HandClock Clock { get; } = new();

    /// <summary>True once a call left the file system, which the host's directory does not bound.</summary>
    public bool Left { get; private set; }

    /// <summary>Somebody, with no mount in the way.</summary>
    public Visitor By(Principal who) => new(who, _view);

    public string Run(FileOperation one, Principal who)
    {
        var (path, number, more) = (one.Path, one.Number, one.More);
        return one.Call switch
        {
            FileCall.Open => Shown(Walk(path, WalkIntent.Open, who, flags: number, mode: (uint)more & _mask)),
            FileCall.MakeDirectory =>
                Shown(Walk(path, WalkIntent.MakeDirectory, who, mode: (uint)number & _mask)),
            FileCall.RemoveDirectory => Shown(Walk(path, WalkIntent.RemoveDirectory, who)),
            FileCall.Unlink => Shown(Walk(path, WalkIntent.Unlink, who)),
            FileCall.Symlink => Shown(Walk(path, WalkIntent.MakeLink, who, text: one.Other)),
            FileCall.Link => Shown(Link(one, who)),
            FileCall.Rename => Shown(Rename(one, who)),
            FileCall.SetMode => Shown(Walk(path, WalkIntent.SetMode, who, mode: (uint)number)),
            FileCall.SetOwner => Shown(Walk(path, WalkIntent.SetOwner, who, first: number, second: more)),
            FileCall.Truncate => Shown(Walk(path, WalkIntent.Truncate, who, first: number)),
            FileCall.Status => Status(path, who, follow: true),
            FileCall.LinkStatus => Status(path, who, follow: false),
            FileCall.Access => Shown(Walk(path, WalkIntent.Access, who, mode: (uint)number)),
            FileCall.ReadLink => Walk(path, WalkIntent.ReadLink, who) is var read && read.Failed
                ? Shown(read) : read.Value.Text.ToString(),
            FileCall.Write => Written(path, who, number, more),
            FileCall.Read => Read(path, who, number, more),
            FileCall.List => Listed(path, who),
            _ => Shown(Walk(path, WalkIntent.MakeNode, who, mode: 0x8000 | ((uint)number & _mask))),
        };
    }

    public Outcome<WalkFinding> Walk(
        string path, WalkIntent intent, Principal who, int flags = 0, uint mode = 0, bool follow = true,
        long first = 0, long second = 0, string text = "")
    {
        var request = Walking.To(path, intent, flags, mode, follow, first, second, text);
        var errno = _files.Walk(_start, request, By(who), out var found);
        if (errno == Errno.None) _files.Cut(request, found, By(who));
        Left |= found.Stop != WalkStop.Done;
        return errno == Errno.None ? found : errno;
    }

    private static string Shown(Outcome<WalkFinding> outcome) => outcome.Errno.ToString();

    private Outcome<WalkFinding> Link(FileOperation one, Principal who)
    {
        var paths = new TwoPaths(_start, one.Path, _start, one.Other, 0);
        var errno = _files.Link(paths, one.Number != 0, By(who), out var side, out var found);
        Left |= side != 0;
        return errno == Errno.None ? found : errno;
    }

    private Outcome<WalkFinding> Rename(FileOperation one, Principal who)
    {
        var paths = new TwoPaths(_start, one.Path, _start, one.Other, 0);
        var errno = _files.Rename(paths, one.Number, By(who), out var side, out var found);
        Left |= side != 0;
        return errno == Errno.None ? found : errno;
    }

    private string Status(string path, Principal who, bool follow)
    {
        var found = Walk(path, WalkIntent.Status, who, follow: follow);
        if (found.Failed || Left) return Shown(found);
        var status = found.Value.Node!.StatusOn(1);
        return $"mode {Convert.ToString(status.Mode, 8)} links {status.Links} "
            + $"owner {status.Uid}:{status.Gid} size {status.Size} blocks {status.Blocks}";
    }

    private string Written(string path, Principal who, long offset, int count)
    {
        var found = Walk(path, WalkIntent.Open, who, OpenFlags.O_WRONLY);
        if (found.Failed || Left) return Shown(found);
        var written = _files.Write((RamFile)found.Value.Node!, offset, SampleBytes.Make(count), By(who));
        return written.Failed ? written.Errno.ToString() : $"{written.Value}";
    }

    private string Read(string path, Principal who, long offset, int count)
    {
        var found = Walk(path, WalkIntent.Open, who, OpenFlags.O_RDONLY);
        if (found.Failed || Left) return Shown(found);
        if (found.Value.Node is not RamFile file) return nameof(Errno.EISDIR);
        var (first, second) = (Math.Min(count, 65_536), Math.Max(0, count - 65_536));
        byte[] bytes =
        [
            .. _files.Read(file, offset, first, touch: true, _view).Span,
            .. _files.Read(file, offset + first, second, touch: true, _view).Span,
        ];
        return SampleBytes.Digest(bytes);
    }

    private string Listed(string path, Principal who)
    {
        var found = Walk(path, WalkIntent.Open, who, OpenFlags.O_DIRECTORY);
        if (found.Failed || Left) return Shown(found);
        long position = 0;
        var records = DirectoryReader.Read((RamDirectory)found.Value.Node!, ref position, 65_536).Value;
        return DirectoryRecords.Shown(records.Span);
    }
}

/// <summary>A clock that a test sets.</summary>
internal sealed class HandClock : IClock
{
    public long MonotonicNs => RealtimeNs;

    public long RealtimeNs { get; set; } = 1_700_000_000_000_000_000;

    public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state) =>
        throw new NotSupportedException("nothing here waits");
}
