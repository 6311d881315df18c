using CsCheck;

using Google.Protobuf;

using K42.Client;
using K42.Tests;

using Xunit;

namespace K42.Personality.Tests.Client;

public sealed class K42TextSpec
{
    [Fact]
    public void Every_name_comes_back_as_the_bytes_that_it_is() =>
        Gen.Byte.Array[0, 40].Check(bytes =>
        {
            var name = ByteString.CopyFrom(bytes);
            return K42Text.Encode(K42Text.Decode(name)) == name;
        });

    [Fact]
    public void Names_that_differ_have_strings_that_differ() =>
        Gen.Select(Gen.Byte.Array[0, 4], Gen.Byte.Array[0, 4]).Check(static pair =>
            pair.Item1.AsSpan().SequenceEqual(pair.Item2)
            || K42Text.Decode(ByteString.CopyFrom(pair.Item1))
                != K42Text.Decode(ByteString.CopyFrom(pair.Item2)));

    // Attributes can't hold half a surrogate pair.
    private static readonly (string Text, string Hex)[] s_encoded =
    [
        ("plain", "706c61696e"), ("grüße", "6772c3bcc39f65"), ("\U0001F427", "f09f90a7"),
        ("\uF780", "ef9e80"),
        ("\uDCFF", "ff"), ("a\uDC80\uDCC3", "6180c3"),
    ];

    private static readonly (string Text, string Shown)[] s_shown =
    [
        ("plain name", "plain name"), ("grüße", "grüße"), ("caf\uDCE9", "'caf'$'\\351'"),
        ("\uDCFFx\n", "$'\\377''x'$'\\012'"), ("it's", "'it'\\''s'"),
        ("\U0001F427\uDC80", "'\U0001F427'$'\\200'"),
    ];

    [Fact]
    public void Strings_are_their_utf8_and_escapes_are_bytes() =>
        Assert.All(s_encoded, one =>
            Assert.Equal(one.Hex, Convert.ToHexStringLower(K42Text.Encode(one.Text).Span)));

    [Fact]
    public void Half_a_pair_that_is_no_byte_is_refused() =>
        Assert.All(["\uD800", "\uDC7F", "\uDC80\uDC00"], text =>
            Assert.ThrowsAny<ArgumentException>(() => K42Text.Encode(text)));

    [Fact]
    public void Names_are_shown_as_a_shell_would_read_them() =>
        Assert.All(s_shown, one => Assert.Equal(one.Shown, K42Text.Show(one.Text)));
}
