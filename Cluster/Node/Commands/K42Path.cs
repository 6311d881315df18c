using K42.Client;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>A path as commands take it: <c>k42:/path</c> in the cluster, <c>-</c> standard input or output,
/// else local.</summary>
/// <param name="Text">Without the prefix.</param>
/// <param name="IsRemote">In the cluster.</param>
internal readonly record struct K42Path(string Text, bool IsRemote)
{
    /// <summary>The prefix of K42 paths.</summary>
    public const string Prefix = "k42:";

    /// <summary>True for "-".</summary>
    public bool IsStandard => !IsRemote && Text == "-";

    /// <summary>The last component.</summary>
    public string Name => Path.GetFileName(Text.TrimEnd('/'));

    /// <summary>Reads either kind.</summary>
    public static K42Path Parse(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal)
            ? new K42Path(text[Prefix.Length..] is { Length: > 0 } path ? path : "/", true)
            : new K42Path(text, false);

    /// <summary>Reads a K42 path; the prefix may be left out, since nothing else is meant.</summary>
    public static string Remote(string text) => Parse(text).Text;

    /// <summary>A path below this one.</summary>
    public K42Path Below(string name) => this with { Text = Text.TrimEnd('/') + "/" + name };

    /// <inheritdoc/>
    public override string ToString() => (IsRemote ? Prefix : "") + K42Text.Show(Text);
}
