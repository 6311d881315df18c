using K42.Generator.Diagnostics;

using Microsoft.CodeAnalysis.Text;

namespace K42.Generator.Tests;

/// <summary>Every misuse has a number, a place and a page.</summary>
public sealed class DiagnosticsSpec
{
    public static TheoryData<string, string> Cases =>
        [.. DiagnosticCases.Rows.Select(row => (row.Id, row.What))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_misuse_is_reported_where_it_is(string id, string what)
    {
        var marked = DiagnosticCases.Rows.Single(row => row.Id == id && row.What == what).Source;
        var source = "using K42.Contracts;\n" + marked;
        var start = source.IndexOf("[|", StringComparison.Ordinal);
        var end = source.IndexOf("|]", StringComparison.Ordinal) - 2;
        source = source.Replace("[|", "", StringComparison.Ordinal)
            .Replace("|]", "", StringComparison.Ordinal);
        var (result, _) = Generating.Run(source);
        var diagnostic = Assert.Single(result.Diagnostics);
        Assert.Equal(id, diagnostic.Id);
        Assert.Equal(TextSpan.FromBounds(start, end), diagnostic.Location.SourceSpan);
        Assert.Equal("Sample.cs", diagnostic.Location.GetLineSpan().Path);
        Assert.DoesNotContain("{", diagnostic.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_diagnostic_has_a_case_a_page_and_a_row_in_the_release()
    {
        var generator = Repository.PathOf("..", "..", "Kernel.Actors", "Generator");
        var releases = File.ReadAllText(Path.Combine(generator, "AnalyzerReleases.Unshipped.md"))
            + File.ReadAllText(Path.Combine(generator, "AnalyzerReleases.Shipped.md"));
        Assert.All(Descriptors.All, descriptor =>
        {
            Assert.Contains(DiagnosticCases.Rows, row => row.Id == descriptor.Id);
            Assert.Contains($"{descriptor.Id} | K42.Contracts | Error | {descriptor.Title}", releases,
                StringComparison.Ordinal);
            var page = File.ReadAllText(Path.Combine(generator, "docs", $"{descriptor.Id}.md"));
            Assert.StartsWith($"# {descriptor.Id}: {descriptor.Title}", page, StringComparison.Ordinal);
            Assert.Equal($"Kernel.Actors/Generator/docs/{descriptor.Id}.md", descriptor.HelpLinkUri);
        });
        Assert.Equal(
            Descriptors.All.Count, Directory.GetFiles(Path.Combine(generator, "docs"), "K42*.md").Length);
    }

    [Fact]
    public void Numbers_are_used_once() =>
        Assert.Equal(
            Descriptors.All.Count, Descriptors.All.Select(descriptor => descriptor.Id).Distinct().Count());

    [Fact]
    public void A_wrong_call_leaves_the_others_of_its_contract_usable()
    {
        const string source = """
            using K42.Contracts;
            [Contract(5)] public abstract partial class Shape
            {
                [Call(1, Rights.None)] public abstract void Good(Reply<int> reply);
                [Call(1, Rights.None)] public abstract void Bad(Reply<int> reply);
            }
            public static class User { public static void Use(ShapeClient client) => client.Good(); }
            """;
        var (result, output) = Generating.Run(source);
        Assert.Single(result.Diagnostics);
        Assert.DoesNotContain(output.Complaints(), diagnostic => diagnostic.Id == "CS0246");
    }
}
