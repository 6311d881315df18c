namespace K42.Generator.Model;

/// <summary>How a value travels.</summary>
internal enum WireKind
{
    /// <summary>A number or truth value, or an enum by its underlying type.</summary>
    Scalar,

    /// <summary>An object handle or a node.</summary>
    Address,

    /// <summary>UTF-8 behind its length.</summary>
    Text,

    /// <summary>Bytes behind their count.</summary>
    Bytes,

    /// <summary>Elements behind their count.</summary>
    Array,

    /// <summary>A length-prefixed record struct with [Wire].</summary>
    Struct,

    /// <summary>Nothing at all.</summary>
    Nothing,
}

/// <summary>The type of a parameter, result or field.</summary>
/// <param name="FullName">As generated code writes it.</param>
/// <param name="Label">As the catalogue writes it.</param>
/// <param name="Method">WireWriter's and WireReader's method, for scalars and addresses.</param>
/// <param name="Cast">What it is cast to when written; empty when it need not be.</param>
/// <param name="BytesMin">The fewest bytes that one value takes.</param>
/// <param name="Bounded">Whether it holds anything with a declared maximum, however deep.</param>
/// <param name="Element">An array's element.</param>
internal sealed record TypeModel(
    WireKind Kind, string FullName, string Label, string Method, string Cast, int BytesMin, bool Bounded,
    TypeModel? Element = null)
{
    public bool HasLength => Kind is WireKind.Text or WireKind.Bytes or WireKind.Array;
}

/// <summary>What a parameter of a call is for.</summary>
internal enum ParameterRole
{
    /// <summary>The caller gives it.</summary>
    In,

    /// <summary>The kernel fills in who calls.</summary>
    Caller,

    /// <summary>The kernel fills in the handle.</summary>
    Handle,

    /// <summary>The answer.</summary>
    Reply,
}

/// <summary>A parameter of a call, or a field of a wire struct.</summary>
/// <param name="Field">The request's field.</param>
/// <param name="Max">Its declared maximum; 0 for what has no length.</param>
internal sealed record ParameterModel(string Name, string Field, ParameterRole Role, TypeModel Type, int Max);

/// <summary>A documentation comment.</summary>
/// <param name="Lines">The summary's lines, as XML.</param>
/// <param name="Text">The summary as plain text on one line.</param>
/// <param name="Parameters">The lines of the parameters' tags, with the name in front.</param>
internal sealed record DocModel(
    EquatableArray<string> Lines, string Text, EquatableArray<ParameterDoc> Parameters);

/// <summary>The documentation of one parameter.</summary>
internal sealed record ParameterDoc(string Name, EquatableArray<string> Lines);

/// <summary>One callable method.</summary>
/// <param name="Request">The name of its request class.</param>
/// <param name="Rights">The required rights, as an expression.</param>
/// <param name="Fails">The names of the errors it gives.</param>
/// <param name="Parameters">All of them, in declared order.</param>
/// <param name="Result">What the answer carries; Nothing for one-way calls.</param>
internal sealed record CallModel(
    ushort Number, string Name, string Request, string Rights, bool OneWay, int ParkedMax, int ReplyMax,
    bool Idempotent, EquatableArray<string> Fails, EquatableArray<ParameterModel> Parameters,
    TypeModel Result, DocModel Doc);

/// <summary>A contract.</summary>
/// <param name="NamesBase">Whether the class names its base itself.</param>
/// <param name="SeesInternals">Whether the assembly sees the internals of the contracts' assembly, which
/// decides how generated overrides are declared.</param>
internal sealed record ContractModel(
    string Namespace, string Name, string Accessibility, ushort Id, bool Factory, bool NamesBase,
    bool SeesInternals,
    DocModel Doc, EquatableArray<CallModel> Calls)
{
    private const string Suffix = "Contract";

    public string FullName => Namespace.Length == 0 ? $"global::{Name}" : $"global::{Namespace}.{Name}";

    public string ClientName =>
        (Name.EndsWith(Suffix, System.StringComparison.Ordinal) && Name.Length > Suffix.Length
            ? Name.Substring(0, Name.Length - Suffix.Length)
            : Name) + "Client";
}

/// <summary>A record struct that calls carry.</summary>
internal sealed record WireModel(
    string Namespace, string Name, string Accessibility, bool Bounded, EquatableArray<ParameterModel> Fields)
{
    public string FullName => Namespace.Length == 0 ? $"global::{Name}" : $"global::{Namespace}.{Name}";
}
