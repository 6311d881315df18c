using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>The one writer of the mount table: takes changes one at a time, and each ends when every member
/// of the
/// cluster uses its table or was removed.</summary>
internal sealed partial class MountWriter(NameServer names, RootRecord root)
{
    private const int Force = 1;
    private const int Detach = 2;
    private const int Expire = 4;
    private const ulong ReadOnly = 1;

    // Of the 65,536 bytes that a message carries between nodes.
    private const int TableBytesMax = 65_000;
    private const int EntryBytes = 64;

    private readonly Queue<Action<Action>> _changes = new();
    private readonly SortedSet<NodeRef> _unacknowledged = [];
    private MountTable _table;
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
    public void Start()
    {
        var entry = new MountEntry(root.Volume, 0, 0, Self, "/", "ramfs", "root", 0);
        Run(done => Commit([entry], root.FirstVersion, done));
    }

    /// <summary>Mounts a new volume of the entry's node.</summary>
    public void Mount(MountEntry entry, string options, Reply<Nothing> reply) =>
        Run(reply, done => Begin(entry, options, errno => End(errno, reply, done)));

    /// <summary>Unmounts a volume.</summary>
    public void Unmount(ulong volume, int flags, Reply<Nothing> reply) =>
        Run(reply, done => BeginUnmount(volume, flags, errno => End(errno, reply, done)));

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

    private void Run(Reply<Nothing> reply, Action<Action> change)
    {
        if (_changes.Count >= names.Settings.ChangesMax) reply.Fail(Errno.Overloaded);
        else Run(change);
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

    private void Begin(MountEntry entry, string options, Action<Errno> end)
    {
        var under = Array.FindIndex(_table.Mounts, one => one.Volume == entry.OnVolume);
        if (under < 0)
        {
            end(Errno.EINVAL);
            return;
        }
        if (_table.Mounts.Length >= names.Settings.MountsMax || !HasRoom(entry))
        {
            end(Errno.ENOSPC);
            return;
        }
        entry = OnTop(entry);
        under = Array.FindIndex(_table.Mounts, one => one.Volume == entry.OnVolume);
        var volumes = On(entry.Node);
        volumes.CreateThen(entry.Type, WithFlags(options, entry.Flags), names, created =>
        {
            if (created.Failed) end(created.Errno);
            else Cover(entry with { Volume = created.Value }, _table.Mounts[under].Node, end);
        });
    }

    // The table goes to every node as one message.
    private bool HasRoom(MountEntry entry)
    {
        var bytes = _table.Mounts.Append(entry).Sum(static one =>
            EntryBytes + one.Path.Length + one.Source.Length + one.Type.Length);
        return bytes <= TableBytesMax;
    }

    /// <summary>Over what is mounted there already, if anything is.</summary>
    private MountEntry OnTop(MountEntry entry)
    {
        // What is mounted on a volume comes after it in the table.
        foreach (var one in _table.Mounts)
        {
            if (one.OnVolume != entry.OnVolume || one.OnInode != entry.OnInode) continue;
            entry = entry with { OnVolume = one.Volume, OnInode = VolumeContract.RootInode };
        }
        return entry;
    }

    private void Cover(MountEntry entry, NodeRef coveredNode, Action<Errno> end)
    {
        var version = NextVersion;
        On(coveredNode).SetMountPointThen(entry.OnVolume, entry.OnInode, true, version, names, covered =>
        {
            if (!covered.Failed)
            {
                Commit([.. _table.Mounts, entry], version, () => end(Errno.None));
                return;
            }
            On(entry.Node).RemoveThen(entry.Volume, force: true, names, static _ => { });
            end(covered.Errno);
        });
    }

    private void BeginUnmount(ulong volume, int flags, Action<Errno> end)
    {
        var entry = Array.Find(_table.Mounts, one => one.Volume == volume);
        var detaches = (flags & Detach) != 0;
        var expires = (flags & Expire) != 0;
        if (entry.Volume == 0) end(Errno.EINVAL);
        else if (expires && (entry.OnVolume == 0 || (flags & (Force | Detach)) != 0)) end(Errno.EINVAL);
        else if (entry.OnVolume == 0 && detaches) end(Errno.EBUSY);
        else if (entry.OnVolume == 0) BeginRemount(volume, entry.Flags | ReadOnly, "", end);
        else if (!detaches && Array.Exists(_table.Mounts, one => one.OnVolume == volume)) end(Errno.EBUSY);
        else if (detaches) Uncover(entry, end);
        else if (expires) On(entry.Node).ExpireThen(volume, names, Ended);
        else On(entry.Node).RemoveThen(volume, force: false, names, Ended);

        void Ended(Outcome<Nothing> ended)
        {
            // Whatever else went wrong, the volume is of no use any more, or its node sweeps it.
            if (ended.Errno is Errno.EBUSY or Errno.EAGAIN) end(ended.Errno);
            else Uncover(entry, end);
        }
    }

    private void Uncover(MountEntry entry, Action<Errno> end)
    {
        var version = NextVersion;
        var covered = Array.Find(_table.Mounts, one => one.Volume == entry.OnVolume);
        On(covered.Node).SetMountPointThen(entry.OnVolume, entry.OnInode, false, version, names, _ =>
            Commit(Without(entry.Volume), version, () => end(Errno.None)));
    }

    /// <summary>The table without a volume and all that is mounted below it.</summary>
    private MountEntry[] Without(ulong volume)
    {
        var gone = new SortedSet<ulong> { volume };
        // What is mounted on a volume comes after it in the table.
        foreach (var entry in _table.Mounts)
        {
            if (gone.Contains(entry.OnVolume)) gone.Add(entry.Volume);
        }
        return [.. _table.Mounts.Where(entry => !gone.Contains(entry.Volume))];
    }

    private void Commit(MountEntry[] mounts, ulong version, Action published)
    {
        _table = new MountTable(version, mounts);
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

    private static string WithFlags(string options, ulong flags)
    {
        string[] ofFlags = ["ro", "nosuid", "nodev", "noexec"];
        var named = ofFlags.Where((_, bit) => (flags & (1UL << bit)) != 0);
        return string.Join(',', named.Prepend(options).Where(static part => part.Length > 0));
    }
}
