using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

internal sealed partial class MountWriter
{
    /// <summary>Makes a changed tree the table: the volumes that it concerns are told first, so that walks
    /// with an older table are told to refresh; then all nodes.</summary>
    /// <param name="strict">Volumes whose refusal undoes the change. Of the others only EBUSY counts:
    /// whatever else is wrong with them, they have no more to hide.</param>
    /// <param name="unlessUsed">EBUSY when a mount that ends is in use.</param>
    private void Apply(MountTree tree, ulong[] strict, bool unlessUsed, Action<Errno> end)
    {
        var after = tree.ToEntries();
        _ids = tree.Ids;
        var concerned = Concerned(_table.Mounts, after);
        // Those that may refuse come first.
        ulong[] order = [.. strict.Where(concerned.Contains).Distinct(), .. concerned.Except(strict)];
        var version = NextVersion;
        Tell(order, 0, after, version, unlessUsed, (told, errno) =>
        {
            var refused = errno != Errno.None && (errno == Errno.EBUSY || strict.Contains(told[^1]));
            if (!refused) return true;
            Undo(told[..^1], version + 1, () => end(errno));
            return false;
        }, () => Commit(after, version, () => end(Errno.None)));
    }

    // The volumes that were told are told again what is so.
    private void Undo(ulong[] told, ulong version, Action done)
    {
        if (told.Length == 0)
        {
            done();
            return;
        }
        Tell(
            told, 0, _table.Mounts, version, false, static (_, _) => true,
            () => Commit(_table.Mounts, version, done));
    }

    /// <summary>Tells volumes, one after the other, what a table says of them.</summary>
    /// <param name="goesOn">Decides after each; gets those that were told so far, the last one's
    /// answer.</param>
    private void Tell(
        ulong[] volumes, int at, MountEntry[] mounts, ulong version, bool unlessUsed,
        Func<ulong[], Errno, bool> goesOn, Action done)
    {
        if (at == volumes.Length)
        {
            done();
            return;
        }
        var volume = volumes[at];
        var node = Array.Find([.. mounts, .. _table.Mounts], entry => entry.Volume == volume).Node;
        On(node).ShowThen(
            volume, version, Views(mounts, volume), Covered(mounts, volume), unlessUsed, names, shown =>
        {
            // A volume must not go by an old table as long as it answers at all.
            var mayBeBack = shown.Errno is Errno.NotRun or Errno.MayHaveRun or Errno.ETIMEDOUT
                or Errno.Overloaded && names.Members.Contains(node);
            if (mayBeBack) names.Home.After(names.Settings.RetryDelay, Again);
            else if (goesOn(volumes[..(at + 1)], shown.Errno)) Next();
        });

        void Again() => Tell(volumes, at, mounts, version, unlessUsed, goesOn, done);

        void Next() => Tell(volumes, at + 1, mounts, version, unlessUsed, goesOn, done);
    }

    private MountView[] Views(MountEntry[] mounts, ulong volume) =>
        [.. mounts.Where(entry => entry.Volume == volume).Select(entry => new MountView(
            entry.Id, entry.RootInode, entry.Flags, TicketsOf(entry).Down, TicketsOf(entry).Up))];

    private CoveredPlace[] Covered(MountEntry[] mounts, ulong volume)
    {
        var own = mounts.Where(entry => entry.Volume == volume).Select(static entry => entry.Id).ToHashSet();
        return [.. mounts.Where(entry => own.Contains(entry.OnMount)).Select(entry => new CoveredPlace(
            entry.OnMount, entry.OnInode, entry.IsFile, TicketsOf(Top(mounts, entry)).Down,
            TicketsOf(entry).Up))];
    }

    // The uppermost of the mounts at a place, of which this is the lowest.
    private static MountEntry Top(MountEntry[] mounts, MountEntry lowest)
    {
        // What is mounted over a mount comes after it.
        foreach (var entry in mounts)
        {
            if (entry.OnMount == lowest.Id && entry.OnInode == lowest.RootInode) lowest = entry;
        }
        return lowest;
    }

    private MountTickets TicketsOf(MountEntry entry)
    {
        if (entry.OnMount == 0) return default;
        if (!_tickets.TryGetValue(entry.Id, out var tickets))
        {
            var chance = names.Home.Ipc.Randomness;
            _tickets.Add(entry.Id, tickets = new MountTickets(chance.Next(), chance.Next()));
        }
        return tickets;
    }

    // The volumes of which two tables say different things.
    private SortedSet<ulong> Concerned(MountEntry[] before, MountEntry[] after)
    {
        var concerned = new SortedSet<ulong>();
        foreach (var volume in before.Concat(after).Select(static entry => entry.Volume).Distinct())
        {
            var same = Views(before, volume).SequenceEqual(Views(after, volume))
                && Covered(before, volume).SequenceEqual(Covered(after, volume));
            if (!same) concerned.Add(volume);
        }
        return concerned;
    }

    /// <summary>What proves to volumes that a walk led to a mount: known to the writer and to the volumes
    /// that it lies between, and to who walked there.</summary>
    /// <param name="Down">For who enters it.</param>
    /// <param name="Up">For who leaves it upwards.</param>
    private readonly record struct MountTickets(ulong Down, ulong Up);
}
