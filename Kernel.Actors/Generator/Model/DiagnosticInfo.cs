using System.Linq;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace K42.Generator.Model;

/// <summary>A place in the source, by value: it keeps no syntax tree alive.</summary>
internal sealed record LocationInfo(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static LocationInfo? Of(Location? location) =>
        location?.SourceTree is null
            ? null
            : new LocationInfo(
                location.SourceTree.FilePath, location.SourceSpan, location.GetLineSpan().Span);

    public static LocationInfo? Of(ISymbol symbol) => Of(symbol.Locations.FirstOrDefault());

    public Location ToLocation() => Location.Create(Path, Span, Lines);
}

/// <summary>A diagnostic, by value.</summary>
internal sealed record DiagnosticInfo(
    DiagnosticDescriptor Descriptor, LocationInfo? Location, EquatableArray<string> Arguments)
{
    public DiagnosticInfo(DiagnosticDescriptor descriptor, ISymbol at, params string[] arguments)
        : this(descriptor, LocationInfo.Of(at), new EquatableArray<string>(arguments))
    {
    }

    public Diagnostic ToDiagnostic() =>
        Diagnostic.Create(
            Descriptor,
            Location?.ToLocation() ?? Microsoft.CodeAnalysis.Location.None,
            Arguments.ToArray<object>());
}

/// <summary>What a step found: a model if there is anything to generate from, and what is wrong.</summary>
internal sealed record Parsed<T>(T? Model, LocationInfo? Location, EquatableArray<DiagnosticInfo> Diagnostics)
    where T : class;
