using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Personality.Linux.Paths;

/// <summary>rename and link: two paths, and one volume that must hold both ends.</summary>
internal static class TwoPaths
{
    private const int RoundsMax = 4_096;

    /// <summary>What to do with the two paths, once both start in one volume.</summary>
    public delegate ValueTask<Outcome<TwoPathReply>> Deed(PathCursor from, PathCursor to);

    /// <summary>Runs the deed where both paths have got to. EXDEV when they end in different
    /// volumes.</summary>
    /// <param name="finds">How link(2) looks for what it links before it compares volumes; null for
    /// rename(2), which compares them first.</param>
    public static async ValueTask<Errno> Run(PathCursor from, PathCursor to, WalkRequest? finds, Deed deed)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            if (from.Volume != to.Volume)
            {
                var met = await Meet(from, to, finds);
                if (met != Errno.None) return met;
            }
            var reply = await deed(from, to);
            var errno = reply.Errno;
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
                var side = reply.Value.Side == 1 ? from : to;
                errno = await side.Advance(reply.Value.Walk);
            }
            if (errno != Errno.None) return errno;
        }
        return Errno.ELOOP;
    }

    // The starts differ; the ends need not. Both are walked to the directory of the last name, errors of
    // either path coming before EXDEV, and the volumes compared there.
    private static async ValueTask<Errno> Meet(PathCursor from, PathCursor to, WalkRequest? finds)
    {
        var first = await ToParent(from);
        if (first != Errno.None) return first;
        var second = await ToParent(to);
        if (second != Errno.None) return second;
        if (from.Volume == to.Volume) return Errno.None;
        if (finds is null) return Errno.EXDEV;
        var found = await from.Walk(finds.Value);
        return found.Failed ? found.Errno : from.Volume == to.Volume ? Errno.None : Errno.EXDEV;
    }

    private static async ValueTask<Errno> ToParent(PathCursor cursor)
    {
        var parent = await cursor.Walk(new WalkRequest { Intent = WalkIntent.Parent, Text = "" });
        return parent.Failed ? parent.Errno : cursor.StandAtParent(parent.Value);
    }
}
