using K42.Contracts;

namespace K42.Kernel.Ipc;

/// <summary>What a node understands, as the Hello of its links tells: its contracts and their
/// calls.</summary>
/// <remarks>Numbers that the reader does not know are kept as they are: a newer peer is no error, and neither
/// is an older one. A node that tells nothing is asked, and says ENOSYS itself.</remarks>
internal sealed class PeerCatalogue
{
    /// <summary>Of a node that told nothing: it may have every call.</summary>
    public static readonly PeerCatalogue Unknown = new(null, 0);

    // Before it nodes told one character.
    private const byte Format = 2;
    private const int CallsMax = 16_384;

    private readonly HashSet<uint>? _calls;

    private PeerCatalogue(HashSet<uint>? calls, ulong hash) => (_calls, Hash) = (calls, hash);

    /// <summary>The same for two nodes that have the same calls; 0 for one that told nothing.</summary>
    public ulong Hash { get; }

    /// <summary>How many calls it has; 0 for one that told nothing.</summary>
    public int CallCount => _calls?.Count ?? 0;

    /// <summary>Whether a call may be sent there.</summary>
    public bool Has(ushort contract, ushort method) =>
        _calls is null || method >= BuiltInCall.ReservedMin || _calls.Contains(Key(contract, method));

    /// <summary>A catalogue as it travels: a format, a hash, then per contract its number, how many calls it
    /// has, and their numbers.</summary>
    public static ReadOnlyMemory<byte> Encode(IEnumerable<ContractRow> contracts)
    {
        var writer = new WireWriter(1_024);
        var rows = contracts.OrderBy(row => row.Id).ToArray();
        writer.Byte(Format);
        writer.UInt64(HashOf(rows.SelectMany(row => row.Calls, (row, call) => Key(row.Id, call.Number))));
        foreach (var row in rows)
        {
            writer.UInt16(row.Id);
            writer.UInt16((ushort)row.Calls.Count);
            foreach (var call in row.Calls.OrderBy(call => call.Number)) writer.UInt16(call.Number);
        }
        var bytes = writer.Written.ToArray();
        writer.Dispose();
        return bytes;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; anything else tells nothing.</summary>
    /// <exception cref="WireException">It is cut short, too long, or its hash is another's.</exception>
    public static PeerCatalogue Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] != Format) return Unknown;
        var reader = new WireReader(bytes[1..]);
        var hash = reader.UInt64();
        var calls = new HashSet<uint>();
        while (reader.Remaining > 0)
        {
            var contract = reader.UInt16();
            for (var left = (int)reader.UInt16(); left > 0; left--)
            {
                if (reader.Remaining == 0 || calls.Count >= CallsMax)
                    throw new WireException("a catalogue is cut short, or names too many calls");
                calls.Add(Key(contract, reader.UInt16()));
            }
        }
        if (HashOf(calls) != hash) throw new WireException("a catalogue's hash is another's");
        return new PeerCatalogue(calls, hash);
    }

    private static uint Key(ushort contract, ushort method) => ((uint)contract << 16) | method;

    // FNV-1a over the calls in order: only to be compared.
    private static ulong HashOf(IEnumerable<uint> calls)
    {
        const ulong offset = 14_695_981_039_346_656_037, prime = 1_099_511_628_211;
        var hash = offset;
        foreach (var call in calls.Order()) hash = unchecked((hash ^ call) * prime);
        return hash;
    }
}

/// <summary>A node's own catalogue, for its links.</summary>
public static class Catalogues
{
    /// <summary>What <see cref="Links.LinkIdentity"/> tells of the contracts that a node has.</summary>
    public static ReadOnlyMemory<byte> ForLinks(IEnumerable<ContractRow> contracts) =>
        PeerCatalogue.Encode(contracts);
}
