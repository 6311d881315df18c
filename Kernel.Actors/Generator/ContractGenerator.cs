using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

using K42.Generator.Diagnostics;
using K42.Generator.Emit;
using K42.Generator.Model;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace K42.Generator;

/// <summary>Makes requests, codecs, clients, checks and the catalogue from classes with [Contract].</summary>
/// <remarks>Steps pass values, never symbols or syntax, so that an edit elsewhere costs nothing.</remarks>
[Generator(LanguageNames.CSharp)]
public sealed class ContractGenerator : IIncrementalGenerator
{
    /// <summary>Names of the steps, for tests that they are cached.</summary>
    internal static readonly string[] Steps =
    [
        StepNames.ParsedContracts, StepNames.Contracts, StepNames.ParsedWires, StepNames.Wires,
        StepNames.Strays, StepNames.Duplicates, StepNames.Assembly,
    ];

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var parsedContracts = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                Names.Contract, static (node, _) => node is TypeDeclarationSyntax, ContractParser.Parse)
            .WithTrackingName(StepNames.ParsedContracts);
        var contracts = Models(parsedContracts).WithTrackingName(StepNames.Contracts);
        var parsedWires = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                Names.Wire, static (node, _) => node is TypeDeclarationSyntax, WireParser.Parse)
            .WithTrackingName(StepNames.ParsedWires);
        var wires = Models(parsedWires).WithTrackingName(StepNames.Wires);
        var strays = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                Names.Call, static (node, _) => node is MethodDeclarationSyntax,
                static (found, _) => Stray(found))
            .WithTrackingName(StepNames.Strays);
        var duplicates = parsedContracts.Collect().Select(static (all, _) => Duplicates(all))
            .WithTrackingName(StepNames.Duplicates);

        Report(context, parsedContracts);
        Report(context, parsedWires);
        context.RegisterSourceOutput(strays, static (output, stray) => Report(output, stray));
        context.RegisterSourceOutput(duplicates, static (output, twice) => Report(output, twice));
        context.RegisterSourceOutput(contracts, static (output, contract) =>
        {
            output.AddSource(FileName(contract.Namespace, contract.Name), RequestEmitter.Emit(contract));
            output.AddSource(FileName(contract.Namespace, contract.ClientName), ClientEmitter.Emit(contract));
        });
        context.RegisterSourceOutput(wires, static (output, wire) =>
            output.AddSource(FileName(wire.Namespace, wire.Name), WireEmitter.Emit(wire)));
        RegisterAssembly(context, contracts, wires);
    }

    private static void RegisterAssembly(
        IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<ContractModel> contracts,
        IncrementalValuesProvider<WireModel> wires)
    {
        var space = context.AnalyzerConfigOptionsProvider.Combine(context.CompilationProvider.Select(
                static (compilation, _) => compilation.AssemblyName ?? "K42"))
            .Select(static (pair, _) =>
                pair.Left.GlobalOptions.TryGetValue("build_property.RootNamespace", out var root)
                    && root.Length > 0
                    ? root
                    : pair.Right);
        var assembly = contracts.Collect().Combine(wires.Collect()).Combine(space)
            .Select(static (all, _) => new AssemblyModel(
                all.Right,
                new EquatableArray<ContractModel>(all.Left.Left.GroupBy(each => each.Id)
                    .Select(same => same.First()).OrderBy(each => each.Id)),
                new EquatableArray<WireModel>(
                    all.Left.Right.OrderBy(each => each.FullName, StringComparer.Ordinal))))
            .WithTrackingName(StepNames.Assembly);
        context.RegisterSourceOutput(assembly, static (output, all) =>
        {
            if (all.Contracts.Count == 0 && all.Wires.Count == 0) return;
            output.AddSource(
                "ContractCatalogue.g.cs", CatalogueEmitter.Emit(all.Space, all.Contracts, all.Wires));
            output.AddSource("WireTypes.g.cs", WireTypesEmitter.Emit(all.Space, all.Contracts, all.Wires));
        });
    }

    private static IncrementalValuesProvider<T> Models<T>(IncrementalValuesProvider<Parsed<T>> parsed)
        where T : class =>
        parsed.Where(static each => each.Model is not null).Select(static (each, _) => each.Model!);

    private static string FileName(string space, string name) =>
        space.Length == 0 ? $"{name}.g.cs" : $"{space}.{name}.g.cs";

    private static EquatableArray<DiagnosticInfo> Stray(GeneratorAttributeSyntaxContext found)
    {
        var type = found.TargetSymbol.ContainingType;
        return type.Find(Names.Contract) is not null
            ? default
            : new([new DiagnosticInfo(
                Descriptors.CallWithoutContract, found.TargetSymbol, found.TargetSymbol.Name, type.Name)]);
    }

    private static EquatableArray<DiagnosticInfo> Duplicates(ImmutableArray<Parsed<ContractModel>> contracts)
    {
        var first = new Dictionary<int, string>();
        var found = new List<DiagnosticInfo>();
        foreach (var parsed in contracts)
        {
            if (parsed.Model is not { } contract) continue;
            if (first.TryGetValue(contract.Id, out var other))
            {
                found.Add(new DiagnosticInfo(
                    Descriptors.ContractIdTwice, parsed.Location,
                    new EquatableArray<string>([contract.Name, $"{contract.Id}", other])));
            }
            else first.Add(contract.Id, contract.Name);
        }
        return new EquatableArray<DiagnosticInfo>(found);
    }

    private static void Report<T>(
        IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<Parsed<T>> parsed)
        where T : class =>
        context.RegisterSourceOutput(
            parsed.Select(static (each, _) => each.Diagnostics),
            static (output, diagnostics) => Report(output, diagnostics));

    private static void Report(SourceProductionContext output, EquatableArray<DiagnosticInfo> diagnostics)
    {
        foreach (var diagnostic in diagnostics) output.ReportDiagnostic(diagnostic.ToDiagnostic());
    }
}
