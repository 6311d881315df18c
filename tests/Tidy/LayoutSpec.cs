namespace K42.Tidy;

/// <summary>One finds one's way: every folder says what it is, and no page points nowhere.</summary>
public sealed partial class LayoutSpec
{
    private static readonly string[] s_source =
        [".cs", ".proto", ".conf", ".c", ".h", ".k42t", ".yaml", ".py"];

    [Fact]
    public void Every_folder_of_sources_has_a_readme()
    {
        Rules.Hold(
            from file in Repository.With(s_source)
            let folder = Path.GetDirectoryName(file)!.Replace('\\', '/')
            where !folder.Contains("/snapshots", StringComparison.Ordinal)
            group file by folder into content
            where content.Count() > 1 && !Repository.Files.Contains($"{content.Key}/README.md")
            select content.Key,
            "A folder says in a short README.md what lives there and what it may touch:");
    }

    [Fact]
    public void Every_namespace_is_file_scoped_and_begins_with_K42()
    {
        Rules.Hold(
            from file in Repository.CSharp
            where !file.EndsWith("/Polyfill.cs", StringComparison.Ordinal)
            from line in Repository.Lines(file)
            where line.StartsWith("namespace ", StringComparison.Ordinal)
            where !line.StartsWith("namespace K42.", StringComparison.Ordinal) || !line.EndsWith(';')
            select $"{file}: {line}",
            "Namespaces are file-scoped and begin with K42:");
    }

    [Fact]
    public void Links_in_pages_lead_to_files()
    {
        Rules.Hold(
            from page in Repository.With(".md")
            from System.Text.RegularExpressions.Match link in Link().Matches(Repository.Text(page))
            let target = link.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal)
            let path = Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, target)
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{page}: {target}",
            "A link in a page leads to a file that is there:");
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial System.Text.RegularExpressions.Regex Link();
}
