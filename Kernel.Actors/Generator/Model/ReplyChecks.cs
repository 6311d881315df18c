using System.Collections.Generic;
using System.Linq;

using K42.Generator.Diagnostics;

using Microsoft.CodeAnalysis;

namespace K42.Generator.Model;

/// <summary>Reads what one call answers with.</summary>
internal sealed class ReplyChecks(
    IMethodSymbol method, bool oneWay, int parkedMax, int replyMax, List<DiagnosticInfo> diagnostics)
{
    /// <summary>The type of the answer; null when something is wrong.</summary>
    public TypeModel? Check(Compilation compilation)
    {
        if (parkedMax < 0 || (oneWay && parkedMax > 0)) Report(Descriptors.ParkedMaxRange, $"{parkedMax}");
        var replies = method.Parameters.Where(parameter => parameter.Type.IsReply()).ToList();
        if (oneWay)
        {
            if (replies.Count > 0) Report(Descriptors.OneWayReply);
            return replies.Count == 0 && compilation.GetTypeByMetadataName(Names.Nothing) is { } nothing
                ? TypeParser.Parse(nothing)
                : null;
        }
        if (replies.Count == 0) Report(Descriptors.ReplyMissing);
        if (replies.Count == 0) return null;
        if (replies.Count > 1 || !method.Parameters.Last().Type.IsReply()) Report(Descriptors.ReplyPlace);
        return Result(((INamedTypeSymbol)replies[0].Type).TypeArguments[0], replies[0]);
    }

    private TypeModel? Result(ITypeSymbol type, IParameterSymbol reply)
    {
        if (TypeParser.Parse(type) is not { } result)
        {
            diagnostics.Add(new DiagnosticInfo(
                Descriptors.UnsupportedType, reply, reply.Name, type.ToDisplayString()));
            return null;
        }
        if (result.HasLength && replyMax == 0) Report(Descriptors.ReplyMaxMissing, result.Label);
        else if (replyMax != 0 && !Limits.InRange(replyMax)) Report(Descriptors.ReplyMaxRange, $"{replyMax}");
        return result;
    }

    private void Report(DiagnosticDescriptor descriptor, params string[] more) =>
        diagnostics.Add(new DiagnosticInfo(descriptor, method, [method.Name, .. more]));
}
