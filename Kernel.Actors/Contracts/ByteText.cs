using System.Buffers;
using System.Globalization;
using System.Text;

namespace K42.Contracts;

/// <summary>Text as Linux has it in names, paths and symbolic links: bytes, in no encoding that anybody
/// checks.</summary>
/// <remarks>Immutable; its length is what limits such as NAME_MAX count. A .NET string becomes its UTF-8.
/// Two are equal when their bytes are.</remarks>
public readonly struct ByteText : IEquatable<ByteText>
{
    private readonly byte[]? _bytes;

    private ByteText(byte[] bytes) => _bytes = bytes;

    /// <summary>How dictionaries compare: also by a span, so that a look-up makes no object.</summary>
    public static IEqualityComparer<ByteText> Comparer { get; } = new Comparing();

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>How many bytes.</summary>
    public int Length => _bytes?.Length ?? 0;

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>Text of its own, with these bytes.</summary>
    public static ByteText Of(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? default : new(bytes.ToArray());

    /// <summary>The texts one behind the other.</summary>
    public static ByteText Concat(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third = default)
    {
        var bytes = new byte[first.Length + second.Length + third.Length];
        first.CopyTo(bytes);
        second.CopyTo(bytes.AsSpan(first.Length));
        third.CopyTo(bytes.AsSpan(first.Length + second.Length));
        return new ByteText(bytes);
    }

    /// <summary>The UTF-8 of a string.</summary>
    public static implicit operator ByteText(string text) =>
        text.Length == 0 ? default : new(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether the bytes are the same.</summary>
    public static bool operator ==(ByteText left, ByteText right) => left.Equals(right);

    /// <summary>Whether any byte differs.</summary>
    public static bool operator !=(ByteText left, ByteText right) => !left.Equals(right);

    /// <summary>Whether the first byte is this one.</summary>
    public bool StartsWith(char ascii) => Length > 0 && Span[0] == ascii;

    /// <summary>Whether the last byte is this one.</summary>
    public bool EndsWith(char ascii) => Length > 0 && Span[^1] == ascii;

    /// <inheritdoc/>
    public bool Equals(ByteText other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ByteText other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Hash(Span);

    /// <summary>For people to read: UTF-8, and what is none as \xFF.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Length);
        for (var rest = Span; !rest.IsEmpty;)
        {
            var done = Rune.DecodeFromUtf8(rest, out var rune, out var count) == OperationStatus.Done;
            if (done) text.Append(rune.ToString());
            else foreach (var one in rest[..count]) text.Append(CultureInfo.InvariantCulture, $"\\x{one:X2}");
            rest = rest[count..];
        }
        return text.ToString();
    }

    private static int Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = default(HashCode);
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    private sealed class Comparing : IEqualityComparer<ByteText>,
        IAlternateEqualityComparer<ReadOnlySpan<byte>, ByteText>
    {
        public bool Equals(ByteText left, ByteText right) => left.Equals(right);

        public int GetHashCode(ByteText text) => text.GetHashCode();

        public bool Equals(ReadOnlySpan<byte> alternate, ByteText other) =>
            alternate.SequenceEqual(other.Span);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => Hash(alternate);

        public ByteText Create(ReadOnlySpan<byte> alternate) => Of(alternate);
    }
}
