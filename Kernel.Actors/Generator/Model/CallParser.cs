using System.Collections.Generic;
using System.Linq;
using System.Threading;

using K42.Generator.Diagnostics;

using Microsoft.CodeAnalysis;

namespace K42.Generator.Model;

/// <summary>Reads the methods with [Call] of one contract.</summary>
internal sealed class CallParser(
    INamedTypeSymbol contract, Compilation compilation, List<DiagnosticInfo> diagnostics)
{
    /// <summary>Numbers from here on belong to the calls that every object answers.</summary>
    private const int ReservedMin = 65_280;

    private readonly HashSet<string> _requestMembers =
        MemberNames(compilation.GetTypeByMetadataName(Names.Request));
    private readonly HashSet<string> _clientMembers =
        MemberNames(compilation.GetTypeByMetadataName(Names.Client));
    private readonly Dictionary<int, string> _numbers = [];
    private readonly HashSet<string> _signatures = [];
    private readonly HashSet<string> _requests = [];

    /// <summary>The calls that are right, by number.</summary>
    public List<CallModel> Parse(CancellationToken cancel)
    {
        var calls = new List<CallModel>();
        foreach (var method in contract.GetMembers().OfType<IMethodSymbol>())
        {
            cancel.ThrowIfCancellationRequested();
            if (method.Find(Names.Call) is not { } attribute) continue;
            var before = diagnostics.Count;
            var call = Parse(method, attribute);
            if (call is not null && diagnostics.Count == before) calls.Add(call);
        }
        return [.. calls.OrderBy(call => call.Number)];
    }

    private CallModel? Parse(IMethodSymbol method, AttributeData attribute)
    {
        if (attribute.ConstructorArguments.Length != 2) return null;
        if (attribute.ConstructorArguments[0].Value is not ushort number) return null;
        CheckNumber(method, number);
        CheckShape(method);
        var oneWay = attribute.Named("OneWay", false);
        var (parkedMax, replyMax) = (attribute.Named("ParkedMax", 0), attribute.Named("ReplyMax", 0));
        var parameters = new ParameterParser(method, _requestMembers, diagnostics).Parse();
        var result = new ReplyChecks(method, oneWay, parkedMax, replyMax, diagnostics).Check(compilation);
        if (parameters is null || result is null) return null;
        CheckSignature(method, parameters, oneWay);
        var request = $"{method.Name}Call";
        if (!_requests.Add(request)) _requests.Add(request = $"{method.Name}{number}Call");
        return new CallModel(
            number, method.Name, request, RightsExpression(attribute.ConstructorArguments[1]), oneWay,
            parkedMax, replyMax, attribute.Named("Idempotent", false),
            new EquatableArray<string>(Fails(attribute)), new EquatableArray<ParameterModel>(parameters),
            result, DocParser.Parse(method));
    }

    private void CheckNumber(IMethodSymbol method, ushort number)
    {
        if (number is 0 or >= ReservedMin)
        {
            Report(Descriptors.CallNumberRange, method, method.Name, $"{number}");
        }
        else if (_numbers.TryGetValue(number, out var other))
        {
            Report(Descriptors.CallNumberTwice, method, method.Name, $"{number}", other);
        }
        else _numbers.Add(number, method.Name);
    }

    private void CheckShape(IMethodSymbol method)
    {
        if (!method.ReturnsVoid || method.IsAsync) Report(Descriptors.CallNotVoid, method, method.Name);
        if (method.IsStatic || !(method.IsAbstract || method.IsVirtual))
        {
            Report(Descriptors.CallNotVirtual, method, method.Name);
        }
        if (method.Arity > 0) Report(Descriptors.CallGeneric, method, method.Name);
    }

    // The client has no [Caller], [Handle] and Reply: methods that differ only in these are one there.
    private void CheckSignature(IMethodSymbol method, List<ParameterModel> parameters, bool oneWay)
    {
        var given = parameters.Where(parameter => parameter.Role == ParameterRole.In);
        var types = string.Join(",", given.Select(parameter => parameter.Type.FullName));
        var taken = _clientMembers.Contains(method.Name) || !_signatures.Add($"{method.Name}({types})");
        if (!oneWay) taken |= !_signatures.Add($"{method.Name}Then({types},)");
        if (taken) Report(Descriptors.ClientSignature, method, method.Name);
    }

    private static string RightsExpression(TypedConstant rights)
    {
        const string type = "global::K42.Contracts.Rights";
        var value = (uint)(rights.Value ?? 0u);
        var members = rights.Type!.GetMembers().OfType<IFieldSymbol>()
            .Where(field => field.ConstantValue is uint)
            .Select(field => (field.Name, Value: (uint)field.ConstantValue!))
            .ToList();
        var exact = members.Where(member => member.Value == value)
            .Select(member => member.Name).FirstOrDefault();
        if (exact is not null) return $"{type}.{exact}";
        var bits = members
            .Where(member => (member.Value & value) == member.Value && IsBit(member.Value)).ToList();
        return bits.Aggregate(0u, (sum, member) => sum | member.Value) == value
            ? string.Join(" | ", bits.Select(member => $"{type}.{member.Name}"))
            : $"({type}){value}u";
    }

    private static bool IsBit(uint value) => value != 0 && (value & (value - 1)) == 0;

    private static IEnumerable<string> Fails(AttributeData attribute)
    {
        var listed = attribute.NamedArguments.FirstOrDefault(pair => pair.Key == "Fails").Value;
        if (listed.Kind != TypedConstantKind.Array) return [];
        return listed.Values.Select(errno =>
            errno.Type!.GetMembers().OfType<IFieldSymbol>()
                .FirstOrDefault(field => Equals(field.ConstantValue, errno.Value))?.Name ?? $"{errno.Value}");
    }

    private static HashSet<string> MemberNames(INamedTypeSymbol? type)
    {
        var names = new HashSet<string>();
        for (var each = type; each is not null; each = each.BaseType)
        {
            names.UnionWith(each.GetMembers().Select(member => member.Name));
        }
        return names;
    }

    private void Report(DiagnosticDescriptor descriptor, IMethodSymbol method, params string[] arguments) =>
        diagnostics.Add(new DiagnosticInfo(descriptor, method, arguments));
}
