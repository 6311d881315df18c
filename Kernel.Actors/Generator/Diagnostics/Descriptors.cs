using System.Collections.Generic;
using System.Linq;

using Microsoft.CodeAnalysis;

namespace K42.Generator.Diagnostics;

/// <summary>Every misuse of the decorations that the generator refuses. Each number has a page in
/// docs/.</summary>
internal static class Descriptors
{
    public static readonly DiagnosticDescriptor ContractIdZero = Error(
        "K42001", "A contract's id is zero", "'{0}' needs a contract id between 1 and 65,535");

    public static readonly DiagnosticDescriptor ContractIdTwice = Error(
        "K42002", "A contract's id is taken", "'{0}' uses contract id {1}, which '{2}' has");

    public static readonly DiagnosticDescriptor ContractShape = Error(
        "K42003", "A contract is not an abstract partial class", "Contract '{0}' must {1}");

    public static readonly DiagnosticDescriptor CallNumberRange = Error(
        "K42004", "A call's number is out of range", "'{0}' has call number {1}; use 1 to 65,279");

    public static readonly DiagnosticDescriptor CallNumberTwice = Error(
        "K42005", "A call's number is taken", "'{0}' uses call number {1}, which '{2}' has");

    public static readonly DiagnosticDescriptor CallWithoutContract = Error(
        "K42006", "A call outside a contract", "'{0}' has [Call] but its class '{1}' has no [Contract]");

    public static readonly DiagnosticDescriptor CallNotVoid = Error(
        "K42007", "A call returns a value", "'{0}' must return void; answers go through Reply<T>");

    public static readonly DiagnosticDescriptor CallNotVirtual = Error(
        "K42008", "A call can't be overridden", "'{0}' must be an abstract or virtual instance method");

    public static readonly DiagnosticDescriptor CallGeneric = Error(
        "K42009", "A call is generic", "'{0}' must not be generic");

    public static readonly DiagnosticDescriptor ParameterByReference = Error(
        "K42010", "A parameter is passed by reference", "Parameter '{0}' must be passed by value");

    public static readonly DiagnosticDescriptor Unbounded = Error(
        "K42011", "A buffer, string or array has no maximum", "'{0}' is a {1} and needs [Max]");

    public static readonly DiagnosticDescriptor MaxRange = Error(
        "K42012", "A maximum is out of range", "[Max] of '{0}' is {1}; use 1 to 65,536");

    public static readonly DiagnosticDescriptor MaxWithoutLength = Error(
        "K42013", "A maximum on what has no length",
        "'{0}' is a {1}, which has no length for [Max] to limit");

    public static readonly DiagnosticDescriptor UnsupportedType = Error(
        "K42014", "A type that calls can't carry", "'{0}' is a {1}, which calls can't carry");

    public static readonly DiagnosticDescriptor FilledParameterTwice = Error(
        "K42015", "More than one [Caller] or [Handle]", "'{0}' has more than one {1} parameter");

    public static readonly DiagnosticDescriptor FilledParameterType = Error(
        "K42016", "[Caller] or [Handle] on the wrong type", "Parameter '{0}' with {1} must be a {2}");

    public static readonly DiagnosticDescriptor ReplyMissing = Error(
        "K42017", "A call can't answer", "'{0}' needs a Reply<T> as its last parameter, or OneWay = true");

    public static readonly DiagnosticDescriptor ReplyPlace = Error(
        "K42018", "The reply is not the last parameter",
        "'{0}' must have one Reply<T>, as its last parameter");

    public static readonly DiagnosticDescriptor OneWayReply = Error(
        "K42019", "A one-way call has a reply",
        "'{0}' is one-way: nobody waits, so it can't have a Reply<T>");

    public static readonly DiagnosticDescriptor ParkedMaxRange = Error(
        "K42020", "ParkedMax is out of range",
        "ParkedMax of '{0}' is {1}; it must be 0 or more, and 0 when one-way");

    public static readonly DiagnosticDescriptor ReplyMaxMissing = Error(
        "K42021", "A reply has no maximum", "'{0}' answers with a {1} and needs ReplyMax");

    public static readonly DiagnosticDescriptor ReplyMaxRange = Error(
        "K42022", "ReplyMax is out of range", "ReplyMax of '{0}' is {1}; use 1 to 65,536");

    public static readonly DiagnosticDescriptor WireShape = Error(
        "K42023", "[Wire] on something else than a positional record struct",
        "'{0}' must be a positional partial record struct that is neither nested nor generic");

    public static readonly DiagnosticDescriptor ClientSignature = Error(
        "K42024", "Two calls would be one in the client",
        "The client already has a method that '{0}' can't be told from");

    /// <summary>All of them, by number.</summary>
    public static IReadOnlyList<DiagnosticDescriptor> All { get; } =
        [.. typeof(Descriptors).GetFields()
            .Select(field => field.GetValue(null))
            .OfType<DiagnosticDescriptor>()
            .OrderBy(descriptor => descriptor.Id)];

    private static DiagnosticDescriptor Error(string id, string title, string message) => new(
        id, title, message, "K42.Contracts", DiagnosticSeverity.Error, isEnabledByDefault: true,
        helpLinkUri: $"Kernel.Actors/Generator/docs/{id}.md");
}
