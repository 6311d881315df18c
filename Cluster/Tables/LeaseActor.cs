using Akka.Actor;
using Akka.Cluster;
using K42.Cluster.Membership;
using K42.Contracts;
using K42.Contracts.Ports;
using AkkaCluster = Akka.Cluster.Cluster;

namespace K42.Cluster.Tables;

/// <summary>This node's end of the leases: asks the grantor, keeps what was granted, and the block
/// map.</summary>
/// <remarks>Parent: <see cref="ClusterRoot"/>; path /user/cluster/leases. Calls: <see cref="GrantorActor"/>
/// of the oldest member, the greeters of this node. On failure: stopped with the node, because the blocks it
/// holds would be forgotten.
/// </remarks>
internal sealed class LeaseActor : ReceiveActor, IWithTimers
{
    public const string Name = "leases";

    /// <summary>Leases asked for and not answered yet.</summary>
    private const int PendingMax = 4_096;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(200);

    /// <summary>Asks for a block of process numbers.</summary>
    public sealed record WantBlock(Action<Outcome<int>> Done);

    /// <summary>Asks for a node id for a node that knocked.</summary>
    public sealed record WantNodeId(string LeaseKey, int Wanted, Action<NotLeased?, int> Done);

    private sealed record Expired(long Request);

    private sealed record Retry(long Request);

    private sealed class AskForMap
    {
        public static readonly AskForMap Instance = new();
    }

    private sealed record Pending(object Message, Action<NotLeased?, int> Done);

    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly OldestMember _members = new();
    private readonly SortedDictionary<long, Pending> _pending = [];
    private readonly SortedSet<int> _blocks = [];
    private readonly Queue<int> _spares = new();
    private readonly MembershipSetup _setup;
    private readonly BlockMap _map;
    private readonly TaskCompletionSource _hasMap;
    private long _lastRequest;
    private long _mapVersion;
    private UniqueAddress? _mapFrom;

    public LeaseActor(MembershipSetup setup, BlockMap map, TaskCompletionSource hasMap)
    {
        _setup = setup;
        _map = map;
        _hasMap = hasMap;
        Receive<ClusterEvent.IMemberEvent>(MemberChanged);
        Receive<WantBlock>(Want);
        Receive<WantNodeId>(w => Send(new LeaseNodeId(++_lastRequest, w.LeaseKey, w.Wanted), w.Done));
        Receive<LeasedBlock>(Granted);
        Receive<LeasedNodeId>(Granted);
        Receive<NotLeased>(Refused);
        Receive<Retry>(r => Resend(r.Request));
        Receive<Expired>(e => Finish(e.Request, new NotLeased(e.Request, (int)Errno.EAGAIN, false), 0));
        Receive<ReportRequest>(SendReport);
        Receive<MapUpdate>(TakeMap);
        Receive<AskForMap>(_ => AskGrantor(0, new MapRequest()));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _cluster.Subscribe(Context.Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(AskForMap.Instance, AskForMap.Instance, TimeSpan.Zero, RetryAfter);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Context.Self);
        foreach (var pending in _pending.Values) pending.Done(new NotLeased(0, (int)Errno.EAGAIN, false), 0);
    }

    /// <summary>What the grantor before was asked, it may have taken with it; a block that comes twice for
    /// that is kept as a spare.</summary>
    private void MemberChanged(ClusterEvent.IMemberEvent change)
    {
        var before = _members.Address;
        _members.Apply(change);
        if (Equals(before, _members.Address)) return;
        foreach (var (request, pending) in _pending) AskGrantor(request, pending.Message);
    }

    private void Want(WantBlock want)
    {
        if (!_setup.Membership.MayServe) want.Done(Errno.EAGAIN);
        else if (_spares.TryDequeue(out var spare)) want.Done(spare);
        else
            Send(new LeaseBlock(++_lastRequest, ClusterMessages.Pack(_setup.Membership.Self.Node)),
                (no, block) => want.Done(no == null ? block : (Outcome<int>)(Errno)no.Errno));
    }

    private void Send(object message, Action<NotLeased?, int> done)
    {
        if (_pending.Count >= PendingMax)
        {
            done(new NotLeased(0, (int)Errno.EAGAIN, false), 0);
            return;
        }
        _pending.Add(_lastRequest, new Pending(message, done));
        Timers.StartSingleTimer(
            new Expired(_lastRequest), new Expired(_lastRequest), _setup.Options.LeaseTimeout);
        AskGrantor(_lastRequest, message);
    }

    private void Granted(LeasedBlock leased)
    {
        if (!IsFromGrantor() || leased.Block is <= 0 or >= Ledger.BlockCount || !_blocks.Add(leased.Block))
            return;
        // A block that comes after its request was given up is kept for the next who asks.
        if (!_pending.ContainsKey(leased.Request)) _spares.Enqueue(leased.Block);
        Finish(leased.Request, null, leased.Block);
    }

    private void Granted(LeasedNodeId leased)
    {
        if (IsFromGrantor()) Finish(leased.Request, null, leased.Id);
    }

    private void Refused(NotLeased no)
    {
        if (!_pending.ContainsKey(no.Request)) return;
        if (no.MayRetry) Timers.StartSingleTimer(new Retry(no.Request), new Retry(no.Request), RetryAfter);
        else Finish(no.Request, no, 0);
    }

    private void Resend(long request)
    {
        if (_pending.TryGetValue(request, out var pending)) AskGrantor(request, pending.Message);
    }

    private void Finish(long request, NotLeased? no, int value)
    {
        if (!_pending.Remove(request, out var pending)) return;
        Timers.Cancel(new Expired(request));
        Timers.Cancel(new Retry(request));
        pending.Done(no, value);
    }

    /// <summary>Binds this node to a new grantor, and only to one that is the oldest here too.</summary>
    private void SendReport(ReportRequest request)
    {
        if (!IsFromGrantor()) return;
        var state = _setup.Directory.State;
        Sender.Tell(new Report(request.Round, ClusterMessages.Pack(_setup.Membership.Self.Node), [.. _blocks],
            [.. _setup.Membership.Members.Select(member => ClusterMessages.Pack(member.Node))],
            [.. state.Known.Select(known => (int)known.Id), state.NodeId],
            [.. state.Known.Select(known => known.LeaseKey), state.LeaseKey]));
    }

    private void TakeMap(MapUpdate update)
    {
        if (!IsFromGrantor()) return;
        if (!Equals(_mapFrom, _members.Address)) _mapVersion = 0;
        _mapFrom = _members.Address;
        if (update.Version >= _mapVersion)
        {
            _map.Replace(update.Blocks, update.Homes);
            _mapVersion = update.Version;
        }
        Timers.Cancel(AskForMap.Instance);
        _hasMap.TrySetResult();
        Sender.Tell(new MapAck(_mapVersion));
    }

    private bool IsFromGrantor()
    {
        if (_members.Address is not { } grantor) return false;
        return Sender.Path.Address.HasLocalScope
            ? grantor.Equals(_cluster.SelfUniqueAddress) : Sender.Path.Address.Equals(grantor.Address);
    }

    private void AskGrantor(long request, object message)
    {
        if (_members.Address is { } grantor)
            OldestMember.At(Context, grantor, GrantorActor.Name).Tell(message, Context.Self);
        else if (message is LeaseBlock or LeaseNodeId)
            Timers.StartSingleTimer(new Retry(request), new Retry(request), RetryAfter);
    }
}
