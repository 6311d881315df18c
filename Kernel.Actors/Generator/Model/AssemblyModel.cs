namespace K42.Generator.Model;

/// <summary>All of an assembly's contracts and wire structs.</summary>
/// <param name="Space">The namespace of its catalogue.</param>
internal sealed record AssemblyModel(
    string Space, EquatableArray<ContractModel> Contracts, EquatableArray<WireModel> Wires);

/// <summary>Names of the incremental steps.</summary>
internal static class StepNames
{
    public const string ParsedContracts = nameof(ParsedContracts);
    public const string Contracts = nameof(Contracts);
    public const string ParsedWires = nameof(ParsedWires);
    public const string Wires = nameof(Wires);
    public const string Strays = nameof(Strays);
    public const string Duplicates = nameof(Duplicates);
    public const string Assembly = nameof(Assembly);
}
