using System.Text;

using Google.Protobuf;

using K42.Client;

namespace K42.Node.Commands;

/// <summary>The words of the command line as <see cref="K42Text"/> has names: .NET replaces bytes that
/// are not UTF-8 in them, the kernel still has the words as they were.</summary>
internal static class RawArguments
{
    private const string File = "/proc/self/cmdline";

    /// <summary>The same words, with what .NET replaced.</summary>
    public static string[] Of(string[] args)
    {
        var replaced = (char)Rune.ReplacementChar.Value;
        var isWhole = !args.Any(word => word.Contains(replaced, StringComparison.Ordinal));
        if (isWhole || !System.IO.File.Exists(File)) return args;
        var words = Split(System.IO.File.ReadAllBytes(File));
        // The runtime's own words come first.
        return words.Length < args.Length ? args : words[^args.Length..];
    }

    private static string[] Split(byte[] bytes)
    {
        var words = new List<string>();
        foreach (var range in new ReadOnlySpan<byte>(bytes).TrimEnd((byte)0).Split((byte)0))
            words.Add(K42Text.Decode(ByteString.CopyFrom(bytes[range])));
        return [.. words];
    }
}
