using CsCheck;

using K42.Contracts;
using K42.Tests;

using Xunit;

namespace K42.Generator.Tests.Wire;

public sealed class ByteTextSpec
{
    [Fact]
    public void Texts_are_equal_when_their_bytes_are() =>
        Gen.Select(Gen.Byte.Array[0, 3], Gen.Byte.Array[0, 3]).Check(static pair =>
        {
            var (left, right) = (ByteText.Of(pair.Item1), ByteText.Of(pair.Item2));
            var same = pair.Item1.AsSpan().SequenceEqual(pair.Item2);
            Assert.Equal(same, left == right);
            Assert.True(!same || left.GetHashCode() == right.GetHashCode());
        });

    [Fact]
    public void A_dictionary_finds_a_text_by_its_bytes()
    {
        var names = new Dictionary<ByteText, int>(ByteText.Comparer) { ["a"] = 1, [ByteText.Of([0xFF])] = 2 };
        var look = names.GetAlternateLookup<ReadOnlySpan<byte>>();
        Assert.Equal((1, 2), (look["a"u8], look[[0xFF]]));
        Assert.False(look.ContainsKey([0xFE]));
    }

    [Fact]
    public void A_string_is_its_utf8_and_nothing_is_empty()
    {
        ByteText text = "grüße";
        Assert.Equal("grüße"u8, text.Span);
        Assert.Equal(default, ByteText.Of([]));
        Assert.Equal(default, (ByteText)"");
        Assert.Equal("a/b", ByteText.Concat("a"u8, "/"u8, "b"u8));
    }

    [Fact]
    public void What_is_not_utf8_is_shown_as_its_bytes() =>
        Assert.Equal("caf\\xE9 é", ByteText.Of([.. "caf"u8, 0xE9, .. " é"u8]).ToString());
}
