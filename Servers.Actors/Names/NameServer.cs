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
    private const ulong FlagsMagicMask = 0xFFFF_0000;
    private const ulong FlagsMagic = 0xC0ED_0000;
    private const ulong FlagsStored = 15; // MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC
    // MS_SYNCHRONOUS, MS_DIRSYNC, MS_NOATIME, MS_NODIRATIME, MS_SILENT, MS_RELATIME, MS_STRICTATIME,
    // MS_LAZYTIME.
    private const ulong FlagsIgnored = 16 | 128 | 1_024 | 2_048 | 32_768 | (1 << 21) | (1 << 24) | (1 << 25);
    private const int UnmountFlags = 1 | 2 | 4 | 8; // MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW
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

    public override void Mount(
        ByteText source, ulong onVolume, ulong onInode, ByteText path, string type, ulong flags,
        string options, int nodeId, CallerIdentity caller, Reply<Nothing> reply)
    {
        if ((flags & FlagsMagicMask) == FlagsMagic) flags &= ~FlagsMagicMask;
        var owner = Owner(nodeId, caller);
        if (!caller.Principal.IsAdministrator) reply.Fail(Errno.EPERM);
        else if (type.Length == 0) reply.Fail(Errno.EINVAL);
        else if ((flags & ~(FlagsStored | FlagsIgnored)) != 0 || owner.IsNone) reply.Fail(Errno.EINVAL);
        else if (_root is not { } root) reply.Fail(Errno.EIO);
        else
        {
            var entry = new MountEntry(0, onVolume, onInode, owner, path, type, source, flags & FlagsStored);
            if (root.Node == Self) MountFor(entry, options, reply);
            else Writer(root).MountForThen(entry, options, this, outcome => Answer(outcome, reply));
        }
    }

    public override void Unmount(ulong volume, int flags, CallerIdentity caller, Reply<Nothing> reply)
    {
        if (!caller.Principal.IsAdministrator) reply.Fail(Errno.EPERM);
        else if ((flags & ~UnmountFlags) != 0) reply.Fail(Errno.EINVAL);
        else if (_root is not { } root) reply.Fail(Errno.EIO);
        else if (root.Node == Self) UnmountFor(volume, flags, reply);
        else Writer(root).UnmountForThen(volume, flags, this, outcome => Answer(outcome, reply));
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

    public override void MountFor(MountEntry entry, string options, Reply<Nothing> reply)
    {
        if (_writer is null) reply.Fail(Errno.EIO);
        else _writer.Mount(entry, options, reply);
    }

    public override void UnmountFor(ulong volume, int flags, Reply<Nothing> reply)
    {
        if (_writer is null) reply.Fail(Errno.EIO);
        else _writer.Unmount(volume, flags, reply);
    }

    public override void Remount(
        ulong volume, ulong flags, string options, CallerIdentity caller, Reply<Nothing> reply)
    {
        if (!caller.Principal.IsAdministrator) reply.Fail(Errno.EPERM);
        else if ((flags & ~(FlagsStored | FlagsIgnored)) != 0) reply.Fail(Errno.EINVAL);
        else if (_root is not { } root) reply.Fail(Errno.EIO);
        else if (root.Node == Self) RemountFor(volume, flags & FlagsStored, options, reply);
        else Writer(root).RemountForThen(
            volume, flags & FlagsStored, options, this, outcome => Answer(outcome, reply));
    }

    public override void RemountFor(ulong volume, ulong flags, string options, Reply<Nothing> reply)
    {
        if (_writer is null) reply.Fail(Errno.EIO);
        else _writer.Remount(volume, flags, options, reply);
    }

    public override void Move(
        ulong volume, ulong onVolume, ulong onInode, ByteText path, CallerIdentity caller,
        Reply<Nothing> reply)
    {
        if (!caller.Principal.IsAdministrator) reply.Fail(Errno.EPERM);
        else if (_root is not { } root) reply.Fail(Errno.EIO);
        else if (root.Node == Self) MoveFor(volume, onVolume, onInode, path, reply);
        else Writer(root).MoveForThen(
            volume, onVolume, onInode, path, this, outcome => Answer(outcome, reply));
    }

    public override void MoveFor(
        ulong volume, ulong onVolume, ulong onInode, ByteText path, Reply<Nothing> reply)
    {
        if (_writer is null) reply.Fail(Errno.EIO);
        else _writer.Move(volume, onVolume, onInode, path, reply);
    }

    private static void Answer(Outcome<Nothing> outcome, Reply<Nothing> reply) =>
        reply.Give(outcome.Failed ? MountWriter.Definite(outcome.Errno) : outcome);

    private NameClient Writer(RootRecord root) => NameClient.On(Home.Context, root.Node);

    private NodeRef Owner(int nodeId, CallerIdentity caller)
    {
        if (nodeId == 0) return _members.Contains(caller.Home) ? caller.Home : Self;
        return _members.FirstOrDefault(node => node.Id == nodeId);
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
