using System.Text.RegularExpressions;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace K42.Tidy;

/// <summary>What the pages and the documentation promise is there.</summary>
public sealed partial class PagesSpec
{
    /// <summary>Commands of the launcher itself.</summary>
    private static readonly string[] s_launcher = ["test", "bench", "build", "--help"];

    [Fact]
    public void Every_command_in_the_readme_exists()
    {
        var known = Repository.CSharp
            .Where(file => file.StartsWith("Cluster/Node/Commands/", StringComparison.Ordinal))
            .SelectMany(file => Repository.Syntax(file).DescendantTokens())
            .Where(token => token.IsKind(SyntaxKind.StringLiteralToken))
            .Select(token => token.ValueText)
            .Concat(s_launcher)
            .ToHashSet();
        Rules.Hold(
            from Match line in CommandLine().Matches(Repository.Text("README.md"))
            from word in line.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Index()
            where word.Index == 0 || word.Item.StartsWith("--", StringComparison.Ordinal)
            where word.Index > 0 || !s_launcher.Contains(word.Item)
            let name = word.Item.Split('=')[0].Trim('[', ']', ',', '.')
            where !known.Contains(name) && !OfLauncher(line)
            select $"README.md: {line.Value.Trim()}: {name}",
            "The readme names only commands and options that exist:");
    }

    [Fact]
    public void Public_types_of_the_client_are_documented()
    {
        Rules.Hold(
            from file in Repository.CSharp
            where file.StartsWith("Personality/Client/", StringComparison.Ordinal)
            from type in Repository.Syntax(file).DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
            where type.Modifiers.Any(SyntaxKind.PublicKeyword)
                && !type.Modifiers.Any(SyntaxKind.PartialKeyword)
            where !type.GetLeadingTrivia().ToString().Contains("<summary>", StringComparison.Ordinal)
            select $"{Repository.Where(type)}: {type.Identifier}",
            "Programmers read the client's XML docs first:");
    }

    [Fact]
    public void Projects_with_documentation_leave_no_public_member_out()
    {
        Rules.Hold(
            from project in Repository.With(".csproj")
            where Repository.Shipped.Any(project.StartsWith)
            where Repository.Text(project).Contains("1591", StringComparison.Ordinal)
            select project,
            "CS1591 (a public member without a comment) is an error in what ships:");
    }

    private static bool OfLauncher(Match line) =>
        s_launcher.Contains(line.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);

    [GeneratedRegex(@"(?m)\./k42 ([a-z][^\n#`|;]*)")]
    private static partial Regex CommandLine();
}
