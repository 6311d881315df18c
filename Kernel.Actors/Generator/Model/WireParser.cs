using System.Collections.Generic;
using System.Linq;
using System.Threading;

using K42.Generator.Diagnostics;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace K42.Generator.Model;

/// <summary>Reads a record struct with [Wire].</summary>
internal static class WireParser
{
    /// <summary>The struct's model and what is wrong with it.</summary>
    public static Parsed<WireModel> Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var type = (INamedTypeSymbol)context.TargetSymbol;
        var diagnostics = new List<DiagnosticInfo>();
        var fields = Positional(type, context.TargetNode) is { } parameters
            ? Fields(type, parameters, diagnostics)
            : Misplaced(type, diagnostics);
        var model = diagnostics.Count > 0
            ? null
            : new WireModel(
                type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString(),
                type.Name,
                SyntaxFacts.GetText(type.DeclaredAccessibility),
                fields.Any(field => field.Type.Bounded),
                new EquatableArray<ParameterModel>(fields));
        return new Parsed<WireModel>(
            model, LocationInfo.Of(type), new EquatableArray<DiagnosticInfo>(diagnostics));
    }

    private static ParameterListSyntax? Positional(INamedTypeSymbol type, SyntaxNode node) =>
        node is RecordDeclarationSyntax { ParameterList: { } parameters } record
        && record.IsKind(SyntaxKind.RecordStructDeclaration)
        && record.Modifiers.Any(SyntaxKind.PartialKeyword)
        && type.Arity == 0
        && type.ContainingType is null
            ? parameters
            : null;

    private static List<ParameterModel> Misplaced(INamedTypeSymbol type, List<DiagnosticInfo> diagnostics)
    {
        diagnostics.Add(new DiagnosticInfo(Descriptors.WireShape, type, type.Name));
        return [];
    }

    private static List<ParameterModel> Fields(
        INamedTypeSymbol type, ParameterListSyntax parameters, List<DiagnosticInfo> diagnostics)
    {
        var fields = new List<ParameterModel>();
        foreach (var name in parameters.Parameters.Select(parameter => parameter.Identifier.ValueText))
        {
            var property = type.GetMembers(name).OfType<IPropertySymbol>().FirstOrDefault();
            if (property is null) continue;
            if (TypeParser.Parse(property.Type) is not { Kind: not WireKind.Nothing } field)
            {
                diagnostics.Add(new DiagnosticInfo(
                    Descriptors.UnsupportedType, property, name, property.Type.ToDisplayString()));
                continue;
            }
            var max = Limits.Check(property, name, field, diagnostics);
            fields.Add(new ParameterModel(name, name, ParameterRole.In, field, max));
        }
        return fields;
    }
}
