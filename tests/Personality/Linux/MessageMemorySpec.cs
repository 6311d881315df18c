using System.Text;

using K42.Contracts;
using K42.Personality.Linux.Memory;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>A message's buffers as a program's memory.</summary>
public sealed class MessageMemorySpec
{
    [Fact]
    public void A_string_ends_at_its_zero_and_not_after_the_limit()
    {
        var memory = new MessageMemory();
        var text = memory.Text("some text");
        Assert.Equal("some text", Encoding.UTF8.GetString(memory.ReadString(text, 9).Value.Span));
        Assert.Equal("text", Encoding.UTF8.GetString(memory.ReadString(text + 5, 9).Value.Span));
        Assert.Equal(Errno.ENAMETOOLONG, memory.ReadString(text, 8).Errno);
        Assert.Equal(Errno.EFAULT, memory.ReadString(0, 9).Errno);
        Assert.Equal(Errno.EFAULT, memory.ReadString(memory.In(new byte[] { 1, 2 }), 9).Errno);
        var page = memory.Text(new string('p', 10_000));
        Assert.Equal(10_000, memory.ReadString(page, 10_000).Value.Length);
        Assert.Equal(Errno.ENAMETOOLONG, memory.ReadString(page, 9_999).Errno);
    }

    [Fact]
    public void Nothing_is_reached_outside_of_a_buffer()
    {
        var memory = new MessageMemory();
        var input = memory.In(new byte[10]);
        var room = memory.Out(10);
        ulong[] outside = [0, 1, input - 1, input + 11, room + 11, ulong.MaxValue, 1UL << 63, uint.MaxValue];
        foreach (var address in outside)
        {
            Assert.Equal(0, memory.Readable(address, 1));
            Assert.False(memory.TryWrite(address, new byte[1].AsMemory()));
            Assert.False(memory.TryRead(address, 1, out _));
        }
        Assert.Equal(4, memory.Readable(input + 6, 100));
        Assert.Equal(0, memory.Writable(input, 1));
        Assert.False(memory.TryWrite(input, new byte[1].AsSpan()));
        Assert.False(memory.TryWrite(room + 5, new byte[6].AsSpan()));
        Assert.True(memory.TryWrite(room + 5, new byte[5].AsSpan()));
    }

    [Fact]
    public void An_output_written_in_one_piece_is_kept_and_pieces_are_put_together()
    {
        var memory = new MessageMemory();
        var (whole, pieces) = (memory.Out(100), memory.Out(100));
        var bytes = new byte[] { 1, 2, 3 };
        memory.TryWrite(whole, bytes.AsMemory());
        Assert.True(memory.Written(whole).Equals(bytes.AsMemory()));
        memory.TryWrite(pieces, bytes.AsMemory());
        memory.TryWrite(pieces + 3, bytes.AsMemory());
        memory.TryWrite(pieces + 8, bytes.AsMemory());
        Assert.Equal([1, 2, 3, 1, 2, 3, 0, 0, 1, 2, 3], memory.Written(pieces).ToArray());
        Assert.True(memory.TryRead(pieces + 8, 4, out var read));
        Assert.Equal([1, 2, 3, 0], read.ToArray());
        Assert.Equal([1, 2, 3], bytes);
    }

    [Fact]
    public void What_was_not_written_between_large_parts_reads_as_zeros()
    {
        var memory = new MessageMemory();
        var room = memory.Out(1_000_000);
        var part = new byte[5_000];
        Array.Fill(part, (byte)7);
        memory.TryWrite(room, part.AsMemory());
        memory.TryWrite(room + 400_000, part.AsSpan());
        memory.TryWrite(room + 20_000, part.AsSpan());
        var expected = new byte[500_000];
        foreach (var at in new[] { 0, 20_000, 400_000 }) part.CopyTo(expected, at);
        Assert.Equal(expected[..405_000], memory.Written(room).ToArray());
        Assert.True(memory.TryRead(room, expected.Length, out var read));
        Assert.Equal(expected, read.ToArray());
    }
}
