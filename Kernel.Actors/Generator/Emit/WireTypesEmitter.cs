using System;
using System.Collections.Generic;
using System.Linq;

using K42.Generator.Model;

namespace K42.Generator.Emit;

/// <summary>Writes the list of types that calls carry: all that another serializer may be allowed to
/// make.</summary>
internal static class WireTypesEmitter
{
    public static string Emit(
        string space, IReadOnlyList<ContractModel> contracts, IReadOnlyList<WireModel> wires)
    {
        var carried = contracts.SelectMany(contract => contract.Calls)
            .SelectMany(call => call.Parameters.Select(parameter => parameter.Type).Append(call.Result))
            .Concat(wires.SelectMany(wire => wire.Fields).Select(field => field.Type))
            .SelectMany(type => type.Element is null ? [type] : new[] { type, type.Element })
            .Select(type => type.FullName)
            .Concat(wires.Select(wire => wire.FullName))
            .Where(name => name.Length > 0)
            .Distinct()
            .OrderBy(name => name, StringComparer.Ordinal);
        var source = SourceBuilder.File(space);
        source.Line(
            "/// <summary>What the calls of this assembly carry, for a serializer to allow.</summary>");
        source.Line(Text.Generated).Line(Text.Uncovered);
        source.Open("public static class WireTypes");
        source.Line("/// <summary>All of them, by name.</summary>");
        var list = "global::System.Collections.Generic.IReadOnlyList<global::System.Type>";
        source.Line($"public static {list} All {{ get; }} =");
        source.Line("[").Indent();
        foreach (var name in carried) source.Line($"typeof({name}),");
        return source.Outdent().Line("];").Close().ToString();
    }
}
