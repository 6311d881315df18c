using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc;

/// <summary>The handles that objects of this node have given out. Looked up by any thread, changed under a
/// lock.</summary>
/// <param name="node">This node.</param>
/// <param name="blocks">Which node is home to a process; null for a node alone.</param>
/// <param name="rowsMax">How many handles the node may have out.</param>
internal sealed class HandleTable(NodeRef node, IBlockMap? blocks, int rowsMax)
{
    // The last of them are for kernels and servers, which can't be refused.
    private readonly int _rowsForProcesses = rowsMax - (rowsMax / 64);
    private readonly Lock _lock = new();
    private readonly Queue<int> _free = new();
    private readonly Dictionary<int, Owner> _byOwner = [];
    private readonly Dictionary<int, int> _charges = [];
    private readonly Dictionary<uint, int> _byUser = [];
    private volatile HandleRow?[] _rows = new HandleRow?[1_024];
    private uint[] _sequences = new uint[1_024];
    private volatile HandleRow?[] _factories = [];
    private int _used;

    /// <summary>How many handles are out, factories not counted.</summary>
    public int Count { get; private set; }

    /// <summary>The row of a handle, or null when it is stale or was never given out.</summary>
    public HandleRow? Find(uint index, uint sequence)
    {
        if (index < ObjectHandle.WellKnownMax)
        {
            var factories = _factories;
            return sequence == 0 && index < factories.Length ? factories[index] : null;
        }
        var rows = _rows;
        var at = index - ObjectHandle.WellKnownMax;
        if (at >= (uint)rows.Length) return null;
        var row = rows[at];
        return row is not null && row.Handle.Sequence == sequence ? row : null;
    }

    /// <summary>Makes a handle.</summary>
    /// <param name="charged">The process whose maximum it counts for; 0 for kernels and servers.</param>
    /// <param name="user">The user whose maximum it counts for; 0 for root, who has none.</param>
    public HandleRow Add(
        ServerObject target, int owner, Rights matched, Rights unmatched, int charged, uint user)
    {
        lock (_lock)
        {
            var at = TakeSlot();
            var sequence = ++_sequences[at];
            // Sequence 0 is the factories'.
            if (sequence == 0) sequence = ++_sequences[at];
            var handle = new ObjectHandle(node, (uint)at + ObjectHandle.WellKnownMax, sequence);
            var row = new HandleRow(handle, target, target.Home, owner, matched, unmatched)
            {
                Charged = charged,
                ChargedUser = user,
            };
            _rows[at] = row;
            if (charged != 0) Change(_charges, charged, +1);
            if (user != 0) Change(_byUser, user, +1);
            if (!_byOwner.TryGetValue(owner, out var owned)) _byOwner[owner] = owned = new Owner();
            // Asked now: once its node is removed, its block is nobody's.
            if (owned.Home.IsNone && owner != 0) owned.Home = blocks?.HomeOf(owner / IBlockMap.BlockSize)
                ?? default;
            owned.Rows.Add(row);
            Count++;
            return row;
        }
    }

    /// <summary>Puts a factory at its slot; the one before, if any, goes stale.</summary>
    public HandleRow AddFactory(ServerObject target, ushort contract)
    {
        lock (_lock)
        {
            var handle = ObjectHandle.WellKnown(node, contract);
            var row = new HandleRow(
                handle, target, target.Home, 0, Rights.All, Rights.GlobalHandle | Rights.Lookup);
            var factories = _factories;
            if (contract >= factories.Length) Array.Resize(ref factories, contract + 1);
            else factories = (HandleRow?[])factories.Clone();
            factories[contract]?.MakeStale();
            factories[contract] = row;
            _factories = factories;
            return row;
        }
    }

    /// <summary>Drops a handle; its slot is used again under another sequence.</summary>
    public void Drop(HandleRow row)
    {
        lock (_lock)
        {
            if (row.IsStale) return;
            row.MakeStale();
            var index = row.Handle.Index;
            if (index < ObjectHandle.WellKnownMax)
            {
                var factories = (HandleRow?[])_factories.Clone();
                if (factories[index] == row) factories[index] = null;
                _factories = factories;
                return;
            }
            var at = (int)(index - ObjectHandle.WellKnownMax);
            _rows[at] = null;
            _free.Enqueue(at);
            if (_byOwner.TryGetValue(row.Owner, out var owned) && owned.Rows.Remove(row)
                && owned.Rows.Count == 0)
                _byOwner.Remove(row.Owner);
            if (row.Charged != 0) Change(_charges, row.Charged, -1);
            if (row.ChargedUser != 0) Change(_byUser, row.ChargedUser, -1);
            Count--;
        }
    }

    /// <summary>Whether a process may cause one more handle.</summary>
    /// <param name="process">The process; 0 for one that is yet to be made.</param>
    /// <param name="user">Its user.</param>
    public bool HasRoom(int process, uint user, IpcSettings settings)
    {
        lock (_lock)
        {
            return Count < _rowsForProcesses
                && _charges.GetValueOrDefault(process) < settings.HandlesPerProcessMax
                && (user == 0 || _byUser.GetValueOrDefault(user) < settings.HandlesPerUserMax);
        }
    }

    /// <summary>The handles made for a process, in the order of their index.</summary>
    public IReadOnlyList<HandleRow> OwnedBy(int owner)
    {
        lock (_lock)
        {
            if (!_byOwner.TryGetValue(owner, out var owned)) return [];
            return [.. owned.Rows.OrderBy(row => row.Handle.Index)];
        }
    }

    /// <summary>The processes of a node that handles were made for, in order.</summary>
    public IReadOnlyList<int> OwnersOf(NodeRef home)
    {
        lock (_lock) return [.. _byOwner.Where(pair => pair.Value.Home == home).Select(pair => pair.Key)
            .Order()];
    }

    private static void Change<T>(Dictionary<T, int> counts, T who, int by) where T : notnull
    {
        var left = counts.GetValueOrDefault(who) + by;
        if (left == 0) counts.Remove(who);
        else counts[who] = left;
    }

    private int TakeSlot()
    {
        // A freed slot rests until 1,024 are free, so that a sequence comes round as late as possible.
        if (_free.Count > 1_024 || (_used >= rowsMax && _free.Count > 0)) return _free.Dequeue();
        if (_used >= rowsMax) throw new InvalidOperationException("the node's handle table is full");
        if (_used == _rows.Length)
        {
            var rows = _rows;
            Array.Resize(ref rows, _used * 2);
            Array.Resize(ref _sequences, _used * 2);
            _rows = rows;
        }
        return _used++;
    }

    private sealed class Owner
    {
        public readonly HashSet<HandleRow> Rows = [];
        public NodeRef Home;
    }
}
