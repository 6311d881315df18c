using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Personality.Linux.Paths;

/// <summary>rename and link: two paths, and one mount that must hold both ends.</summary>
internal static class TwoPaths
{
    private const int RoundsMax = 4_096;

    /// <summary>What to do with the two paths, once both start in one mount.</summary>
    public delegate ValueTask<Outcome<TwoPathReply>> Deed(PathCursor from, PathCursor to);

    /// <summary>Runs the deed where both paths have got to. EXDEV when they end in different
    /// mounts.</summary>
    /// <param name="finds">How link(2) looks for what it links before it compares mounts; null for
    /// rename(2), which compares them first.</param>
    public static async ValueTask<Errno> Run(PathCursor from, PathCursor to, WalkRequest? finds, Deed deed)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            if (from.Mount != to.Mount)
            {
                var met = await Meet(from, to, finds);
                if (met != Errno.None) return met;
            }
            var errno = await from.Fit();
            if (errno == Errno.None) errno = await to.Fit();
            if (errno != Errno.None) return errno;
            var reply = await deed(from, to);
            errno = reply.Errno;
            if (errno == Errno.Refresh)
            {
                errno = await from.Refresh();
                if (errno == Errno.None && to.Mounts.Version < from.Mounts.Version)
                {
                    errno = await to.Refresh();
                }
            }
            else if (!reply.Failed)
            {
                if (reply.Value.Side == 0) return Errno.None;
                errno = reply.Value.Side == 1
                    ? await Advance(from, reply.Value.Walk, finds)
                    : await Advance(to, reply.Value.Walk, null);
            }
            if (errno != Errno.None) return errno;
        }
        return Errno.ELOOP;
    }

    /// <summary>The same with one path, whose end must be in a mount.</summary>
    public static async ValueTask<Errno> Run(
        ulong mount, PathCursor to, Func<PathCursor, ValueTask<Outcome<TwoPathReply>>> deed)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            if (mount != to.Mount)
            {
                var errno = await ToParent(to);
                if (errno == Errno.None && mount != to.Mount) errno = await Apart(to);
                if (errno != Errno.None) return errno;
            }
            var went = await to.Fit();
            if (went != Errno.None) return went;
            var reply = await deed(to);
            went = reply.Errno;
            if (went == Errno.Refresh) went = await to.Refresh();
            else if (reply is { Failed: false, Value.Side: 0 }) return Errno.None;
            else if (!reply.Failed) went = await Advance(to, reply.Value.Walk, null);
            if (went != Errno.None) return went;
        }
        return Errno.ELOOP;
    }

    // A deed counts symlinks from zero: once some were followed, the rest is walked by what counts them all.
    private static async ValueTask<Errno> Advance(PathCursor side, WalkReply reply, WalkRequest? finds)
    {
        var errno = await side.Advance(reply with { LinksFollowed = side.Links + reply.LinksFollowed });
        return errno == Errno.None && side.Links > 0 ? await Find(side, finds) : errno;
    }

    /// <summary>Walks the first path as far as Linux does before it looks at the second: link(2) to its end,
    /// rename(2) to its parent.</summary>
    public static async ValueTask<Errno> Find(PathCursor from, WalkRequest? finds) => finds is { } whole
        ? (await from.Walk(whole)).Errno
        : await ToParent(from);

    // The starts differ; the ends need not. Both are walked to the directory of the last name, errors of
    // either path coming before EXDEV, and the mounts compared there.
    private static async ValueTask<Errno> Meet(PathCursor from, PathCursor to, WalkRequest? finds)
    {
        var first = await ToParent(from);
        if (first != Errno.None) return first;
        var second = await ToParent(to);
        if (second != Errno.None) return second;
        if (from.Mount == to.Mount) return Errno.None;
        if (finds is null) return Errno.EXDEV;
        var found = await from.Walk(finds.Value);
        if (found.Failed) return found.Errno;
        return from.Mount == to.Mount ? Errno.None : await Apart(to);
    }

    // What link(2) finds wrong with the new name before it says that it is in another mount.
    private static async ValueTask<Errno> Apart(PathCursor to)
    {
        var exists = await to.Walk(new WalkRequest { Intent = WalkIntent.Status });
        if (!exists.Failed) return Errno.EEXIST;
        if (exists.Errno != Errno.ENOENT || to.Path.EndsWith('/')) return exists.Errno;
        return await to.IsReadOnly() ? Errno.EROFS : Errno.EXDEV;
    }

    private static async ValueTask<Errno> ToParent(PathCursor cursor)
    {
        var parent = await cursor.Walk(new WalkRequest { Intent = WalkIntent.Parent });
        return parent.Failed ? parent.Errno : cursor.StandAtParent(parent.Value);
    }
}
