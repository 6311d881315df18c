using Microsoft.CodeAnalysis;

namespace K42.Generator.Model;

/// <summary>Names of the types that contracts are written with.</summary>
internal static class Names
{
    public const string Contract = "K42.Contracts.ContractAttribute";
    public const string Call = "K42.Contracts.CallAttribute";
    public const string Wire = "K42.Contracts.WireAttribute";
    public const string Max = "K42.Contracts.MaxAttribute";
    public const string Caller = "K42.Contracts.CallerAttribute";
    public const string Handle = "K42.Contracts.HandleAttribute";
    public const string CallerIdentity = "K42.Contracts.CallerIdentity";
    public const string HandleRow = "K42.Contracts.HandleRow";
    public const string ObjectHandle = "K42.Contracts.ObjectHandle";
    public const string NodeRef = "K42.Contracts.NodeRef";
    public const string ByteText = "K42.Contracts.ByteText";
    public const string Nothing = "K42.Contracts.Nothing";
    public const string ServerObject = "K42.Contracts.ServerObject";
    public const string Request = "K42.Contracts.Request`1";
    public const string Client = "K42.Contracts.ContractClient";

    private static readonly SymbolDisplayFormat Plain = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    /// <summary>True when the symbol is the type of that name (not generic).</summary>
    public static bool Is(this ITypeSymbol? type, string name) =>
        type is INamedTypeSymbol { Arity: 0 } && type.ToDisplayString(Plain) == name;

    /// <summary>True for Reply of anything.</summary>
    public static bool IsReply(this ITypeSymbol type) =>
        type is INamedTypeSymbol { Arity: 1, Name: "Reply" }
            && type.ToDisplayString(Plain) == "K42.Contracts.Reply";

    /// <summary>True for ReadOnlyMemory of bytes.</summary>
    public static bool IsBytes(this ITypeSymbol type) =>
        type is INamedTypeSymbol { Arity: 1, Name: "ReadOnlyMemory" } named
        && named.TypeArguments[0].SpecialType == SpecialType.System_Byte
        && type.ToDisplayString(Plain) == "System.ReadOnlyMemory";

    /// <summary>The attribute of that name on a symbol, or null.</summary>
    public static AttributeData? Find(this ISymbol symbol, string attribute)
    {
        foreach (var data in symbol.GetAttributes())
        {
            if (data.AttributeClass.Is(attribute)) return data;
        }
        return null;
    }

    /// <summary>An attribute's named argument, or a default.</summary>
    public static T Named<T>(this AttributeData data, string name, T absent)
    {
        foreach (var pair in data.NamedArguments)
        {
            if (pair.Key == name && pair.Value.Value is T value) return value;
        }
        return absent;
    }
}
