using Akka.Actor;
using Akka.Cluster;
using Akka.DistributedData;
using K42.Cluster.Membership;
using K42.Contracts;
using AkkaCluster = Akka.Cluster.Cluster;

namespace K42.Cluster.Tables;

/// <summary>The replicated table over DData: a register per key, and sets of the keys' names, so that all
/// find them.</summary>
/// <remarks>Parent: <see cref="ClusterRoot"/>. Calls: the replicator. On failure: the node ends.</remarks>
internal sealed class TableActor : ReceiveActor
{
    public const string Name = "table";

    /// <summary>Sets that the names are spread over, so that no one message grows with the table.</summary>
    private const int NameSets = 16;

    private const string ValuePrefix = "k42-table-value/";

    /// <summary>Writes not answered yet.</summary>
    private const int WritesMax = 4_096;

    /// <summary>Writes a value with majority; empty removes the key.</summary>
    public sealed record Write(string Key, byte[] Value, Action<Errno> Done)
    {
        /// <summary>Set by the replicator, before it answers.</summary>
        public long Timestamp { get; set; }
    }

    /// <summary>Reads all that a majority holds, so that a new member does not begin with an empty
    /// table.</summary>
    public sealed record CatchUp(TaskCompletionSource Done);

    private sealed record Named(Write Write);

    private sealed record Valued(Write Write);

    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly IActorRef _replicator = DistributedData.Get(Context.System).Replicator;
    private readonly HashSet<string> _names = [];
    private readonly ReplicatedTable _table;
    private readonly MembershipSetup _setup;
    private readonly Dictionary<string, long> _timestamps = [];
    private int _writes;
    private int _reads;
    private TaskCompletionSource? _caughtUp;

    public TableActor(MembershipSetup setup, ReplicatedTable table)
    {
        _setup = setup;
        _table = table;
        Receive<Write>(Begin);
        Receive<IUpdateResponse>(Updated);
        Receive<Changed>(change => Took(change.Key, change.Data));
        Receive<CatchUp>(Begin);
        Receive<IGetResponse>(Read);
    }

    protected override void PreStart()
    {
        for (var i = 0; i < NameSets; i++) _replicator.Tell(Dsl.Subscribe(NameSet(i), Context.Self));
    }

    private void Begin(Write write)
    {
        if (!_setup.Membership.MayServe || _writes >= WritesMax)
        {
            write.Done(Errno.EAGAIN);
            return;
        }
        _writes++;
        var self = _cluster.SelfUniqueAddress;
        _replicator.Tell(Dsl.Update(Register(write.Key), new LWWRegister<byte[]>(self, [], 0L),
            new WriteMajority(_setup.Options.WriteTimeout), new Valued(write),
            register =>
            {
                var after = register.WithValue(self, write.Value);
                write.Timestamp = after.Timestamp;
                return after;
            }));
    }

    private void Updated(IUpdateResponse response)
    {
        var write = response.Request is Valued valued ? valued.Write : ((Named)response.Request!).Write;
        if (!response.IsSuccessful)
        {
            Finish(write, Errno.EAGAIN);
        }
        else if (response.Request is Valued && !_names.Contains(write.Key))
        {
            var self = _cluster.SelfUniqueAddress;
            _replicator.Tell(Dsl.Update(NameSet(SetOf(write.Key)), ORSet<string>.Empty,
                new WriteMajority(_setup.Options.WriteTimeout), new Named(write),
                names => names.Add(self, write.Key)));
        }
        else
        {
            Watch(write.Key);
            Take(write.Key, write.Value, write.Timestamp);
            Finish(write, Errno.None);
        }
    }

    private void Finish(Write write, Errno errno)
    {
        _writes--;
        write.Done(errno);
    }

    private void Begin(CatchUp catchUp)
    {
        _caughtUp = catchUp.Done;
        for (var i = 0; i < NameSets; i++) Ask(NameSet(i));
    }

    private void Ask<T>(IKey<T> key) where T : IReplicatedData<T>
    {
        _reads++;
        _replicator.Tell(Dsl.Get(key, new ReadMajority(_setup.Options.WriteTimeout)));
    }

    private void Read(IGetResponse response)
    {
        if (_caughtUp == null) return;
        if (response is GetFailure)
        {
            // No majority yet: ask again; the start gives up in the end.
            _replicator.Tell(new Get(response.Key, new ReadMajority(_setup.Options.WriteTimeout)));
            return;
        }
        if (response is GetSuccess success)
        {
            Took(success.Key, success.Data);
            if (success.Data is ORSet<string> names)
                foreach (var name in names) Ask(Register(name));
        }
        if (--_reads > 0) return;
        _caughtUp.TrySetResult();
        _caughtUp = null;
    }

    private void Took(IKey key, object data)
    {
        if (data is LWWRegister<byte[]> register)
            Take(key.Id[ValuePrefix.Length..], register.Value, register.Timestamp);
        else if (data is ORSet<string> names)
            foreach (var name in names) Watch(name);
    }

    /// <summary>Two paths lead here, the write's answer and the change's news: the later value
    /// stays.</summary>
    private void Take(string name, byte[] value, long timestamp)
    {
        if (timestamp < _timestamps.GetValueOrDefault(name)) return;
        _timestamps[name] = timestamp;
        _table.Set(name, value);
    }

    private void Watch(string name)
    {
        if (_names.Add(name)) _replicator.Tell(Dsl.Subscribe(Register(name), Context.Self));
    }

    private static LWWRegisterKey<byte[]> Register(string name) => new(ValuePrefix + name);

    private static ORSetKey<string> NameSet(int index) => new($"k42-table-names/{index}");

    /// <summary>The same on every node: string.GetHashCode is not.</summary>
    private static int SetOf(string name)
    {
        var hash = 2_166_136_261u;
        foreach (var c in name) hash = (hash ^ c) * 16_777_619u;
        return (int)(hash % NameSets);
    }
}
