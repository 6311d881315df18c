using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>What the last component of a path is.</summary>
internal enum LastKind : byte
{
    /// <summary>A name to look up.</summary>
    Name,

    /// <summary>".".</summary>
    Dot,

    /// <summary>"..".</summary>
    DotDot,

    /// <summary>Nothing but slashes: the starting directory itself.</summary>
    Start,
}

/// <summary>One walk along one path: Linux's order of checks, component by component.</summary>
/// <remarks>A symlink's target takes the place of the components it stood for, so nesting needs no
/// stack.</remarks>
internal ref struct PathWalker(
    RamFileSystem files, RamNode start, ByteText path, Visitor who, int linksFollowed, ulong rootInode)
{
    /// <summary>The longest path, without the terminator (PATH_MAX).</summary>
    public const int PathBytesMax = 4_095;

    /// <summary>The longest name (NAME_MAX).</summary>
    public const int NameBytesMax = 255;

    /// <summary>How many components are walked in one turn: as many as ordinary paths never have.</summary>
    public const int StepsMax = 512;

    private ByteText _path = path;
    private int _at;
    private int _name;
    private int _nameEnd;
    private int _steps;

    /// <summary>Where the walk has got to: the directory that the last component is looked up in.</summary>
    public RamDirectory Directory { get; private set; } = start as RamDirectory ?? files.Root;

    /// <summary>The start when it is no directory: a file that is mounted somewhere. Nothing can follow
    /// it.</summary>
    public RamNode? File { get; } = start is RamDirectory ? null : start;

    public LastKind Kind { get; private set; }

    /// <summary>Whether slashes follow the last component.</summary>
    public bool TrailingSlash { get; private set; }

    /// <summary>Why the walk has to go on elsewhere, if it has to.</summary>
    public WalkStop Stop { get; private set; }

    /// <summary>What remains of the path then, without leading slashes.</summary>
    public ByteText Rest { get; private set; }

    /// <summary>The number of what is covered, with <see cref="WalkStop.Mount"/>.</summary>
    public ulong MountInode { get; private set; }

    /// <summary>The name at whose end a walk found something; null when it ended at no name.</summary>
    public Entry? Entry { get; private set; }

    public int LinksFollowed { get; private set; } = Math.Clamp(
        linksFollowed, 0, DirectoryContract.SymlinksMax);

    /// <summary>The last component.</summary>
    public readonly ReadOnlySpan<byte> Name => _path.Span[_name.._nameEnd];

    /// <summary>The last component with its slashes, to give on.</summary>
    public readonly ByteText LastPart => ByteText.Of(_path.Span[_name..]);

    private readonly bool Stopped => Stop != WalkStop.Done;

    /// <summary>ENAMETOOLONG for more than <see cref="PathBytesMax"/>.</summary>
    public static Errno CheckPath(ByteText path)
    {
        if (path.Span.Contains((byte)0)) return Errno.EINVAL;
        return path.Length <= PathBytesMax ? Errno.None : Errno.ENAMETOOLONG;
    }

    /// <summary>Walks to the directory of the last component.</summary>
    public Errno ToLast()
    {
        while (true)
        {
            SkipSlashes();
            _name = _nameEnd = _at;
            if (_at == _path.Length)
            {
                (Kind, TrailingSlash) = (LastKind.Start, false);
                return Errno.None;
            }
            if (File is not null) return Errno.ENOTDIR;
            if (!Access.Allows(Directory, who, ModeBits.MayExecute)) return Errno.EACCES;
            TakeComponent();
            if (_at == _path.Length) return Errno.None;
            var errno = Intermediate();
            if (errno == Errno.None && !Stopped && ++_steps >= StepsMax)
            {
                Stop = WalkStop.Far;
                Rest = Remaining();
            }
            if (errno != Errno.None || Stopped) return errno;
        }
    }

    /// <summary>Walks all the way. Null, without error, when the walk stopped or the last name is not
    /// there.</summary>
    /// <param name="follow">Whether a symlink at the end is followed; one before a slash always is.</param>
    public Errno ToEnd(bool follow, out RamNode? node)
    {
        while (true)
        {
            node = null;
            var errno = ToLast();
            if (errno != Errno.None || Stopped) return errno;
            if (Kind != LastKind.Name)
            {
                if (Kind == LastKind.DotDot) errno = Up();
                if (errno == Errno.None && !Stopped) node = File ?? Directory;
                return errno;
            }
            errno = FindEntry(out var entry);
            if (errno != Errno.None || entry is null) return errno;
            var found = entry.Node;
            if (found is RamLink link && (follow || TrailingSlash))
            {
                errno = Follow(link);
                if (errno != Errno.None || Stopped) return errno;
                continue;
            }
            if (TrailingSlash && found is not RamDirectory) return Errno.ENOTDIR;
            if (entry.MountPoint is { } point && who.View.Covers(point)) StopAtMount(point);
            else (node, Entry) = (found, entry);
            return Errno.None;
        }
    }

    /// <summary>Looks the last component up.</summary>
    public readonly Errno Find(out RamNode? node)
    {
        var errno = FindEntry(out var entry);
        node = entry?.Node;
        return errno;
    }

    /// <summary>Looks the last component up.</summary>
    public readonly Errno FindEntry(out Entry? entry)
    {
        entry = null;
        if (Name.Length > NameBytesMax) return Errno.ENAMETOOLONG;
        entry = Directory.Entries.Find(Name);
        return Errno.None;
    }

    /// <summary>Puts a symlink's target in the place of the last component.</summary>
    public Errno Follow(RamLink link)
    {
        if (LinksFollowed++ >= DirectoryContract.SymlinksMax || who.View.Has(MountFlag.NoSymlinks))
            return Errno.ELOOP;
        files.TouchAccessed(link, who.View);
        // What remains begins with a slash, or is nothing.
        _path = ByteText.Concat(link.Target.Span, _path.Span[_nameEnd..]);
        _at = 0;
        if (!link.Target.StartsWith('/')) return Errno.None;
        // The caller's root is not taken on its word: it goes there by a handle that it holds.
        Stop = WalkStop.AbsoluteLink;
        SkipSlashes();
        Rest = Remaining();
        return Errno.None;
    }

    public void StopAtMount(IMountPoint covered)
    {
        Stop = WalkStop.Mount;
        MountInode = covered.Number;
        Rest = Remaining();
    }

    private Errno Intermediate()
    {
        if (Kind == LastKind.Dot) return Errno.None;
        if (Kind == LastKind.DotDot)
        {
            return Up();
        }
        var errno = Find(out var node);
        if (errno != Errno.None) return errno;
        switch (node)
        {
            case null:
                return Errno.ENOENT;
            case RamDirectory covered when who.View.Covers(covered):
                StopAtMount(covered);
                return Errno.None;
            case RamDirectory next:
                Directory = next;
                return Errno.None;
            case RamLink link:
                return Follow(link);
            default:
                return Errno.ENOTDIR;
        }
    }

    private Errno Up()
    {
        var view = who.View;
        if (Directory.Number == rootInode || (view.IsDetached && Directory == view.Root))
        {
            // What is mounted over the caller's root is seen from there by ".." only.
        }
        else if (Directory == view.Root)
        {
            Stop = WalkStop.AboveRoot;
            Rest = Remaining();
            return Errno.None;
        }
        else
        {
            Directory = Directory.Parent;
            // It was moved out of what the mount shows.
            var shown = view.Root == files.Root || files.IsWithin(Directory, view.Root);
            if (!shown) return Errno.ENOENT;
        }
        if (view.Covers(Directory)) StopAtMount(Directory);
        return Errno.None;
    }

    private void TakeComponent()
    {
        _name = _at;
        var length = _path.Span[_at..].IndexOf((byte)'/');
        _nameEnd = _at = length < 0 ? _path.Length : _at + length;
        SkipSlashes();
        TrailingSlash = _at > _nameEnd;
        Kind = Name switch
        {
            [(byte)'.'] => LastKind.Dot,
            [(byte)'.', (byte)'.'] => LastKind.DotDot,
            _ => LastKind.Name,
        };
    }

    private void SkipSlashes()
    {
        var bytes = _path.Span;
        while (_at < bytes.Length && bytes[_at] == '/') _at++;
    }

    // What remains of the path.
    private readonly ByteText Remaining() => _at == 0 ? _path : ByteText.Of(_path.Span[_at..]);
}
