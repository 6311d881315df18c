namespace K42.Generator.Tests;

/// <summary>What is generated, word for word: a change of it shows in review.</summary>
public sealed class SnapshotSpec
{
    [Theory]
    [InlineData("every", Generating.Stranger)]
    [InlineData("least", Generating.Stranger)]
    [InlineData("least-friend", "Generator.Tests")]
    public void Generated_code_is_what_was_reviewed(string name, string assembly)
    {
        var source = name == "every" ? Samples.Every : Samples.Least;
        var (result, _) = Generating.Run(source, assembly);
        Assert.Empty(result.Diagnostics);
        var folder = Repository.PathOf("snapshots", name);
        if (Repository.Update && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        foreach (var tree in result.GeneratedTrees)
        {
            var file = Path.GetFileName(tree.FilePath).Replace(
                ".g.cs", ".verified.cs", StringComparison.Ordinal);
            Repository.Verify(Path.Combine(folder, file), tree.ToString());
        }
        var files = Directory.GetFiles(folder).Length;
        Assert.Equal(files, result.GeneratedTrees.Length);
    }

    [Theory]
    [InlineData("every", Generating.Stranger)]
    [InlineData("least", Generating.Stranger)]
    [InlineData("least", "Generator.Tests")]
    [InlineData("every", "Generator.Tests")]
    public void Generated_code_compiles_without_a_warning(string name, string assembly)
    {
        var (_, output) = Generating.Run(name == "every" ? Samples.Every : Samples.Least, assembly);
        var complaints = output.Complaints()
            // The samples' own undocumented members are not what is tested here.
            .Where(diagnostic => diagnostic.Id != "CS1591"
                || Path.GetFileName(diagnostic.Location.SourceTree!.FilePath) != "Sample.cs")
            .Where(diagnostic => diagnostic.Id != "CS1573");
        Assert.Empty(complaints);
    }

    [Fact]
    public void A_contract_without_a_namespace_works()
    {
        var (result, output) =
            Generating.Run(Samples.Least.Replace("namespace Sample;", "", StringComparison.Ordinal));
        Assert.Empty(result.Diagnostics);
        Assert.Empty(output.Complaints());
    }

    [Fact]
    public void An_assembly_without_contracts_gets_nothing()
    {
        var (result, _) = Generating.Run("public sealed class Unrelated;");
        Assert.Empty(result.GeneratedTrees);
    }

    [Fact]
    public void The_last_line_of_every_generated_file_ends_and_no_line_has_blanks_behind()
    {
        var (result, _) = Generating.Run(Samples.Every);
        Assert.All(result.GeneratedTrees, tree =>
        {
            var text = tree.ToString();
            Assert.EndsWith("}\n", text, StringComparison.Ordinal);
            Assert.DoesNotContain(" \n", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\n\n\n", text, StringComparison.Ordinal);
        });
    }
}
