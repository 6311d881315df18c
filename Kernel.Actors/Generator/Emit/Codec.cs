using K42.Generator.Model;

namespace K42.Generator.Emit;

/// <summary>The expressions that write, read, check and clear a value of a type.</summary>
internal static class Codec
{
    private const string Arrays = "global::K42.Contracts.WireArrays";
    private const string Limits = "global::K42.Contracts.WireLimits";

    /// <summary>An expression that writes a value.</summary>
    /// <param name="writer">The writer's name.</param>
    public static string Write(TypeModel type, string value, string writer = "writer") => type.Kind switch
    {
        WireKind.Bytes => $"{writer}.Bytes({value}.Span)",
        WireKind.Struct => $"{value}.WriteTo(ref {writer})",
        WireKind.Array =>
            $"{Arrays}.Write(ref {writer}, {value}, "
            + $"static (ref w, element) => {Write(type.Element!, "element", "w")})",
        _ when type.Cast == "byte" && type.Method == "Byte" => $"{writer}.Byte(unchecked((byte){value}))",
        _ when type.Cast.Length > 0 => $"{writer}.{type.Method}(({type.Cast}){value})",
        _ => $"{writer}.{type.Method}({value})",
    };

    /// <summary>An expression that reads a value.</summary>
    /// <param name="max">The declared maximum of what has a length.</param>
    public static string Read(TypeModel type, int max, string reader = "reader") => type.Kind switch
    {
        WireKind.Text or WireKind.Bytes => $"{reader}.{type.Method}({Text.Number(max)})",
        WireKind.Struct => $"{type.FullName}.ReadFrom(ref {reader})",
        WireKind.Array =>
            $"{Arrays}.Read(ref {reader}, {Text.Number(max)}, {type.Element!.BytesMin}, "
            + $"static (ref r) => {Read(type.Element!, 0, "r")})",
        _ when type.Cast == "byte" && type.FullName == "sbyte" => $"unchecked((sbyte){reader}.Byte())",
        _ when type.Cast.Length > 0 => $"unchecked(({type.FullName}){reader}.{type.Method}())",
        _ => $"{reader}.{type.Method}()",
    };

    /// <summary>An expression that reads a parameter in its request, which lends long bytes to the
    /// method.</summary>
    public static string ReadParameter(TypeModel type, int max) =>
        type is { Kind: WireKind.Bytes, Method: "Bytes" }
            ? $"ReadBytes(ref reader, {Text.Number(max)})"
            : Read(type, max);

    /// <summary>A condition that holds while a value keeps its declared maximum; null when it has
    /// none.</summary>
    public static string? Fits(TypeModel type, string value, int max) => type switch
    {
        { Bounded: false } => null,
        { Kind: WireKind.Struct } => $"{value}.WithinLimits()",
        { Kind: WireKind.Array, Element: { Bounded: true } } =>
            $"{Limits}.Fits({value}, {Text.Number(max)}, static element => element.WithinLimits())",
        _ => $"{Limits}.Fits({value}, {Text.Number(max)})",
    };

    /// <summary>An expression that gives a value without nulls; null when it can't have any.</summary>
    public static string? Filled(TypeModel type, string value) => type switch
    {
        { Kind: WireKind.Text } => $"{value} ?? \"\"",
        { Kind: WireKind.Array, Element: { Bounded: true } } =>
            $"{Limits}.Filled({value}, static element => element.WithoutNulls())",
        { Kind: WireKind.Array } => $"{value} ?? []",
        { Kind: WireKind.Struct, Bounded: true } => $"{value}.WithoutNulls()",
        _ => null,
    };

    /// <summary>A statement that rids a variable of nulls; null when it can't have any.</summary>
    public static string? Fill(TypeModel type, string variable) => type switch
    {
        { Kind: WireKind.Text } => $"{variable} ??= \"\";",
        { Kind: WireKind.Array, Element: { Bounded: false } } => $"{variable} ??= [];",
        _ => Filled(type, variable) is { } filled ? $"{variable} = {filled};" : null,
    };

    /// <summary>What a field is set to when its request is put away; null when it holds nothing to let go
    /// of.</summary>
    public static string? Empty(TypeModel type) => type.Kind switch
    {
        WireKind.Text => "\"\"",
        WireKind.Array => "[]",
        WireKind.Bytes => "default",
        WireKind.Struct when type.Bounded => "default",
        _ => null,
    };
}
