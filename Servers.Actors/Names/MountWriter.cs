using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>The one writer of the mount table: takes changes one at a time, and each ends when every member
/// of the
/// cluster uses its table or was removed.</summary>
internal sealed partial class MountWriter(NameServer names, RootRecord root)
{
    // Of the 65,536 bytes that a message carries between nodes.
    private const int TableBytesMax = 65_000;
    private const int EntryBytes = 120;

    private readonly Queue<Action<Action>> _changes = new();
    private readonly SortedSet<NodeRef> _unacknowledged = [];
    // Above all of earlier roots, whose volumes may still be about.
    private MountIds _ids = new((ulong)root.Epoch << 32, 0);
    private MountTable _table = new(0, []);
    private readonly SortedDictionary<ulong, MountTickets> _tickets = [];
    private Action? _published;
    private bool _changing;

    private NodeRef Self => names.Home.Ipc.Node;

    private ulong NextVersion => _table.Version + 1;

    /// <summary>What a caller is told for an error of the way between nodes.</summary>
    public static Errno Definite(Errno errno) => errno switch
    {
        Errno.NotRun or Errno.MayHaveRun or Errno.ETIMEDOUT or Errno.Overloaded => Errno.EIO,
        _ => errno,
    };

    /// <summary>Makes the table with the root alone, and tells everybody.</summary>
    public void Start() => Run(done =>
    {
        var entry = new MountEntry(
            _ids.NextMount(), 0, 0, root.Volume, VolumeContract.RootInode, false, Self,
            MountFlag.RelativeAccessTimes, 0, 0, false, "/", "ramfs", "root");
        MountEntry[] mounts = [entry];
        Tell(
            [root.Volume], 0, mounts, root.FirstVersion, false, static (_, _) => true,
            () => Commit(mounts, root.FirstVersion, done));
    });

    /// <summary>Changes the table.</summary>
    public void Change(MountChange change, Reply<Nothing> reply)
    {
        if (_changes.Count >= names.Settings.ChangesMax) reply.Fail(Errno.Overloaded);
        else Run(done => Begin(change, errno => End(errno, reply, done)));
    }

    public void MemberUp(NodeRef node)
    {
        if (node != Self && _table.Version != 0) PublishTo(node, _table);
    }

    public void MemberRemoved(NodeRef node) => Acknowledged(node);

    private static void End(Errno errno, Reply<Nothing> reply, Action done)
    {
        if (errno == Errno.None) reply.Ok();
        else reply.Fail(Definite(errno));
        done();
    }

    private void Run(Action<Action> change)
    {
        _changes.Enqueue(change);
        if (!_changing) Next();
    }

    private void Next()
    {
        _changing = _changes.TryDequeue(out var change);
        // A turn of its own, so that a row of refused changes does not nest.
        if (_changing) change!(() => names.Home.Later(Next));
    }

    // The table goes to every node as one message.
    private static bool HasRoom(MountTree tree)
    {
        var bytes = tree.ToEntries().Sum(static one =>
            EntryBytes + one.Path.Length + one.Source.Length + one.Type.Length);
        return bytes <= TableBytesMax;
    }

    private void Commit(MountEntry[] mounts, ulong version, Action published)
    {
        _table = new MountTable(version, mounts);
        foreach (var gone in _tickets.Keys.Except(mounts.Select(static entry => entry.Id)).ToArray())
        {
            _tickets.Remove(gone);
        }
        names.Adopt(_table);
        _published = published;
        foreach (var node in names.Members)
        {
            if (node != Self) _unacknowledged.Add(node);
        }
        foreach (var node in _unacknowledged.ToArray()) PublishTo(node, _table);
        FinishIfAcknowledged();
    }

    private void PublishTo(NodeRef node, MountTable table) =>
        NameClient.On(names.Home.Context, node).PublishThen(table, names, outcome =>
        {
            if (!outcome.Failed) Acknowledged(node);
            else if (names.Members.Contains(node))
            {
                names.Home.After(names.Settings.RetryDelay, () => Again(node, table));
            }
        });

    private void Again(NodeRef node, MountTable table)
    {
        // A newer table is on its way to the node by itself.
        if (table.Version == _table.Version && names.Members.Contains(node)) PublishTo(node, table);
    }

    private void Acknowledged(NodeRef node)
    {
        _unacknowledged.Remove(node);
        FinishIfAcknowledged();
    }

    private void FinishIfAcknowledged()
    {
        if (_unacknowledged.Count > 0 || _published is not { } published) return;
        _published = null;
        published();
    }

    private VolumeClient On(NodeRef node) => VolumeClient.On(names.Home.Context, node);
}
