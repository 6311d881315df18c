using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace K42.Tidy;

/// <summary>Files, methods and lines fit a screen.</summary>
public sealed class SizeSpec
{
    private const int FileLinesMax = 400;
    private const int MethodLinesMax = 70;
    private const int LineCharsMax = 110;

    [Fact]
    public void No_file_is_longer_than_400_lines_unless_it_is_a_table()
    {
        var figures = Repository.CSharp
            .Where(file => !Path.GetFileName(file).Contains("Table", StringComparison.Ordinal))
            .ToDictionary(file => file, file => Repository.Lines(file).Length);
        Allowances.Check(
            "file-lines", FileLinesMax, figures, "Files have at most 400 lines; split by subject:");
    }

    [Fact]
    public void No_method_is_longer_than_70_lines()
    {
        var figures = Repository.CSharp.ToDictionary(file => file, LongestMethod);
        Allowances.Check(
            "method-lines", MethodLinesMax, figures, "Methods have at most 70 lines; name their parts:");
    }

    [Fact]
    public void No_line_is_longer_than_110_characters()
    {
        var figures = Repository.CSharp.Concat(
            Repository.With(".proto", ".conf", ".csproj", ".props", ".c", ".h"))
            .ToDictionary(
                file => file, file => Repository.Lines(file).Count(line => line.Length > LineCharsMax));
        Allowances.Check(
            "long-lines", 0, figures, "Lines have at most 110 characters (here: how many are longer):");
    }

    [Fact]
    public void No_line_ends_in_blanks_or_holds_a_tab()
    {
        Rules.Hold(
            from file in Repository.CSharp.Concat(
                Repository.With(".proto", ".conf", ".md", ".csproj", ".props"))
            from line in Repository.Lines(file).Index()
            where line.Item.Contains('\t') || (line.Item.Length > 0 && char.IsWhiteSpace(line.Item[^1]))
            select $"{file}:{line.Index + 1}",
            "Lines end without blanks and have no tabs:");
    }

    private static int LongestMethod(string file) => Repository.Syntax(file).DescendantNodes()
        .Where(node =>
            node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)
        .Select(LinesOf).DefaultIfEmpty().Max();

    // From the name to the last brace: comments above a method are not its length.
    private static int LinesOf(SyntaxNode method)
    {
        var lines = method.SyntaxTree.GetLineSpan(method.Span);
        return lines.EndLinePosition.Line - lines.StartLinePosition.Line + 1;
    }
}
