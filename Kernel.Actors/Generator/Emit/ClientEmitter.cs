using System.Collections.Generic;
using System.Linq;

using K42.Generator.Model;

namespace K42.Generator.Emit;

/// <summary>Writes a contract's client: methods that only fill a request and send it.</summary>
internal static class ClientEmitter
{
    public static string Emit(ContractModel contract)
    {
        var source = SourceBuilder.File(contract.Namespace);
        source.Summary(contract.Doc, $"Calls objects with {contract.Name}.");
        source.Line(Text.Generated);
        var head = $"{contract.Accessibility} sealed class {contract.ClientName}";
        source.Open($"{head} : {Text.Contracts}.ContractClient");
        EmitConstruction(source, contract);
        foreach (var call in contract.Calls)
        {
            source.Line();
            new Method(source, contract, call).Emit();
        }
        return source.Close().ToString();
    }

    private static void EmitConstruction(SourceBuilder source, ContractModel contract)
    {
        var (context, handle) = ($"{Text.Contracts}.CallContext", $"{Text.Contracts}.ObjectHandle");
        source.Line("/// <summary>A client of the object behind a handle, in the context's name.</summary>");
        source.Line($"public {contract.ClientName}({context} context, {handle} handle)").Indent();
        source.Line(": base(context, handle)").Outdent();
        source.Line("{").Line("}");
        if (!contract.Factory) return;
        source.Line().Line("/// <summary>A client of a node's factory.</summary>");
        source.Broken(
            $"public static {contract.ClientName} On({context} context, {Text.Contracts}.NodeRef node) =>",
            $"new(context, {handle}.WellKnown(node, {contract.FullName}.ContractId));");
    }

    private sealed class Method(SourceBuilder source, ContractModel contract, CallModel call)
    {
        private readonly List<ParameterModel> _given =
            [.. call.Parameters.Where(parameter => parameter.Role == ParameterRole.In)];

        private string Request => Text.Free("request", _given);

        public void Emit()
        {
            if (call.OneWay) EmitPost();
            else
            {
                EmitCall();
                source.Line();
                EmitThen();
            }
        }

        private void EmitCall()
        {
            var cancel = Text.Free("cancel", _given);
            EmitDoc();
            var answer =
                $"global::System.Threading.Tasks.ValueTask<{Text.Contracts}.Outcome<{call.Result.FullName}>>";
            source.Listed(
                $"public {answer} {call.Name}", Parameters($"{Text.Cancellation} {cancel} = default"), "");
            EmitFilling();
            source.Line($"return Call({Request}, {cancel});").Close();
        }

        private void EmitThen()
        {
            var (owner, then) = (Text.Free("owner", _given), Text.Free("then", _given));
            var called = $"{contract.FullName}.{call.Name}";
            source.Line($"/// <summary><see cref=\"{called}\"/>, called by an object:");
            source.Line("/// the answer comes back as a later turn of its actor.</summary>");
            var outcome = $"{Text.Contracts}.Outcome<{call.Result.FullName}>";
            source.Listed(
                $"public void {call.Name}Then",
                Parameters(
                    $"{Text.Contracts}.ServerObject {owner}", $"global::System.Action<{outcome}> {then}"),
                "");
            EmitFilling();
            source.Line($"CallThen({Request}, {owner}, {then});").Close();
        }

        private void EmitPost()
        {
            EmitDoc();
            source.Listed($"public void {call.Name}", Parameters(), "");
            EmitFilling();
            source.Line($"Post({Request});").Close();
        }

        private void EmitDoc()
        {
            source.Summary(call.Doc, $"Calls {call.Name} of {contract.Name}.");
            foreach (var parameter in call.Doc.Parameters)
            {
                if (_given.All(given => given.Name != parameter.Name)) continue;
                var lines = parameter.Lines.ToList();
                if (lines.Count == 0) continue;
                lines[0] = $"<param name=\"{parameter.Name}\">" + lines[0];
                lines[lines.Count - 1] += "</param>";
                foreach (var line in lines) source.Line($"/// {line}");
            }
        }

        private string[] Parameters(params string[] last) =>
            [.. _given.Select(parameter => $"{parameter.Type.FullName} {Text.Name(parameter.Name)}"),
                .. last];

        private void EmitFilling()
        {
            source.Open();
            source.Line($"var {Request} = {contract.FullName}.{call.Request}.Rent();");
            foreach (var given in _given) source.Line($"{Request}.{given.Field} = {Text.Name(given.Name)};");
        }
    }
}
