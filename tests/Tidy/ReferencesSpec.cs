using System.Xml.Linq;

using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace K42.Tidy;

/// <summary>References point one way: Contracts, then Kernel, Servers and Personality, then the
/// node.</summary>
public sealed class ReferencesSpec
{
    private static readonly Dictionary<string, string[]> s_mayReference = new()
    {
        ["K42.Generator"] = [],
        ["K42.Contracts"] = ["K42.Generator"],
        ["K42.Locks"] = ["K42.Contracts"],
        ["K42.Kernel"] = ["K42.Contracts", "K42.Generator", "K42.Locks"],
        ["K42.Servers"] = ["K42.Contracts", "K42.Generator", "K42.Locks"],
        ["K42.Personality"] = ["K42.Contracts", "K42.Generator"],
        ["K42.Gateway"] = ["K42.Contracts", "K42.Personality"],
        ["K42.Client"] = [],
        ["K42.Cluster"] = ["K42.Contracts"],
        ["K42.Node"] =
            ["K42.Contracts", "K42.Kernel", "K42.Servers", "K42.Personality", "K42.Gateway", "K42.Client",
                "K42.Cluster"],
    };

    private static IEnumerable<string> Projects =>
        Repository.With(".csproj").Where(file => Repository.Shipped.Any(file.StartsWith));

    [Fact]
    public void Projects_reference_only_what_boots_before_them()
    {
        Rules.Hold(
            from project in Projects
            let name = Path.GetFileNameWithoutExtension(project)
            from reference in Items(project, "ProjectReference")
            let other = Path.GetFileNameWithoutExtension(reference)
            where !s_mayReference.TryGetValue(name, out var may) || !may.Contains(other)
            select $"{name} references {other}",
            "References point one way (ARCHITECTURE.md, 'Folders'):");
    }

    [Fact]
    public void Only_the_cluster_depends_on_Akka_Cluster()
    {
        Rules.Hold(
            from project in Projects
            where Path.GetFileName(project) != "K42.Cluster.csproj"
            from package in Items(project, "PackageReference")
            where package.StartsWith("Akka.Cluster", StringComparison.Ordinal)
                || package == "Akka.DistributedData"
            select $"{project} references {package}",
            "Only Cluster/ knows which cluster this is:");
    }

    [Fact]
    public void Only_the_clusters_folders_name_Akka_Cluster()
    {
        Rules.Hold(
            from file in Repository.ShippedCSharp
            where !file.StartsWith("Cluster/", StringComparison.Ordinal)
                || file.StartsWith("Cluster/Node/", StringComparison.Ordinal)
            from name in Repository.Syntax(file).DescendantNodes().OfType<QualifiedNameSyntax>()
            where name.ToString() is "Akka.Cluster" or "Akka.DistributedData"
            select $"{Repository.Where(name)}: {name}",
            "Only Cluster/ (not its Node/) names Akka.Cluster or DData; use the ports:");
    }

    [Fact]
    public void The_kernel_calls_no_server()
    {
        var clients = Repository.With(".cs")
            .Where(file => file.StartsWith("Kernel.Actors/Contracts/Servers/", StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file)
                .Replace("Contract", "Client", StringComparison.Ordinal))
            .ToHashSet();
        Assert.NotEmpty(clients);
        Rules.Hold(
            from file in Repository.CSharp
            where file.StartsWith("Kernel.Actors/", StringComparison.Ordinal)
            from name in Repository.Syntax(file).DescendantNodes().OfType<IdentifierNameSyntax>()
            where clients.Contains(name.Identifier.Text)
            select $"{Repository.Where(name)}: {name}",
            "Calls go down: the kernel boots before the servers and calls none of them:");
    }

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Parse(Repository.Text(project)).Descendants(kind)
            .Select(item => ((string)item.Attribute("Include")!).Replace('\\', '/'));
}
