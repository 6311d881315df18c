using System.Collections.Generic;
using System.Linq;

using K42.Generator.Model;

namespace K42.Generator.Emit;

/// <summary>Writes a contract's requests: their parameters, codec, limits and direct call.</summary>
internal static class RequestEmitter
{
    public static string Emit(ContractModel contract)
    {
        var source = SourceBuilder.File(contract.Namespace);
        var parent = contract.NamesBase ? "" : $" : {Text.Contracts}.ServerObject";
        source.Open($"{contract.Accessibility} abstract partial class {contract.Name}{parent}");
        source.Line("/// <summary>The contract's number.</summary>");
        source.Line($"public const ushort ContractId = {Text.Number(contract.Id)};");
        foreach (var call in contract.Calls)
        {
            source.Line();
            new Request(source, contract, call).Emit();
        }
        return source.Close().ToString();
    }

    private sealed class Request(SourceBuilder source, ContractModel contract, CallModel call)
    {
        // Only an assembly that sees the base's internals may, and then must, repeat "internal".
        private readonly string _override = contract.SeesInternals
            ? "protected internal override"
            : "protected override";

        private readonly List<ParameterModel> _given =
            [.. call.Parameters.Where(parameter => parameter.Role == ParameterRole.In)];

        public void Emit()
        {
            source.Line($"/// <summary>A call of <see cref=\"{call.Name}\"/> on its way.</summary>");
            source.Line(Text.Generated).Line(Text.Hidden).Line(Text.Uncovered);
            var parent = $"{Text.Contracts}.Request<{call.Result.FullName}>";
            source.Open($"public sealed class {call.Request} : {parent}");
            EmitFields();
            EmitFacts();
            EmitArguments();
            EmitResult();
            EmitChecks();
            EmitInvoke();
            EmitRecycle();
            source.Close();
        }

        private void EmitFields()
        {
            var pool = $"{Text.Contracts}.RequestPool<{call.Request}>";
            source.Line($"private static readonly {pool} Pool = new(static () => new {call.Request}());");
            foreach (var parameter in _given)
            {
                var start = parameter.Type.Kind is WireKind.Text or WireKind.Array
                    ? $" = {Codec.Empty(parameter.Type)}"
                    : "";
                source.Line().Line($"public {parameter.Type.FullName} {parameter.Field}{start};");
            }
            source.Line();
        }

        private void EmitFacts()
        {
            source.Line("public override ushort Contract => ContractId;").Line();
            source.Line($"public override ushort Method => {Text.Number(call.Number)};").Line();
            if (call.OneWay) source.Line("public override bool OneWay => true;").Line();
            var parkedMax = Text.Number(call.ParkedMax);
            if (call.ParkedMax > 0) source.Line($"public override int ParkedMax => {parkedMax};").Line();
            source.Line($"public static {call.Request} Rent() => Pool.Rent();").Line();
        }

        private void EmitArguments()
        {
            source.Open($"{_override} void WriteArguments(ref {Text.Contracts}.WireWriter writer)");
            foreach (var given in _given) source.Statement(Codec.Write(given.Type, given.Field));
            source.Close().Line();
            source.Open($"{_override} void ReadArguments(ref {Text.Contracts}.WireReader reader)");
            foreach (var given in _given)
            {
                source.Statement($"{given.Field} = {Codec.ReadParameter(given.Type, given.Max)}");
            }
            source.Close().Line();
        }

        private void EmitResult()
        {
            var carries = call.Result.Kind != WireKind.Nothing;
            source.Open($"{_override} void WriteResult(ref {Text.Contracts}.WireWriter writer)");
            if (carries) source.Statement(Codec.Write(call.Result, "Result"));
            source.Close().Line();
            source.Open($"{_override} void ReadResult(ref {Text.Contracts}.WireReader reader)");
            if (carries) source.Statement($"Result = {Codec.Read(call.Result, call.ReplyMax)}");
            source.Close().Line();
        }

        private void EmitChecks()
        {
            if (_given.All(given => !given.Type.Bounded))
            {
                source.Line($"{_override} {Text.Errno} CheckArguments() => {Text.Errno}.None;").Line();
                EmitResultCheck();
                return;
            }
            source.Open($"{_override} {Text.Errno} CheckArguments()");
            foreach (var given in _given)
            {
                if (Codec.Fits(given.Type, given.Field, given.Max) is { } fits)
                {
                    source.Broken($"if (!{fits})", $"return {Text.Errno}.E2BIG;");
                }
                if (Codec.Fill(given.Type, given.Field) is { } fill) source.Line(fill);
            }
            source.Line($"return {Text.Errno}.None;").Close().Line();
            EmitResultCheck();
        }

        private void EmitResultCheck()
        {
            if (Codec.Fits(call.Result, "Result", call.ReplyMax) is not { } inside) return;
            source.Open($"protected override {Text.Errno} CheckResult()");
            source.Broken($"if (!{inside})", $"return {Text.Errno}.E2BIG;");
            if (Codec.Fill(call.Result, "Result") is { } fill) source.Line(fill);
            source.Line($"return {Text.Errno}.None;").Close().Line();
        }

        private void EmitInvoke()
        {
            var arguments = string.Join(", ", call.Parameters.Select(Argument));
            source.Open($"{_override} void Invoke({Text.Contracts}.ServerObject target)");
            source.Broken($"if (target is not {contract.FullName} served)", $"Refuse({Text.Errno}.ENOSYS);");
            if (!call.OneWay)
            {
                source.Broken($"else if (Admitted({call.Rights}))", $"served.{call.Name}({arguments});");
                source.Close().Line();
                return;
            }
            source.Open($"else if (Admitted({call.Rights}))");
            source.Line("var reply = Reply;");
            source.Line($"served.{call.Name}({arguments});");
            source.Line("reply.Ok(default);");
            source.Close().Close().Line();
        }

        private static string Argument(ParameterModel parameter) => parameter.Role switch
        {
            ParameterRole.Caller => "CalledBy",
            ParameterRole.Handle => "CalledThrough",
            ParameterRole.Reply => "Reply",
            _ => parameter.Field,
        };

        private void EmitRecycle()
        {
            if (_given.All(given => Codec.Empty(given.Type) is null))
            {
                source.Line("protected override void Recycle() => Pool.Return(this);");
                return;
            }
            source.Open("protected override void Recycle()");
            foreach (var given in _given)
            {
                if (Codec.Empty(given.Type) is { } empty) source.Line($"{given.Field} = {empty};");
            }
            source.Line("Pool.Return(this);").Close();
        }
    }
}
