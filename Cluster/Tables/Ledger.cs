using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Cluster.Tables;

/// <summary>Who holds which block of process numbers, and which data directory holds which node id.</summary>
/// <remarks>Immutable: a change that no majority took is dropped by keeping the ledger from before.</remarks>
internal sealed record Ledger
{
    /// <summary>Process numbers have 22 bits; block 0 holds pid 0 and 1 and is never granted.</summary>
    public const int BlockCount = (1 << 22) / IBlockMap.BlockSize;

    public static readonly Ledger Empty = new();

    /// <summary>Block to home.</summary>
    public ImmutableSortedDictionary<int, NodeRef> Blocks { get; init; } =
        ImmutableSortedDictionary<int, NodeRef>.Empty;

    /// <summary>Lease key to node id. Ids are never given to another key.</summary>
    public ImmutableSortedDictionary<string, ushort> Nodes { get; init; } =
        ImmutableSortedDictionary.Create<string, ushort>(StringComparer.Ordinal);

    /// <summary>Where the search for a free block goes on: a block freed comes round last.</summary>
    public int Next { get; init; } = 1;

    /// <summary>Gives a node the next free block.</summary>
    /// <returns>The block, or 0 when all are taken.</returns>
    public (Ledger After, int Block) TakeBlock(NodeRef home)
    {
        for (var i = 0; i < BlockCount - 1; i++)
        {
            var block = 1 + ((Next - 1 + i) % (BlockCount - 1));
            if (!Blocks.ContainsKey(block))
                return (this with { Blocks = Blocks.Add(block, home), Next = block + 1 }, block);
        }
        return (this, 0);
    }

    /// <summary>Gives a data directory a node id: the one it had, or one that nobody ever had.</summary>
    /// <param name="leaseKey">The directory's key.</param>
    /// <param name="wanted">The id that the directory says it has, or 0.</param>
    /// <returns>The id, or 0 when the wanted id is another directory's or all are taken.</returns>
    public (Ledger After, ushort Id) TakeNode(string leaseKey, ushort wanted)
    {
        if (Nodes.TryGetValue(leaseKey, out var had))
            return (this, wanted == 0 || wanted == had ? had : (ushort)0);
        if (wanted != 0 && Nodes.ContainsValue(wanted)) return (this, 0);
        var highest = Nodes.Count == 0 ? 0 : Nodes.Values.Max();
        if (wanted == 0 && highest == ushort.MaxValue) return (this, 0);
        var id = wanted != 0 ? wanted : (ushort)(highest + 1);
        return (this with { Nodes = Nodes.Add(leaseKey, id) }, id);
    }

    /// <summary>Adds what a node says it holds; its own word counts for its blocks.</summary>
    public Ledger With(NodeRef node, IEnumerable<int> blocks, IEnumerable<(string Key, ushort Id)> nodes)
    {
        var after = this;
        foreach (var block in blocks)
            if (block is > 0 and < BlockCount)
                after = after with { Blocks = after.Blocks.SetItem(block, node) };
        foreach (var (key, id) in nodes)
            if (!after.Nodes.ContainsKey(key)) after = after with { Nodes = after.Nodes.Add(key, id) };
        return after;
    }

    /// <summary>Frees the blocks of nodes that everyone has removed.</summary>
    public Ledger Without(Func<NodeRef, bool> isGone) => this with
    {
        Blocks = Blocks.RemoveRange(Blocks.Where(entry => isGone(entry.Value)).Select(entry => entry.Key)),
    };

    /// <summary>As lines of text: "next 7", "block 3 2.1", "node 2 KEY".</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"next {Next}\n");
        foreach (var (block, home) in Blocks)
            text.Append(CultureInfo.InvariantCulture, $"block {block} {home.Id}.{home.Incarnation}\n");
        foreach (var (key, id) in Nodes) text.Append(CultureInfo.InvariantCulture, $"node {id} {key}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; unknown lines, of a later version, are
    /// skipped.</summary>
    public static Ledger Parse(ReadOnlySpan<byte> bytes)
    {
        var blocks = Empty.Blocks.ToBuilder();
        var nodes = Empty.Nodes.ToBuilder();
        var next = 1;
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            var words = line.Split(' ');
            if (words[0] == "next") next = Number(words[1]);
            if (words[0] == "node") nodes[words[2]] = (ushort)Number(words[1]);
            if (words[0] != "block") continue;
            var home = words[2].Split('.');
            blocks[Number(words[1])] =
                new NodeRef((ushort)Number(home[0]), uint.Parse(home[1], CultureInfo.InvariantCulture));
        }
        return new Ledger { Blocks = blocks.ToImmutable(), Nodes = nodes.ToImmutable(), Next = next };
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
