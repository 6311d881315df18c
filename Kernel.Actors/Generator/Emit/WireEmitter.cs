using System.Linq;

using K42.Generator.Model;

namespace K42.Generator.Emit;

/// <summary>Writes the codec of a record struct with [Wire].</summary>
internal static class WireEmitter
{
    public static string Emit(WireModel wire)
    {
        var source = SourceBuilder.File(wire.Namespace);
        source.Open($"partial record struct {wire.Name}");
        EmitWrite(source, wire);
        source.Line();
        EmitRead(source, wire);
        if (wire.Bounded)
        {
            source.Line();
            EmitLimits(source, wire);
            source.Line();
            EmitNulls(source, wire);
        }
        return source.Close().ToString();
    }

    private static SourceBuilder Plumbing(SourceBuilder source, string summary) =>
        source.Line($"/// <summary>{summary}</summary>")
            .Line(Text.Generated).Line(Text.Hidden).Line(Text.Uncovered);

    private static void EmitWrite(SourceBuilder source, WireModel wire)
    {
        Plumbing(source, "Writes the fields in their order, behind their length in bytes.");
        source.Open($"public readonly void WriteTo(ref {Text.Contracts}.WireWriter writer)");
        source.Line("var begun = writer.Begin();");
        foreach (var field in wire.Fields) source.Statement(Codec.Write(field.Type, Text.Name(field.Name)));
        source.Line("writer.End(begun);").Close();
    }

    private static void EmitRead(SourceBuilder source, WireModel wire)
    {
        Plumbing(source, "Reads what WriteTo of this or another version wrote; absent fields are defaults.");
        source.Open($"public static {wire.FullName} ReadFrom(ref {Text.Contracts}.WireReader reader)");
        source.Line("var fields = reader.Nested();");
        source.Line($"return new {wire.FullName}(").Indent();
        for (var index = 0; index < wire.Fields.Count; index++)
        {
            var field = wire.Fields[index];
            var end = index == wire.Fields.Count - 1 ? ");" : ",";
            source.Line(Codec.Read(field.Type, field.Max, "fields") + end);
        }
        if (wire.Fields.Count == 0) source.Line(");");
        source.Outdent().Close();
    }

    private static void EmitLimits(SourceBuilder source, WireModel wire)
    {
        var conditions = wire.Fields
            .Select(field => Codec.Fits(field.Type, Text.Name(field.Name), field.Max))
            .OfType<string>()
            .ToList();
        Plumbing(source, "Whether every string, buffer and array keeps its declared maximum.");
        source.Line("public readonly bool WithinLimits() =>").Indent();
        for (var index = 0; index < conditions.Count; index++)
        {
            var end = index == conditions.Count - 1 ? ";" : "";
            source.Line((index == 0 ? "" : "&& ") + conditions[index] + end);
        }
        source.Outdent();
    }

    private static void EmitNulls(SourceBuilder source, WireModel wire)
    {
        Plumbing(source, "The same value with empty strings and arrays where a default value has none.");
        var filled = wire.Fields
            .Select(field =>
                (Name: Text.Name(field.Name), Value: Codec.Filled(field.Type, Text.Name(field.Name))))
            .Where(field => field.Value is not null)
            .Select(field => $"{field.Name} = {field.Value}")
            .ToList();
        var body = filled.Count == 0 ? "this" : $"this with {{ {string.Join(", ", filled)} }}";
        source.Broken($"public readonly {wire.FullName} WithoutNulls() =>", $"{body};");
    }
}
