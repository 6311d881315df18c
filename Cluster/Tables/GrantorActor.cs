using Akka.Actor;
using Akka.Cluster;
using Akka.DistributedData;
using Akka.Event;
using K42.Cluster.Membership;
using K42.Contracts;
using AkkaCluster = Akka.Cluster.Cluster;

namespace K42.Cluster.Tables;

/// <summary>Grants blocks of process numbers and node ids. One runs on every node; only the oldest member's
/// grants.</summary>
/// <remarks>
/// <para>Taking over: it reads the ledger from a majority and asks *every* member what it holds; a member
/// answers only the node that is oldest in its own eyes, and from then on takes no grant from the one before.
/// So a grant is either in somebody's report or will never be accepted.</para>
/// <para>Granting: the requests at hand become one write with majority; then every reachable member is told
/// the map, so that any node can route the new numbers before the first is used; then the answers go out.
/// Without a majority the ledger from before is kept and the requests get EAGAIN.</para>
/// <para>Parent: <see cref="ClusterRoot"/>; path /user/cluster/grantor. Calls: the replicator, its peers'
/// <see cref="LeaseActor"/>. On failure: the node ends.</para>
/// </remarks>
internal sealed class GrantorActor : ReceiveActor, IWithTimers
{
    public const string Name = "grantor";

    /// <summary>Requests that wait for the next write.</summary>
    private const int WaitingMax = 1_024;

    private enum Phase { Passive, TakingOver, Idle, Writing, Spreading }

    private readonly record struct Request(IActorRef From, object Message);

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed class SpreadTimeout
    {
        public static readonly SpreadTimeout Instance = new();
    }

    private static readonly LWWRegisterKey<byte[]> Key = new("k42-ledger");

    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly IActorRef _replicator = DistributedData.Get(Context.System).Replicator;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ClusterOptions _options;
    private readonly OldestMember _members = new();
    private readonly Dictionary<UniqueAddress, Report> _reports = [];
    private readonly Dictionary<UniqueAddress, long> _acknowledged = [];
    private readonly HashSet<UniqueAddress> _unreachable = [];
    private readonly Queue<Request> _waiting = new();
    private readonly List<(IActorRef To, object Answer)> _answers = [];
    private Phase _phase;
    private Ledger _ledger = Ledger.Empty;
    private Ledger _written = Ledger.Empty;
    private bool _ledgerRead;
    private readonly List<Request> _requests = [];
    private long _version;
    private long _round;

    public GrantorActor(ClusterOptions options)
    {
        _options = options;
        Receive<ClusterEvent.IMemberEvent>(MemberChanged);
        Receive<ClusterEvent.ReachableMember>(Reached);
        Receive<ClusterEvent.UnreachableMember>(Lost);
        Receive<ClusterEvent.IReachabilityEvent>(_ => { });
        Receive<LeaseBlock>(Ask);
        Receive<LeaseNodeId>(Ask);
        Receive<Report>(Reported);
        Receive<MapRequest>(_ => MapAsked());
        Receive<MapAck>(Acknowledged);
        Receive<IGetResponse>(Read);
        Receive<IUpdateResponse>(Written);
        Receive<SpreadTimeout>(_ => Answer());
        Receive<Tick>(_ => Ticked());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool IsGrantor => _phase is not (Phase.Passive or Phase.TakingOver);

    protected override void PreStart()
    {
        _cluster.Subscribe(Context.Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _options.HeartbeatInterval);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Context.Self);

    private void MemberChanged(ClusterEvent.IMemberEvent change)
    {
        if (change is ClusterEvent.MemberRemoved) _unreachable.Remove(change.Member.UniqueAddress);
        if (!_members.Apply(change)) return;
        foreach (var gone in _acknowledged.Keys.Except(_members.All).ToArray()) _acknowledged.Remove(gone);
        if (_phase == Phase.Passive)
        {
            if (Equals(_members.Address, _cluster.SelfUniqueAddress)) TakeOver();
            return;
        }
        BeginRound();
        AnswerIfSpread();
    }

    private void Reached(ClusterEvent.ReachableMember change)
    {
        _unreachable.Remove(change.Member.UniqueAddress);
        SendMap(change.Member.UniqueAddress);
    }

    /// <summary>Whoever can't be reached is not waited for.</summary>
    private void Lost(ClusterEvent.UnreachableMember change)
    {
        _unreachable.Add(change.Member.UniqueAddress);
        AnswerIfSpread();
    }

    private void TakeOver()
    {
        _phase = Phase.TakingOver;
        AskForLedger();
        BeginRound();
    }

    private void AskForLedger() =>
        _replicator.Tell(Dsl.Get(Key, new ReadMajority(_options.WriteTimeout)));

    private void AskForReports()
    {
        foreach (var member in _members.All)
            if (!_reports.ContainsKey(member)) Leaser(member).Tell(new ReportRequest(_round), Context.Self);
    }

    /// <summary>Forgets what was reported before a removal, which says nothing about who has seen
    /// it.</summary>
    private void BeginRound()
    {
        _round++;
        _reports.Clear();
        AskForReports();
    }

    private void Read(IGetResponse response)
    {
        if (_phase != Phase.TakingOver || _ledgerRead) return;
        if (response.IsSuccessful) _ledger = Ledger.Parse(response.Get(Key).Value);
        _ledgerRead = response.IsSuccessful || response is NotFound;
        if (_ledgerRead) TakeOverIfKnown();
        else AskForLedger();
    }

    private void Reported(Report report)
    {
        if (report.Round != _round) return;
        foreach (var member in _members.All)
            if (Sender.Path.Address.Equals(member.Address) || IsOwn(member)) _reports[member] = report;
        TakeOverIfKnown();

        bool IsOwn(UniqueAddress member) =>
            Sender.Path.Address.HasLocalScope && member.Equals(_cluster.SelfUniqueAddress);
    }

    private void TakeOverIfKnown()
    {
        if (_phase != Phase.TakingOver || !_ledgerRead || !_members.All.All(_reports.ContainsKey)) return;
        foreach (var report in _reports.Values)
        {
            var nodes = report.Keys.Zip(report.Ids, (key, id) => (key, (ushort)id));
            _ledger = _ledger.With(ClusterMessages.Unpack(report.Node), report.Blocks, nodes);
        }
        _phase = Phase.Idle;
        _version = 1;
        foreach (var member in _members.All) SendMap(member);
        _log.Info("grants with {0} blocks leased", _ledger.Blocks.Count);
        Work();
    }

    private void Ask(object request)
    {
        if (!IsGrantor && _phase != Phase.TakingOver) Refuse(Sender, request, Errno.EAGAIN, mayRetry: true);
        else if (!_members.IsStaying(_cluster.SelfUniqueAddress)) Refuse(Sender, request, Errno.EAGAIN, true);
        else if (_waiting.Count >= WaitingMax) Refuse(Sender, request, Errno.EAGAIN, mayRetry: false);
        else _waiting.Enqueue(new Request(Sender, request));
        Work();
    }

    /// <summary>Makes one write of all that waits.</summary>
    private void Work()
    {
        if (_phase != Phase.Idle || _waiting.Count == 0) return;
        _written = _ledger.Without(IsGoneForAll);
        _requests.Clear();
        while (_waiting.TryDequeue(out var request))
        {
            var answer = Grant(request.Message);
            if (answer is NotLeased) request.From.Tell(answer);
            else
            {
                _answers.Add((request.From, answer));
                _requests.Add(request);
            }
        }
        if (_answers.Count == 0) return;
        _phase = Phase.Writing;
        var bytes = _written.ToBytes();
        var self = _cluster.SelfUniqueAddress;
        _replicator.Tell(Dsl.Update(Key, new LWWRegister<byte[]>(self, [], 0L),
            new WriteMajority(_options.WriteTimeout), register => register.WithValue(self, bytes)));
    }

    private object Grant(object request)
    {
        switch (request)
        {
            case LeaseBlock lease:
                (_written, var block) = _written.TakeBlock(ClusterMessages.Unpack(lease.Node));
                return block == 0 ? Not(lease, Errno.ENFILE, false) : new LeasedBlock(lease.Request, block);
            case LeaseNodeId lease:
                (_written, var id) = _written.TakeNode(lease.LeaseKey, (ushort)lease.Wanted);
                return id == 0 ? Not(lease, Errno.EEXIST, false) : new LeasedNodeId(lease.Request, id);
            default:
                throw new InvalidOperationException($"{request.GetType()} is no request");
        }
    }

    private void Written(IUpdateResponse response)
    {
        if (_phase != Phase.Writing) return;
        if (!response.IsSuccessful)
        {
            foreach (var request in _requests)
                Refuse(request.From, request.Message, Errno.EAGAIN, mayRetry: false);
            _answers.Clear();
            _phase = Phase.Idle;
            Work();
            return;
        }
        var sameMap = ReferenceEquals(_ledger.Blocks, _written.Blocks);
        _ledger = _written;
        _phase = Phase.Spreading;
        if (sameMap)
        {
            // Nothing that anybody would have to know first.
            Answer();
            return;
        }
        _version++;
        foreach (var member in _members.All) SendMap(member);
        Timers.StartSingleTimer(SpreadTimeout.Instance, SpreadTimeout.Instance, _options.SpreadTimeout);
        AnswerIfSpread();
    }

    private void Acknowledged(MapAck ack)
    {
        foreach (var member in _members.All)
        {
            var isOwn = Sender.Path.Address.HasLocalScope && member.Equals(_cluster.SelfUniqueAddress);
            if (!isOwn && !Sender.Path.Address.Equals(member.Address)) continue;
            _acknowledged[member] = Math.Max(_acknowledged.GetValueOrDefault(member), ack.Version);
        }
        AnswerIfSpread();
    }

    private void AnswerIfSpread()
    {
        if (_phase != Phase.Spreading) return;
        if (_members.All.All(m => _unreachable.Contains(m) || _acknowledged.GetValueOrDefault(m) >= _version))
            Answer();
    }

    private void Answer()
    {
        if (_phase != Phase.Spreading) return;
        Timers.Cancel(SpreadTimeout.Instance);
        foreach (var (to, answer) in _answers) to.Tell(answer);
        _answers.Clear();
        _phase = Phase.Idle;
        Work();
    }

    private void MapAsked()
    {
        if (!IsGrantor) return;
        foreach (var member in _members.All)
            if (member.Address.Equals(Sender.Path.Address)) SendMap(member);
        if (Sender.Path.Address.HasLocalScope) SendMap(_cluster.SelfUniqueAddress);
    }

    private void SendMap(UniqueAddress member)
    {
        if (!IsGrantor) return;
        Leaser(member).Tell(new MapUpdate(_version, [.. _ledger.Blocks.Keys],
            [.. _ledger.Blocks.Values.Select(ClusterMessages.Pack)]), Context.Self);
    }

    private void Ticked()
    {
        if (_phase == Phase.TakingOver) AskForReports();
        if (!IsGrantor) return;
        foreach (var member in _members.All)
            if (_acknowledged.GetValueOrDefault(member) < _version) SendMap(member);
        var present = _reports.Values.Select(report => ClusterMessages.Unpack(report.Node)).ToHashSet();
        if (_reports.Count < _members.All.Count) AskForReports();
        else if (_ledger.Blocks.Values.Any(home => !present.Contains(home) && !IsGoneForAll(home)))
            BeginRound();
    }

    /// <summary>True when every member has said that it removed the node.</summary>
    private bool IsGoneForAll(NodeRef node)
    {
        if (!_members.All.All(_reports.ContainsKey)) return false;
        var packed = ClusterMessages.Pack(node);
        return _reports.Values.All(report => report.Node != packed && !report.Members.Contains(packed));
    }

    private ActorSelection Leaser(UniqueAddress member) => OldestMember.At(Context, member, LeaseActor.Name);

    private static void Refuse(IActorRef to, object request, Errno errno, bool mayRetry) =>
        to.Tell(Not(request, errno, mayRetry));

    private static NotLeased Not(object request, Errno errno, bool mayRetry) => request switch
    {
        LeaseBlock lease => new NotLeased(lease.Request, (int)errno, mayRetry),
        LeaseNodeId lease => new NotLeased(lease.Request, (int)errno, mayRetry),
        _ => throw new InvalidOperationException($"{request.GetType()} is no request"),
    };
}
