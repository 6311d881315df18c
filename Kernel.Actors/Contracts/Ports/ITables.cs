namespace K42.Contracts.Ports;

/// <summary>Leases of numbers that must be unique in the cluster, written with majority and refused without
/// one.</summary>
public interface INumberGrantor
{
    /// <summary>Leases the next block of process numbers for this node.</summary>
    /// <param name="done">Gets the block's index (block b holds numbers b*1024 to b*1024+1023; block 0 is
    /// never granted), or EAGAIN without a majority, or ENFILE when all are taken. Called on the
    /// executor.</param>
    void LeaseBlock(Action<Outcome<int>> done);
}

/// <summary>Which node serves which process numbers: the replicated block map.</summary>
public interface IBlockMap
{
    /// <summary>Numbers per block.</summary>
    const int BlockSize = 1_024;

    /// <summary>The node that leased a block, or none when unknown or removed.</summary>
    NodeRef HomeOf(int block);
}

/// <summary>A small replicated map with one writer per key, read from memory on every node.</summary>
/// <remarks>Meant for tables such as the mount table and well-known handles: at most 10,000 keys of 64
/// KiB.</remarks>
public interface IReplicatedTable
{
    /// <summary>The newest value seen here, or empty when there is none.</summary>
    ReadOnlyMemory<byte> Get(string key);

    /// <summary>Every key seen here, in ordinal order.</summary>
    IReadOnlyList<string> Keys { get; }

    /// <summary>Writes with majority.</summary>
    /// <param name="key">At most 255 characters.</param>
    /// <param name="value">At most 64 KiB; empty removes the key.</param>
    /// <param name="done">0 when a majority holds it; EAGAIN without one. Called on the executor.</param>
    void Put(string key, ReadOnlyMemory<byte> value, Action<Errno> done);

    /// <summary>Hears of every change seen here, after it can be read.</summary>
    void Subscribe(Action<string> changed);
}
