using System.Collections.Concurrent;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace K42.Tidy;

/// <summary>The source tree: K42_ROOT, or the folder above this program that holds the solution.</summary>
internal static class Repository
{
    private static readonly string[] s_notSource =
        ["bin", "obj", ".git", ".build", ".vs", ".idea", "node_modules"];

    private static readonly ConcurrentDictionary<string, string> s_texts = new();
    private static readonly ConcurrentDictionary<string, SyntaxNode> s_syntax = new();

    /// <summary>Projects that ship; everything else is tests.</summary>
    public static readonly string[] Shipped =
        ["Kernel.Actors/", "Servers.Actors/", "Personality/", "Cluster/"];

    /// <summary>The root's absolute path.</summary>
    public static string Root { get; } = Find();

    /// <summary>Every file, relative to the root, '/' between folders, in order.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. List(Root).Order(StringComparer.Ordinal)];

    /// <summary>C# that people wrote: no reviewed output of the generator.</summary>
    public static IEnumerable<string> CSharp =>
        With(".cs").Where(file => !file.Contains("/snapshots/", StringComparison.Ordinal));

    /// <summary>The C# of what ships.</summary>
    public static IEnumerable<string> ShippedCSharp => CSharp.Where(file => Shipped.Any(file.StartsWith));

    /// <summary>Files whose names end so.</summary>
    public static IEnumerable<string> With(params string[] endings) =>
        Files.Where(file => endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)));

    public static string Text(string file) =>
        s_texts.GetOrAdd(file, static name => File.ReadAllText(Path.Combine(Root, name)));

    public static string[] Lines(string file) => Text(file).TrimEnd('\n').Split('\n');

    public static SyntaxNode Syntax(string file) =>
        s_syntax.GetOrAdd(file, static name => CSharpSyntaxTree.ParseText(Text(name), path: name).GetRoot());

    /// <summary>Where a node stands, for messages: file:line.</summary>
    public static string Where(SyntaxNode node)
    {
        var at = node.GetLocation().GetLineSpan();
        return $"{at.Path}:{at.StartLinePosition.Line + 1}";
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("K42_ROOT") is { Length: > 0 } given) return given;
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(
            folder))
        {
            if (File.Exists(Path.Combine(folder, "K42.Actors.sln"))) return folder;
        }
        throw new InvalidOperationException(
            "K42.Actors.sln is in no folder above this program; set K42_ROOT.");
    }

    private static IEnumerable<string> List(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
        }
        foreach (var below in Directory.EnumerateDirectories(folder))
        {
            if (s_notSource.Contains(Path.GetFileName(below))) continue;
            foreach (var file in List(below)) yield return file;
        }
    }
}
