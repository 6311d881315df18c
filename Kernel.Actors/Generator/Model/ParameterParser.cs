using System.Collections.Generic;
using System.Linq;

using K42.Generator.Diagnostics;

using Microsoft.CodeAnalysis;

namespace K42.Generator.Model;

/// <summary>Reads the parameters of one call.</summary>
internal sealed class ParameterParser(
    IMethodSymbol method, HashSet<string> requestMembers, List<DiagnosticInfo> diagnostics)
{
    private static readonly string[] Written = ["Pool", "Rent"];

    private readonly HashSet<string> _fields = [];

    /// <summary>All parameters in declared order; null when one is wrong.</summary>
    public List<ParameterModel>? Parse()
    {
        var before = diagnostics.Count;
        var parameters = new List<ParameterModel>();
        foreach (var parameter in method.Parameters)
        {
            if (Parse(parameter) is { } model) parameters.Add(model);
        }
        CheckOnce(parameters, ParameterRole.Caller, "[Caller]");
        CheckOnce(parameters, ParameterRole.Handle, "[Handle]");
        return diagnostics.Count == before ? parameters : null;
    }

    private ParameterModel? Parse(IParameterSymbol parameter)
    {
        if (parameter.RefKind != RefKind.None)
        {
            diagnostics.Add(new DiagnosticInfo(Descriptors.ParameterByReference, parameter, parameter.Name));
            return null;
        }
        if (parameter.Find(Names.Caller) is not null)
        {
            return Filled(parameter, ParameterRole.Caller, "[Caller]", Names.CallerIdentity);
        }
        if (parameter.Find(Names.Handle) is not null)
        {
            return Filled(parameter, ParameterRole.Handle, "[Handle]", Names.HandleRow);
        }
        if (parameter.Type.IsReply())
        {
            return new ParameterModel(parameter.Name, "", ParameterRole.Reply, Opaque, 0);
        }
        if (TypeParser.Parse(parameter.Type) is not { Kind: not WireKind.Nothing } type)
        {
            diagnostics.Add(new DiagnosticInfo(
                Descriptors.UnsupportedType, parameter, parameter.Name, parameter.Type.ToDisplayString()));
            return null;
        }
        var max = Limits.Check(parameter, parameter.Name, type, diagnostics);
        return new ParameterModel(parameter.Name, FieldName(parameter.Name), ParameterRole.In, type, max);
    }

    private static TypeModel Opaque { get; } = new(WireKind.Nothing, "", "", "", "", 0, Bounded: false);

    private ParameterModel? Filled(
        IParameterSymbol parameter, ParameterRole role, string attribute, string type)
    {
        if (parameter.Type.Is(type)) return new ParameterModel(parameter.Name, "", role, Opaque, 0);
        diagnostics.Add(new DiagnosticInfo(
            Descriptors.FilledParameterType, parameter, parameter.Name, attribute, type.Split('.').Last()));
        return null;
    }

    private void CheckOnce(List<ParameterModel> parameters, ParameterRole role, string attribute)
    {
        if (parameters.Count(parameter => parameter.Role == role) < 2) return;
        diagnostics.Add(new DiagnosticInfo(Descriptors.FilledParameterTwice, method, method.Name, attribute));
    }

    // "status" becomes Status, unless the request has a Status of its own: then StatusArgument.
    private string FieldName(string parameter)
    {
        var name = char.ToUpperInvariant(parameter[0]) + parameter.Substring(1);
        var taken = requestMembers.Contains(name) || Written.Contains(name) || name == $"{method.Name}Call";
        if (taken || !_fields.Add(name)) _fields.Add(name += "Argument");
        return name;
    }
}

/// <summary>Checks of [Max].</summary>
internal static class Limits
{
    private const int LengthMax = 65_536;

    /// <summary>The declared maximum of a parameter or property; 0 for what has no length.</summary>
    public static int Check(ISymbol symbol, string name, TypeModel type, List<DiagnosticInfo> diagnostics)
    {
        var attribute = symbol.Find(Names.Max);
        if (attribute is null)
        {
            if (!type.HasLength) return 0;
            diagnostics.Add(new DiagnosticInfo(Descriptors.Unbounded, symbol, name, type.Label));
            return 0;
        }
        var max = attribute.ConstructorArguments.Length == 1
            && attribute.ConstructorArguments[0].Value is int length
            ? length
            : 0;
        if (!type.HasLength)
        {
            diagnostics.Add(new DiagnosticInfo(Descriptors.MaxWithoutLength, symbol, name, type.Label));
        }
        else if (!InRange(max))
        {
            diagnostics.Add(new DiagnosticInfo(Descriptors.MaxRange, symbol, name, $"{max}"));
        }
        return max;
    }

    /// <summary>Whether a length may be used as a maximum.</summary>
    public static bool InRange(int max) => max is >= 1 and <= LengthMax;
}
