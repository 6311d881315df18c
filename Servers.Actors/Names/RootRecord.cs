using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Servers.Names;

/// <summary>Where the root volume is, as the replicated table has it: who writes the mount table.</summary>
/// <param name="Node">The node that owns it, and orders the mount table.</param>
/// <param name="Volume">Its number.</param>
/// <param name="Epoch">Which root volume of the cluster it is, counted from 1: the upper half of table
/// versions.</param>
internal readonly record struct RootRecord(NodeRef Node, ulong Volume, uint Epoch)
{
    /// <summary>The key in the replicated table.</summary>
    public const string Key = "root";

    private const byte Format = 1;

    /// <summary>The first table version of this root.</summary>
    public ulong FirstVersion => ((ulong)Epoch << 32) | 1;

    /// <summary>The root that a table version belongs to.</summary>
    public static uint EpochOf(ulong version) => (uint)(version >> 32);

    /// <summary>Reads it; null when there is none, or it is from a later version of the format.</summary>
    public static RootRecord? Read(IReplicatedTable table)
    {
        var reader = new WireReader(table.Get(Key).Span);
        return reader.Byte() == Format
            ? new RootRecord(reader.Node(), reader.UInt64(), reader.UInt32())
            : null;
    }

    /// <summary>Writes it with majority.</summary>
    public void Write(IReplicatedTable table, Action<Errno> done)
    {
        var writer = new WireWriter(capacity: 64);
        writer.Byte(Format);
        writer.Node(Node);
        writer.UInt64(Volume);
        writer.UInt32(Epoch);
        var bytes = writer.Written.ToArray();
        writer.Dispose();
        table.Put(Key, bytes, done);
    }
}
