using K42.Contracts;
using K42.Contracts.Ports;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes;

/// <summary>Writes that are longer than a call carries, whose pieces are coming.</summary>
/// <remarks>
/// A write takes its room whole with its first piece, so that no two wait for each other's. A user's writes
/// may hold no more than others leave; who finds no room comes again, as when a queue is full. A write whose
/// pieces stay away keeps its room as long as nobody needs it. Only turns of the volume may touch it.
/// </remarks>
/// <param name="bytesMax">What all may hold.</param>
/// <param name="keptFor">After which silence a write makes room for others.</param>
/// <param name="clock">Whose time.</param>
internal sealed class WriteStaging(long bytesMax, TimeSpan keptFor, IClock clock)
{
    private readonly Dictionary<HandleRow, List<StagedWrite>> _byHandle = [];
    private readonly Dictionary<uint, long> _ofUser = [];

    // In the order in which they began.
    private readonly LinkedList<StagedWrite> _all = [];

    /// <summary>How many bytes they hold.</summary>
    public long BytesHeld { get; private set; }

    /// <summary>Keeps a piece, see <see cref="FileContract.WritePiece"/>. EINVAL, Overloaded.</summary>
    public Errno Keep(
        HandleRow handle, uint uid, ulong transfer, int total, int position, ReadOnlySpan<byte> data)
    {
        const int piece = FileContract.CallBytesMax;
        var isWhole = total is > piece and <= FileContract.WholeBytesMax;
        var isPiece = position >= 0 && position < total && position % piece == 0
            && data.Length == Math.Min(piece, total - position);
        if (!isWhole || !isPiece) return Errno.EINVAL;
        var write = Find(handle, transfer);
        if (write is not null && write.Total != total) return Errno.EINVAL;
        if (write is null)
        {
            if (!HasRoom(uid, total)) MakeRoom();
            if (!HasRoom(uid, total)) return Errno.Overloaded;
            write = new StagedWrite(handle, uid, transfer, total);
            Add(write);
        }
        write.Put(position, data, clock.MonotonicNs);
        return Errno.None;
    }

    /// <summary>Takes a write out; null when there is none.</summary>
    public StagedWrite? Take(HandleRow handle, ulong transfer)
    {
        var write = Find(handle, transfer);
        if (write is not null) Remove(write);
        return write;
    }

    /// <summary>The handle is gone, and with it what it was to write.</summary>
    public void Drop(HandleRow handle)
    {
        if (!_byHandle.TryGetValue(handle, out var writes)) return;
        foreach (var write in writes.ToArray()) Remove(write);
    }

    private StagedWrite? Find(HandleRow handle, ulong transfer) =>
        _byHandle.TryGetValue(handle, out var writes)
            ? writes.Find(write => write.Transfer == transfer)
            : null;

    private bool HasRoom(uint uid, int total) =>
        _ofUser.GetValueOrDefault(uid) + total <= bytesMax - BytesHeld;

    private void MakeRoom()
    {
        var oldest = clock.MonotonicNs - (long)keptFor.TotalNanoseconds;
        foreach (var write in _all.Where(write => write.HeardNs <= oldest).ToArray()) Remove(write);
    }

    private void Add(StagedWrite write)
    {
        if (!_byHandle.TryGetValue(write.Handle, out var writes)) _byHandle.Add(write.Handle, writes = []);
        writes.Add(write);
        write.Place = _all.AddLast(write);
        BytesHeld += write.Total;
        _ofUser[write.Uid] = _ofUser.GetValueOrDefault(write.Uid) + write.Total;
    }

    private void Remove(StagedWrite write)
    {
        var writes = _byHandle[write.Handle];
        writes.Remove(write);
        if (writes.Count == 0) _byHandle.Remove(write.Handle);
        _all.Remove(write.Place!);
        BytesHeld -= write.Total;
        _ofUser[write.Uid] -= write.Total;
        if (_ofUser[write.Uid] == 0) _ofUser.Remove(write.Uid);
    }
}

/// <summary>A write whose pieces are coming.</summary>
internal sealed class StagedWrite(HandleRow handle, uint uid, ulong transfer, int total)
{
    private const int PieceBytes = FileContract.CallBytesMax;

    private readonly byte[]?[] _pieces = new byte[]?[(total + PieceBytes - 1) / PieceBytes];

    public HandleRow Handle { get; } = handle;

    /// <summary>For whom it counts.</summary>
    public uint Uid { get; } = uid;

    public ulong Transfer { get; } = transfer;

    /// <summary>Its length, and the room that it takes.</summary>
    public int Total { get; } = total;

    /// <summary>When its last piece came.</summary>
    public long HeardNs { get; private set; }

    /// <summary>Where it is among all.</summary>
    public LinkedListNode<StagedWrite>? Place { get; set; }

    public void Put(int position, ReadOnlySpan<byte> data, long nowNs)
    {
        _pieces[position / PieceBytes] = data.ToArray();
        HeardNs = nowNs;
    }

    /// <summary>Whether all of its first bytes have come.</summary>
    public bool Has(int count) =>
        count <= Total && !_pieces.AsSpan(0, (count + PieceBytes - 1) / PieceBytes).Contains(null);

    /// <summary>The piece that begins at a position, of a write that is cut to a length.</summary>
    public ReadOnlySpan<byte> PieceAt(int position, int count)
    {
        var piece = _pieces[position / PieceBytes].AsSpan();
        return piece[..Math.Min(piece.Length, count - position)];
    }
}
