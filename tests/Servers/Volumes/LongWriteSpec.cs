using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;

using Xunit;

namespace K42.Servers.Tests.Volumes;

/// <summary>Transfers that are longer than a call carries. That each is one to those who share the file, is
/// in tests/Personality.</summary>
public sealed class LongWriteSpec
{
    private const int Piece = FileContract.CallBytesMax, Largest = FileContract.WholeBytesMax;
    private const int CreateNew = OpenFlags.O_CREAT | OpenFlags.O_RDWR;
    private const long Shared = FileContract.SharedOffset;

    // Room for two of the largest writes.
    private static readonly VolumeSettings Small = new(BytesMax: 64 << 20, InodesMax: 1_000)
    {
        StagedBytesMax = 2 * Largest,
        StagedFor = TimeSpan.FromSeconds(10),
    };

    [Fact]
    public void Pieces_come_in_any_order_and_are_seen_together() => Run(async volume =>
    {
        var file = await volume.Open(ServerNodes.Root);
        var bytes = Pattern((2 * Piece) + 17);
        await Bring(file, 5, bytes, 2, 0);
        Assert.Equal(0, (await file.Status()).Value.Size);
        await Bring(file, 5, bytes, 1, 0);
        Assert.Equal(bytes.Length, (await file.WriteWhole(5, bytes.Length, Shared)).Value);
        Assert.Equal(bytes.Length, (await file.Seek(0, 1)).Value);
        Assert.Equal(bytes, await ReadAll(file));
        Assert.Equal(Errno.ESTALE, (await file.WriteWhole(5, bytes.Length, Shared)).Errno);
    });

    [Fact]
    public void A_part_is_written_when_the_rest_is_not_to_come() => Run(async volume =>
    {
        var file = await volume.Open(ServerNodes.Root);
        var bytes = Pattern(3 * Piece);
        await Bring(file, 1, bytes, 0, 1);
        Assert.Equal(Piece + 5, (await file.WriteWhole(1, Piece + 5, 100)).Value);
        Assert.Equal(bytes[..(Piece + 5)], (await ReadAll(file))[100..]);
        Assert.Equal(0, (await file.Seek(0, 1)).Value);
        await Bring(file, 2, bytes, 0, 2);
        Assert.Equal(Errno.ESTALE, (await file.WriteWhole(2, bytes.Length, 0)).Errno);
        Assert.Equal(100 + Piece + 5, (await file.Status()).Value.Size);
    });

    [Fact]
    public void A_full_volume_takes_the_pages_that_it_has() => Run(async volume =>
    {
        var root = await volume.Nodes.NewVolume(volume.Nodes.Process(ServerNodes.Root), "size=96k");
        var file = await root.Open("/f", CreateNew);
        var bytes = Pattern(4 * Piece);
        await Bring(file, 1, bytes, 0, 1, 2, 3);
        Assert.Equal(96 << 10, (await file.WriteWhole(1, bytes.Length, 0)).Value);
        await Bring(file, 2, bytes, 0, 1, 2, 3);
        Assert.Equal(Errno.ENOSPC, (await file.WriteWhole(2, bytes.Length, 96 << 10)).Errno);
        Assert.Equal(bytes[..(96 << 10)], await ReadAll(file));
    });

    [Fact]
    public void Pieces_that_are_none_are_refused() => Run(async volume =>
    {
        var file = await volume.Open(ServerNodes.Root);
        var piece = new byte[Piece];
        foreach (var (total, position, data) in new (int, int, byte[])[]
        {
            (Piece, 0, piece), (Largest + 1, 0, piece), (-1, 0, piece), (int.MaxValue, 0, piece),
            (2 * Piece, -Piece, piece), (2 * Piece, 2 * Piece, piece), (2 * Piece, 1, piece),
            (2 * Piece, 0, piece[1..]), ((2 * Piece) - 1, Piece, piece), (2 * Piece, 0, []),
        })
            Assert.Equal(Errno.EINVAL, (await file.WritePiece(1, total, position, data)).Errno);
        Assert.Equal(Errno.None, (await file.WritePiece(1, 2 * Piece, 0, piece)).Errno);
        Assert.Equal(Errno.EINVAL, (await file.WritePiece(1, 3 * Piece, 0, piece)).Errno);
        Assert.Equal(Errno.ESTALE, (await file.WriteWhole(1, (2 * Piece) + 1, 0)).Errno);
        Assert.Equal(Errno.EINVAL, (await file.WriteWhole(1, -1, 0)).Errno);
        Assert.Equal(Errno.EINVAL, (await file.WriteWhole(1, 1, long.MaxValue)).Errno);
        var reader = await volume.Open(ServerNodes.Root, OpenFlags.O_RDONLY);
        Assert.Equal(Errno.EPERM, (await reader.WritePiece(1, 2 * Piece, 0, piece)).Errno);
        Assert.Equal(Errno.EPERM, (await reader.WriteWhole(1, 1, 0)).Errno);
    });

    [Fact]
    public void A_user_has_the_room_that_others_leave_until_write_or_handle_end() => Run(async volume =>
    {
        var file = await volume.Open(ServerNodes.Root);
        var other = await volume.Open(ServerNodes.Root);
        var bob = await volume.Open(ServerNodes.Bob);
        Assert.Equal(Errno.None, await Begin(file, 1));
        Assert.Equal(Errno.Overloaded, await Begin(other, 1));
        Assert.Equal(Errno.None, await Begin(bob, 1));
        Assert.Equal(0, (await bob.WriteWhole(1, 0, 0)).Value);
        Assert.Equal(Errno.Overloaded, await Begin(other, 1));
        await file.Close();
        Assert.Equal(Errno.None, await Begin(other, 1));
    });

    [Fact]
    public void A_write_whose_pieces_stay_away_makes_room_for_others() => Run(async volume =>
    {
        var file = await volume.Open(ServerNodes.Root);
        var other = await volume.Open(ServerNodes.Root);
        Assert.Equal(Errno.None, await Begin(file, 1));
        await volume.Elapse(9);
        Assert.Equal(Errno.Overloaded, await Begin(other, 1));
        await volume.Elapse(1);
        Assert.Equal(Errno.None, await Begin(other, 1));
        Assert.Equal(Errno.ESTALE, (await file.WriteWhole(1, 1, 0)).Errno);
        Assert.Equal(1, (await other.WriteWhole(1, 1, 0)).Value);
    });

    [Fact]
    public void A_long_read_takes_its_part_of_the_offset_and_gives_back_what_was_cut() => Run(async volume =>
    {
        var file = await volume.Open(ServerNodes.Root);
        await file.Write(new byte[Piece], Piece * 2);
        Assert.Equal(new FileExtent(0, Piece), (await file.Advance(Piece)).Value);
        Assert.Equal(new FileExtent(Piece, 2 * Piece), (await file.Advance(long.MaxValue / 2)).Value);
        Assert.Equal(new FileExtent(3 * Piece, 0), (await file.Advance(1)).Value);
        Assert.Equal(Errno.EINVAL, (await file.Advance(-1)).Errno);
        Assert.Equal(Errno.EINVAL, (await file.Advance(long.MaxValue)).Errno);
        Assert.Equal(Errno.EINVAL, (await file.Retreat(5, 6)).Errno);
        Assert.Equal(Errno.EINVAL, (await file.Retreat(5, -1)).Errno);
        await file.Retreat(Piece, 0);
        Assert.Equal(3 * Piece, (await file.Seek(0, 1)).Value);
        await file.Retreat(3 * Piece, Piece + 1);
        Assert.Equal(Piece + 1, (await file.Seek(0, 1)).Value);
        var directory = await volume.Open(ServerNodes.Root, OpenFlags.O_RDONLY, "/");
        Assert.Equal(Errno.EISDIR, (await directory.Advance(1)).Errno);
    });

    private static void Run(Func<Volume, Task> scenario)
    {
        using var nodes = new ServerNodes { VolumeSettings = Small };
        nodes.Run(async started =>
        {
            var kernel = VolumeClient.On(started.One.Ipc.Kernel, started.One.Member.Node);
            var volume = new Volume(started, (await kernel.Create("tmpfs", "")).Value);
            var root = await volume.Root(ServerNodes.Root);
            await root.Walk(Walking.To("/f", WalkIntent.Open, CreateNew, 0x1B6));
            await root.Walk(Walking.To("/f", WalkIntent.SetMode, 0, 0x1B6));
            await scenario(volume);
        });
    }

    /// <summary>A volume with a file that everybody may write.</summary>
    private sealed record Volume(ServerNodes Nodes, ulong Number)
    {
        public Task<DirectoryClient> Root(Principal who) => Nodes.Mounted(Number, Nodes.Process(who));

        /// <summary>Opened by a process of its own.</summary>
        public async Task<FileClient> Open(
            Principal who, int flags = OpenFlags.O_RDWR, string path = "/f") =>
            await (await Root(who)).Open(path, flags);

        public Task Elapse(int seconds) => Nodes.Cluster.Elapse(TimeSpan.FromSeconds(seconds));
    }

    private static async Task<Errno> Begin(FileClient file, ulong transfer) =>
        (await file.WritePiece(transfer, Largest, 0, new byte[Piece])).Errno;

    private static async Task Bring(FileClient file, ulong transfer, byte[] bytes, params int[] pieces)
    {
        foreach (var piece in pieces)
        {
            var position = piece * Piece;
            var data = bytes.AsMemory(position, Math.Min(Piece, bytes.Length - position));
            var kept = await file.WritePiece(transfer, bytes.Length, position, data);
            Assert.Equal(Errno.None, kept.Errno);
        }
    }

    private static async Task<byte[]> ReadAll(FileClient file)
    {
        var all = new List<byte>();
        while ((await file.Read(Piece, all.Count)).Value is { Length: > 0 } piece) all.AddRange(piece.Span);
        return [.. all];
    }

    private static byte[] Pattern(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = (byte)((i * 31) + (i / 251));
        return bytes;
    }
}
