using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace K42.Tidy;

/// <summary>A turn never waits, and objects say who stops them.</summary>
public sealed class TurnSpec
{
    // The caller's side, used by personalities and tests.
    private static readonly string[] s_callersSide = ["Kernel.Actors/Contracts/Abi/ContractClient.cs"];

    private static IEnumerable<string> Turns => Repository.CSharp.Where(file =>
        (file.StartsWith("Kernel.Actors/", StringComparison.Ordinal)
            || file.StartsWith("Servers.Actors/", StringComparison.Ordinal))
        && !file.StartsWith("Kernel.Actors/Generator/", StringComparison.Ordinal)
        && !s_callersSide.Contains(file));

    [Fact]
    public void Kernel_and_servers_do_not_await_or_ask()
    {
        Rules.Hold(
            from file in Turns
            from node in Repository.Syntax(file).DescendantNodes()
            where Waits(node)
            select $"{Repository.Where(node)}: {node.ToString().Split('\n')[0].Trim()}",
            "A turn never waits: park the reply, or call with XThen and go on in a later turn:");
    }

    [Fact]
    public void Kernel_and_servers_use_sockets_and_files_only_in_transports()
    {
        Rules.Hold(
            from file in Turns
            where !file.StartsWith("Kernel.Actors/Ipc/Links/Tcp/", StringComparison.Ordinal)
            from use in Repository.Syntax(file).DescendantNodes().OfType<UsingDirectiveSyntax>()
            where use.Name?.ToString() is "System.Net.Sockets" or "System.Net.Security" or "System.IO.Pipes"
            select $"{Repository.Where(use)}: {use}",
            "The machine's sockets are behind ports:");
    }

    [Fact]
    public void Every_object_and_its_actor_says_who_its_parent_is_and_what_a_failure_does()
    {
        var classes = Repository.ShippedCSharp
            .SelectMany(file => Repository.Syntax(file).DescendantNodes().OfType<ClassDeclarationSyntax>())
            .ToLookup(type => type.Identifier.Text);
        var missing = classes
            .Where(parts => Bases(parts.Key, classes).Any(name => name is "ServerObject" or "ObjectActor"))
            .Where(parts => parts.All(part => !part.Modifiers.Any(SyntaxKind.AbstractKeyword)))
            .Where(parts => !Bases(parts.Key, classes).SelectMany(name => classes[name]).Any(HasRemarks))
            .Select(parts => $"{Repository.Where(parts.First())}: {parts.Key}");
        Rules.Hold(
            missing,
            "The <remarks> of an object or actor (or of its base) say parent, calls, and what a failure does:");
    }

    /// <summary>A class and its bases by name, down to the contracts, whose remarks are not the
    /// object's.</summary>
    private static IEnumerable<string> Bases(string? name, ILookup<string, ClassDeclarationSyntax> classes)
    {
        for (var depth = 0; name is not null && depth < 16; depth++)
        {
            yield return name;
            name = classes[name].Select(part => part.BaseList?.Types[0].Type.ToString())
                .FirstOrDefault(b => b is not null);
        }
    }

    private static bool HasRemarks(ClassDeclarationSyntax type) =>
        type.Identifier.Text is not ("ServerObject" or "ObjectActor")
        && !type.Identifier.Text.EndsWith("Contract", StringComparison.Ordinal)
        && type.GetLeadingTrivia().ToString().Contains("<remarks>", StringComparison.Ordinal);

    private static bool Waits(SyntaxNode node) => node switch
    {
        AwaitExpressionSyntax => true,
        ForEachStatementSyntax { AwaitKeyword.RawKind: not 0 } => true,
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } call =>
            member.Name.Identifier.Text is "Ask" or "GetResult" || (member.Name.Identifier.Text == "Wait"
                && call.ArgumentList.Arguments.Count == 0),
        MemberAccessExpressionSyntax { Name.Identifier.Text: "Result" } => true,
        _ => false,
    };
}
