using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.TestKit.Simulation;

/// <summary>The replicated tables of a simulated cluster: one copy that all nodes see, answered through the
/// loop.</summary>
public sealed class SimulatedTables
{
    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<int, NodeRef> _blocks = [];
    private readonly List<Action<string>> _subscribers = [];
    private int _lastBlock;

    /// <summary>Set it to refuse leases and writes as a minority does.</summary>
    public bool NoMajority { get; set; }

    /// <summary>How many blocks there are to lease; fewer than 4,095 to test exhaustion.</summary>
    public int BlocksMax { get; init; } = 4_095;

    /// <summary>The block map.</summary>
    public IBlockMap Blocks => new Map(this);

    /// <summary>A node's grantor.</summary>
    public INumberGrantor GrantorOf(NodeRef node, IExecutor executor) => new Grantor(this, node, executor);

    /// <summary>A node's replicated table.</summary>
    public IReplicatedTable TableOf(IExecutor executor) => new Table(this, executor);

    private sealed class Map(SimulatedTables tables) : IBlockMap
    {
        public NodeRef HomeOf(int block) => tables._blocks.GetValueOrDefault(block);
    }

    private sealed class Grantor(SimulatedTables tables, NodeRef node, IExecutor executor) : INumberGrantor
    {
        public void LeaseBlock(Action<Outcome<int>> done)
        {
            Outcome<int> granted;
            if (tables.NoMajority) granted = Errno.EAGAIN;
            else if (tables._lastBlock >= tables.BlocksMax) granted = Errno.ENFILE;
            else
            {
                tables._blocks[++tables._lastBlock] = node;
                granted = tables._lastBlock;
            }
            executor.Post(_ => done(granted), null);
        }
    }

    private sealed class Table(SimulatedTables tables, IExecutor executor) : IReplicatedTable
    {
        public IReadOnlyList<string> Keys => [.. tables._values.Keys];

        public ReadOnlyMemory<byte> Get(string key) => tables._values.GetValueOrDefault(key);

        public void Put(string key, ReadOnlyMemory<byte> value, Action<Errno> done)
        {
            if (tables.NoMajority)
            {
                executor.Post(_ => done(Errno.EAGAIN), null);
                return;
            }
            if (value.IsEmpty) tables._values.Remove(key);
            else tables._values[key] = value.ToArray();
            executor.Post(_ => done(Errno.None), null);
            foreach (var subscriber in tables._subscribers) executor.Post(_ => subscriber(key), null);
        }

        public void Subscribe(Action<string> changed) => tables._subscribers.Add(changed);
    }
}
