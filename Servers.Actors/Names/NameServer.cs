using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>A node's mount table: answers from its copy, passes changes on to the writer, and is the writer
/// when the
/// root volume is here.</summary>
/// <remarks>The copy is dropped when the root's node is removed from the cluster: then there is no file tree,
/// and
/// every call says so (EAGAIN, EIO) until a new root is known.</remarks>
internal sealed class NameServer(IReplicatedTable replicated, NameSettings settings) : NameContract
{
    private const int PurgeMin = 64;

    private readonly SortedSet<NodeRef> _members = [];
    private readonly SortedSet<ulong> _ownVolumes = [];
    private List<Waiting> _waiting = [];
    private RootRecord? _root;
    private MountTable? _table;
    private MountWriter? _writer;
    private uint _lastEpoch;
    private int _purgeAt = PurgeMin;
    private bool _creating;

    public NameSettings Settings => settings;

    /// <summary>The nodes of the cluster, this one included, in order.</summary>
    public IReadOnlyCollection<NodeRef> Members => _members;

    private NodeRef Self => Home.Ipc.Node;

    /// <summary>Looks for the cluster's root volume, and makes one if that is this node's task.</summary>
    public void Begin()
    {
        LookForRoot();
        if (settings.CreatesRoot && RootRecord.Read(replicated) is null) CreateRoot();
    }

    /// <summary>Reads in the replicated table where the root volume is.</summary>
    public void LookForRoot()
    {
        if (RootRecord.Read(replicated) is not { } record || record.Node == Self) return;
        // A root in the memory of an earlier life of this node ended with it: the node makes the next one.
        if (record.Node.Id == Self.Id) CreateRoot();
        else if (record.Epoch > _lastEpoch && _members.Contains(record.Node)) Follow(record);
    }

    public void MemberUp(NodeRef node)
    {
        _members.Add(node);
        _writer?.MemberUp(node);
        if (_root is null) LookForRoot();
    }

    public void MemberRemoved(NodeRef node)
    {
        _members.Remove(node);
        _writer?.MemberRemoved(node);
        if (_root?.Node != node) return;
        (_root, _table) = (null, null);
        foreach (var waiting in _waiting) waiting.Reply.Fail(Errno.EAGAIN);
        _waiting = [];
        LookForRoot();
    }

    /// <summary>Uses a table from now on, unless a newer one is in use.</summary>
    public void Adopt(MountTable table)
    {
        if (_table is { } used && table.Version <= used.Version) return;
        var epoch = RootRecord.EpochOf(table.Version);
        if (epoch < _lastEpoch || table.Mounts.Length == 0) return;
        var root = table.Mounts[0];
        (_lastEpoch, _root, _table) = (epoch, new RootRecord(root.Node, root.Volume, epoch), table);
        foreach (var waiting in _waiting)
        {
            if (waiting.Seen < table.Version) waiting.Reply.Ok(table);
        }
        Purge();
        SweepOwn(table);
    }

    public override void Table(ulong seenVersion, Reply<MountTable> reply)
    {
        if (_table is not { } table) reply.Fail(Errno.EAGAIN);
        else if (seenVersion == 0 || table.Version > seenVersion) reply.Ok(table);
        else Park(new Waiting(seenVersion, reply));
    }

    public override void Change(MountChange change, CallerIdentity caller, Reply<Nothing> reply)
    {
        if (change.Kind == MountChangeKind.Mount) change = change with { NodeId = Owner(change, caller) };
        if (!caller.Principal.IsAdministrator) reply.Fail(Errno.EPERM);
        else if (MountRequest.IsRefused(change.Flags)) reply.Fail(Errno.EINVAL);
        else if (_root is not { } root) reply.Fail(Errno.EIO);
        else if (root.Node == Self) ChangeFor(change, reply);
        else Writer(root).ChangeForThen(change, this, outcome => reply.Give(
            outcome.Failed ? MountWriter.Definite(outcome.Errno) : outcome));
    }

    public override void ChangeFor(MountChange change, Reply<Nothing> reply)
    {
        if (_writer is null) reply.Fail(Errno.EIO);
        else _writer.Change(change, reply);
    }

    public override void Publish(MountTable table, Reply<Nothing> reply)
    {
        // Only the node that the table names as the root's may say what it is.
        var sender = reply.Caller;
        if (sender is null || table.Mounts.Length == 0 || table.Mounts[0].Node != sender.Home)
        {
            reply.Fail(Errno.EPERM);
            return;
        }
        if (_members.Contains(sender.Home)) Adopt(table);
        // A node that does not know the sender yet, or no longer, does not use its table.
        if (_table?.Version >= table.Version) reply.Ok();
        else reply.Fail(Errno.EAGAIN);
    }

    private NameClient Writer(RootRecord root) => NameClient.On(Home.Context, root.Node);

    private int Owner(in MountChange change, CallerIdentity caller)
    {
        if (change.NodeId != 0) return change.NodeId;
        return _members.Contains(caller.Home) ? caller.Home.Id : Self.Id;
    }

    private void Park(Waiting waiting)
    {
        _waiting.Add(waiting);
        if (_waiting.Count >= _purgeAt) Purge();
    }

    /// <summary>Forgets those that were answered or gave up.</summary>
    private void Purge()
    {
        _waiting = [.. _waiting.Where(static one => !one.Reply.Abandoned)];
        _purgeAt = Math.Max(PurgeMin, 2 * _waiting.Count);
    }

    /// <summary>Fetches the table of a root elsewhere, again and again until it is there or the root is
    /// gone.</summary>
    private void Follow(RootRecord record)
    {
        (_root, _table) = (record, null);
        Writer(record).TableThen(0, this, fetched =>
        {
            if (!fetched.Failed) Adopt(fetched.Value);
            if (_root == record && _table is null) Home.After(settings.RetryDelay, FollowAgain);
        });

        void FollowAgain()
        {
            if (_root == record && _table is null) Follow(record);
        }
    }

    private void CreateRoot()
    {
        if (_creating || _writer is not null) return;
        _creating = true;
        new RootBuilder(this, settings.RootOptions, created =>
        {
            if (!created.Failed)
            {
                Announce(created.Value);
                return;
            }
            _creating = false;
            Home.After(settings.RetryDelay, CreateRoot);
        }).Start();
    }

    private void Announce(ulong volume)
    {
        // Above every epoch seen, and above those of this node's earlier lives, seen or not.
        var seen = Math.Max(_lastEpoch, RootRecord.Read(replicated)?.Epoch ?? 0);
        var epoch = Math.Max(seen + 1, Self.Incarnation);
        var record = new RootRecord(Self, volume, epoch);
        record.Write(replicated, errno => Home.Later(() =>
        {
            if (errno != Errno.None)
            {
                Home.After(settings.RetryDelay, () => Announce(volume));
                return;
            }
            _writer = new MountWriter(this, record);
            _writer.Start();
        }));
    }

    /// <summary>Ends volumes of this node that are mounted no more, once nobody uses them.</summary>
    private void SweepOwn(MountTable table)
    {
        var own = table.Mounts.Where(entry => entry.Node == Self);
        var mounted = own.Select(static entry => entry.Volume).ToHashSet();
        foreach (var volume in _ownVolumes.ToArray())
        {
            if (mounted.Contains(volume)) continue;
            _ownVolumes.Remove(volume);
            Sweep(volume);
        }
        _ownVolumes.UnionWith(mounted);
    }

    private void Sweep(ulong volume) =>
        VolumeClient.On(Home.Context, Self).RemoveThen(volume, force: false, this, removed =>
        {
            if (removed.Errno == Errno.EBUSY) Home.After(settings.SweepDelay, () => Sweep(volume));
        });

    /// <summary>A caller that waits for a table newer than the one it has seen.</summary>
    private readonly record struct Waiting(ulong Seen, Reply<MountTable> Reply);
}
