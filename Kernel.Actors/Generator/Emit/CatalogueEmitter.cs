using System.Collections.Generic;
using System.Linq;

using K42.Generator.Model;

namespace K42.Generator.Emit;

/// <summary>Writes an assembly's catalogue: what there is to call, as data, and its requests by
/// number.</summary>
internal static class CatalogueEmitter
{
    public static string Emit(
        string space, IReadOnlyList<ContractModel> contracts, IReadOnlyList<WireModel> wires)
    {
        var source = SourceBuilder.File(space);
        source.Line("/// <summary>The contracts of this assembly: what there is to call, and its requests by")
            .Line("/// number.</summary>");
        source.Line(Text.Generated).Line(Text.Uncovered);
        source.Open("public static class ContractCatalogue");
        EmitContracts(source, contracts);
        source.Line();
        EmitWires(source, wires);
        source.Line();
        EmitNewRequest(source, contracts);
        return source.Close().ToString();
    }

    private static void EmitContracts(SourceBuilder source, IReadOnlyList<ContractModel> contracts)
    {
        var type = $"global::System.Collections.Generic.IReadOnlyList<{Text.Contracts}.ContractRow>";
        source.Line("/// <summary>The contracts, by number.</summary>");
        source.Line($"public static {type} Contracts {{ get; }} =").Line("[").Indent();
        foreach (var contract in contracts)
        {
            source.Open($"new {Text.Contracts}.ContractRow");
            source.Line($"Id = {contract.Id},");
            source.Line($"Name = {Text.Literal(contract.Name)},");
            source.Line($"Factory = {Text.Truth(contract.Factory)},");
            source.Line($"Summary = {Text.Literal(contract.Doc.Text)},");
            source.Line("Calls =").Line("[").Indent();
            foreach (var call in contract.Calls) EmitCall(source, call);
            source.Outdent().Line("],").Close("},");
        }
        source.Outdent().Line("];");
    }

    private static void EmitCall(SourceBuilder source, CallModel call)
    {
        source.Open($"new {Text.Contracts}.CallRow");
        source.Line($"Number = {call.Number},");
        source.Line($"Name = {Text.Literal(call.Name)},");
        source.Line($"Rights = {call.Rights},");
        if (call.OneWay) source.Line("OneWay = true,");
        if (call.ParkedMax > 0) source.Line($"ParkedMax = {Text.Number(call.ParkedMax)},");
        if (call.Idempotent) source.Line("Idempotent = true,");
        var fails = string.Join(", ", call.Fails.Select(Failure));
        if (call.Fails.Count > 0) source.Line($"Fails = [{fails}],");
        var given = call.Parameters.Where(parameter => parameter.Role == ParameterRole.In).ToList();
        if (given.Count > 0) EmitFields(source, "Parameters", given);
        source.Line($"Result = {Text.Literal(call.Result.Label)},");
        if (call.ReplyMax > 0) source.Line($"ReplyMax = {Text.Number(call.ReplyMax)},");
        source.Line($"Summary = {Text.Literal(call.Doc.Text)},");
        source.Close("},");
    }

    private static string Failure(string name) =>
        name.Length > 0 && !char.IsDigit(name[0]) && name[0] != '-'
            ? $"{Text.Errno}.{name}"
            : $"({Text.Errno})({name})";

    private static void EmitFields(SourceBuilder source, string name, IReadOnlyList<ParameterModel> fields)
    {
        source.Line($"{name} =").Line("[").Indent();
        foreach (var field in fields)
        {
            var (type, max) = (Text.Literal(field.Type.Label), Text.Number(field.Max));
            source.Line($"new {Text.Contracts}.FieldRow({Text.Literal(field.Name)}, {type}, {max}),");
        }
        source.Outdent().Line("],");
    }

    private static void EmitWires(SourceBuilder source, IReadOnlyList<WireModel> wires)
    {
        var type = $"global::System.Collections.Generic.IReadOnlyList<{Text.Contracts}.WireRow>";
        source.Line("/// <summary>The record structs that calls carry, by name.</summary>");
        source.Line($"public static {type} Wires {{ get; }} =").Line("[").Indent();
        foreach (var wire in wires)
        {
            source.Open($"new {Text.Contracts}.WireRow");
            source.Line($"Name = {Text.Literal(wire.Name)},");
            EmitFields(source, "Fields", wire.Fields);
            source.Close("},");
        }
        source.Outdent().Line("];");
    }

    private static void EmitNewRequest(SourceBuilder source, IReadOnlyList<ContractModel> contracts)
    {
        var (request, builtIn) = ($"{Text.Contracts}.Request", $"{Text.Contracts}.BuiltInCall");
        source.Line("/// <summary>A free request of a call; null when there is none (ENOSYS).</summary>");
        source.Line($"public static {request}? NewRequest(ushort contract, ushort method) =>").Indent();
        source.Open("(contract, method) switch");
        source.Line($"(_, >= {builtIn}.ReservedMin) => {builtIn}.NewRequest(method),");
        foreach (var contract in contracts)
        {
            foreach (var call in contract.Calls)
            {
                source.Line($"({contract.Id}, {call.Number}) => {contract.FullName}.{call.Request}.Rent(),");
            }
        }
        source.Line("_ => null,");
        source.Close("};").Outdent();
    }
}
