using K42.Client;
using Xunit;

namespace K42.Personality.Tests.Gateway;

/// <summary>The client's stream over a file: read-ahead and write-behind change the speed, never the bytes.
/// </summary>
public sealed class StreamSpec : IAsyncLifetime
{
    private const int Piece = K42Stream.TransferBytes;
    private GatewayNode _node = null!;
    private K42Connection _root = null!;
    private K42Session _session = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await GatewayNode.StartAsync(options => options with { CallsMax = 40 });
        _root = await _node.ConnectAsync();
        _session = await _root.BeginSessionAsync("stream", Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        await _root.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData(3 * Piece)]
    [InlineData(40 * Piece + 7)]
    public async Task What_was_written_in_odd_parts_is_read_in_other_odd_parts(int size)
    {
        var contents = Contents(size);
        await using (var writer = await Open(OpenFlags.WriteOnly | OpenFlags.Create))
        {
            for (var at = 0; at < size; at += 100_003)
                await writer.WriteAsync(contents.AsMemory(at, Math.Min(100_003, size - at)), Stop);
        }
        await using var reader = await Open(OpenFlags.ReadOnly);
        using var read = new MemoryStream();
        var buffer = new byte[30_011];
        for (int count; (count = await reader.ReadAsync(buffer, Stop)) > 0;) read.Write(buffer, 0, count);
        Assert.Equal(contents, read.ToArray());
    }

    [Fact]
    public async Task A_read_that_was_cancelled_leaves_its_bytes_to_the_next()
    {
        var contents = await File(3 * Piece);
        await using var reader = await Open(OpenFlags.ReadOnly);
        var buffer = new byte[1_000];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => _ = await reader.ReadAsync(buffer, new CancellationToken(canceled: true)));
        for (var read = 0; read < contents.Length;)
        {
            var count = await reader.ReadAsync(buffer, Stop);
            Assert.Equal(contents.AsSpan(read, count), buffer.AsSpan(0, count));
            read += count;
        }
        Assert.Equal(0, await reader.ReadAsync(buffer, Stop));
    }

    [Fact]
    public async Task A_seek_in_the_middle_of_the_read_ahead_gives_the_bytes_of_its_offset()
    {
        var contents = await File(20 * Piece);
        await using var reader = await Open(OpenFlags.ReadOnly);
        var buffer = new byte[1_000];
        foreach (var at in new[] { 0, 5 * Piece, Piece - 500, 19 * Piece, 17, 20 * Piece - 1_000 })
        {
            reader.Seek(at, SeekOrigin.Begin);
            for (var more = 0; more < 3 && at + (more + 1) * 1_000 <= contents.Length; more++)
            {
                await reader.ReadExactlyAsync(buffer, Stop);
                Assert.Equal(contents.AsSpan(at + more * 1_000, 1_000).ToArray(), buffer);
            }
        }
    }

    [Fact]
    public async Task A_hole_reads_as_zeros_and_what_follows_it_is_in_its_place()
    {
        await using (var writer = await Open(OpenFlags.WriteOnly | OpenFlags.Create))
        {
            writer.Seek(3 * Piece + 5, SeekOrigin.Begin);
            await writer.WriteAsync("end"u8.ToArray(), Stop);
        }
        await using var reader = await Open(OpenFlags.ReadOnly);
        using var read = new MemoryStream();
        await reader.CopyToAsync(read, Stop);
        var expected = new byte[3 * Piece + 8];
        "end"u8.CopyTo(expected.AsSpan(3 * Piece + 5));
        Assert.Equal(expected, read.ToArray());
    }

    [Fact]
    public async Task One_read_of_many_pieces_is_whole_and_in_order()
    {
        var contents = await File(13 * Piece + 77);
        var fd = await _session.Main.OpenAsync("/stream", OpenFlags.ReadOnly, 0, Stop);
        var all = await _session.Main.ReadAtAsync(fd, 16 * Piece, 0, Stop);
        Assert.Equal(contents, all.ToArray());
        var part = await _session.Main.ReadAtAsync(fd, 5 * Piece, Piece / 2, Stop);
        Assert.Equal(contents.AsSpan(Piece / 2, 5 * Piece).ToArray(), part.ToArray());
    }

    private Task<K42Stream> Open(int flags) =>
        K42Stream.OpenAsync(_session.Main, "/stream", flags, cancellation: Stop);

    private async Task<byte[]> File(int size)
    {
        var contents = Contents(size);
        await using var writer = await Open(OpenFlags.WriteOnly | OpenFlags.Create);
        await writer.WriteAsync(contents, Stop);
        return contents;
    }

    private static byte[] Contents(int size)
    {
        var contents = new byte[size];
        for (var at = 0; at < size; at++) contents[at] = (byte)(at * 31 + (at >> 16) * 7 + 1);
        return contents;
    }
}
