using System.Collections.Generic;
using System.Linq;
using System.Threading;

using K42.Generator.Diagnostics;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace K42.Generator.Model;

/// <summary>Reads a class with [Contract].</summary>
internal static class ContractParser
{
    /// <summary>The contract's model and what is wrong with it. Calls that are wrong are left out; a class
    /// that nothing can be generated into has no model.</summary>
    public static Parsed<ContractModel> Parse(
        GeneratorAttributeSyntaxContext context, CancellationToken cancel)
    {
        var type = (INamedTypeSymbol)context.TargetSymbol;
        var diagnostics = new List<DiagnosticInfo>();
        var attribute = context.Attributes[0];
        var id = attribute.ConstructorArguments.Length == 1
            && attribute.ConstructorArguments[0].Value is ushort value
            ? value
            : (ushort)0;
        if (id == 0) diagnostics.Add(new DiagnosticInfo(Descriptors.ContractIdZero, type, type.Name));
        var usable = CheckShape(type, (TypeDeclarationSyntax)context.TargetNode, diagnostics);
        var calls = new CallParser(type, context.SemanticModel.Compilation, diagnostics).Parse(cancel);
        var model = usable && id != 0
            ? Model(type, context.SemanticModel.Compilation, attribute, id, calls)
            : null;
        return new Parsed<ContractModel>(
            model, LocationInfo.Of(type), new EquatableArray<DiagnosticInfo>(diagnostics));
    }

    private static ContractModel Model(
        INamedTypeSymbol type, Compilation compilation, AttributeData attribute, ushort id,
        List<CallModel> calls)
    {
        var abi = compilation.GetTypeByMetadataName(Names.Request)?.ContainingAssembly;
        var sees = abi is not null
            && (SymbolEqualityComparer.Default.Equals(abi, compilation.Assembly)
                || abi.GivesAccessTo(compilation.Assembly));
        return new ContractModel(
            type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString(),
            type.Name,
            SyntaxFacts.GetText(type.DeclaredAccessibility),
            id,
            attribute.Named("Factory", false),
            type.BaseType?.SpecialType != SpecialType.System_Object,
            sees,
            DocParser.Parse(type),
            new EquatableArray<CallModel>(calls));
    }

    private static bool CheckShape(
        INamedTypeSymbol type, TypeDeclarationSyntax syntax, List<DiagnosticInfo> diagnostics)
    {
        var wrong = type switch
        {
            { IsAbstract: false } or { IsStatic: true } => "be abstract",
            { ContainingType: not null } => "not be nested in another type",
            { Arity: > 0 } => "not be generic",
            _ when !syntax.Modifiers.Any(SyntaxKind.PartialKeyword) => "be partial",
            { BaseType: { SpecialType: not SpecialType.System_Object } parent }
                when !parent.Is(Names.ServerObject) =>
                "derive from ServerObject or name no base",
            _ => null,
        };
        if (wrong is null) return true;
        diagnostics.Add(new DiagnosticInfo(Descriptors.ContractShape, type, type.Name, wrong));
        return false;
    }
}
