using System.Reflection;

using CsCheck;

using K42.Contracts;

namespace K42.Generator.Tests.Wire;

/// <summary>One call of the catalogue: its request's fields and result, to be filled, written and
/// read.</summary>
internal sealed class CallUnderTest(ContractRow contract, CallRow call)
{
    /// <summary>Every call of the real contracts.</summary>
    public static IReadOnlyList<CallUnderTest> All { get; } =
        [.. K42.Contracts.ContractCatalogue.Contracts.SelectMany(contract =>
            contract.Calls.Select(call => new CallUnderTest(contract, call)))];

    /// <summary>"20.1 FileContract.Read".</summary>
    public string Name => $"{contract.Id}.{call.Number} {contract.Name}.{call.Name}";

    private Type RequestType => New().GetType();

    private FieldInfo[] Fields =>
        [.. RequestType.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
            .OrderBy(each => each.MetadataToken)];

    private PropertyInfo Result =>
        RequestType.GetProperty("Result", BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>Random requests with arguments.</summary>
    public Gen<Request> AnyArguments
    {
        get
        {
            var fields = Fields;
            var all = Gen.Const(Array.Empty<object>());
            for (var index = 0; index < fields.Length; index++)
            {
                var one = Values.Any(fields[index].FieldType, call.Parameters[index].Max);
                all = Gen.Select(all, one, (before, value) => before.Append(value).ToArray());
            }
            return all.Select(values => Filled(fields, values));
        }
    }

    /// <summary>Random requests with results.</summary>
    public Gen<Request> AnyResult => Values.Any(Result.PropertyType, call.ReplyMax).Select(WithResult);

    /// <summary>A free request, as a link gets it.</summary>
    public Request New() => K42.Contracts.ContractCatalogue.NewRequest(contract.Id, call.Number)!;

    /// <summary>The same request at every run, nowhere default.</summary>
    public Request FixedArguments()
    {
        var fields = Fields;
        var next = (int)call.Number;
        return Filled(
            fields,
            [.. fields.Select(
                (field, index) => Values.Fixed(field.FieldType, call.Parameters[index].Max, ref next))]);
    }

    /// <summary>A request with the same result at every run, nowhere default.</summary>
    public Request FixedResult()
    {
        var next = (int)call.Number;
        return WithResult(Values.Fixed(Result.PropertyType, call.ReplyMax, ref next));
    }

    /// <summary>The arguments, a line per value.</summary>
    public IEnumerable<string> ArgumentLines(Request request) =>
        Fields.SelectMany(field => Values.Lines(field.Name, field.GetValue(request)));

    /// <summary>The result, a line per value.</summary>
    public IEnumerable<string> ResultLines(Request request) =>
        Values.Lines("Result", Result.GetValue(request));

    /// <summary>The bytes of the arguments.</summary>
    public static byte[] WriteArguments(Request request)
    {
        var writer = new WireWriter(16);
        request.WriteArguments(ref writer);
        var bytes = writer.Written.ToArray();
        writer.Dispose();
        return bytes;
    }

    /// <summary>The bytes of the result.</summary>
    public static byte[] WriteResult(Request request)
    {
        var writer = new WireWriter(16);
        request.WriteResult(ref writer);
        var bytes = writer.Written.ToArray();
        writer.Dispose();
        return bytes;
    }

    /// <summary>A free request with arguments from bytes.</summary>
    public Request ReadArguments(ReadOnlySpan<byte> bytes)
    {
        var request = New();
        var reader = new WireReader(bytes);
        request.ReadArguments(ref reader);
        return request;
    }

    /// <summary>A free request with a result from bytes.</summary>
    public Request ReadResult(ReadOnlySpan<byte> bytes)
    {
        var request = New();
        var reader = new WireReader(bytes);
        request.ReadResult(ref reader);
        return request;
    }

    private Request Filled(FieldInfo[] fields, object[] values)
    {
        var request = New();
        for (var index = 0; index < fields.Length; index++) fields[index].SetValue(request, values[index]);
        return request;
    }

    private Request WithResult(object value)
    {
        var request = New();
        Result.SetValue(request, value);
        return request;
    }
}
