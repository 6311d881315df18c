using System.Collections.Generic;
using System.Linq;

using Microsoft.CodeAnalysis;

namespace K42.Generator.Model;

/// <summary>Finds out how a type travels.</summary>
internal static class TypeParser
{
    /// <summary>The type's model; null when calls can't carry it.</summary>
    public static TypeModel? Parse(ITypeSymbol type)
    {
        var name = type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
        var label = type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        if (type.SpecialType == SpecialType.System_String)
        {
            return new TypeModel(WireKind.Text, name, label, "String", "", 4, Bounded: true);
        }
        if (type.IsBytes()) return new TypeModel(WireKind.Bytes, name, label, "Bytes", "", 4, Bounded: true);
        if (type.Is(Names.ByteText))
        {
            return new TypeModel(WireKind.Bytes, name, label, "ByteText", "", 4, Bounded: true);
        }
        if (type.Is(Names.ObjectHandle)) return Address(name, label, "Handle", 14);
        if (type.Is(Names.NodeRef)) return Address(name, label, "Node", 6);
        if (type.Is(Names.Nothing))
        {
            return new TypeModel(WireKind.Nothing, name, label, "", "", 0, Bounded: false);
        }
        if (type is IArrayTypeSymbol array) return Array(array, name, label);
        if (type is INamedTypeSymbol { TypeKind: TypeKind.Enum } enumeration)
        {
            return Scalar(enumeration.EnumUnderlyingType!, name, label, isEnum: true);
        }
        if (type is INamedTypeSymbol { TypeKind: TypeKind.Struct } && type.Find(Names.Wire) is not null)
        {
            return new TypeModel(WireKind.Struct, name, label, "", "", 4, IsBounded(type, []));
        }
        return Scalar(type, name, label, isEnum: false);
    }

    private static TypeModel Address(string name, string label, string method, int bytes) =>
        new(WireKind.Address, name, label, method, "", bytes, Bounded: false);

    private static TypeModel? Array(IArrayTypeSymbol array, string name, string label)
    {
        // The element of an array has no [Max] of its own, so it must be bounded by its type.
        if (array.Rank != 1 || Parse(array.ElementType) is not { HasLength: false } element) return null;
        return element.Kind == WireKind.Nothing
            ? null
            : new TypeModel(WireKind.Array, name, label, "", "", 4, Bounded: true, element);
    }

    private static TypeModel? Scalar(ITypeSymbol type, string name, string label, bool isEnum)
    {
        (string Method, int Bytes)? found = type.SpecialType switch
        {
            SpecialType.System_Boolean => ("Bool", 1),
            SpecialType.System_Byte or SpecialType.System_SByte => ("Byte", 1),
            SpecialType.System_Int16 => ("Int16", 2),
            SpecialType.System_UInt16 => ("UInt16", 2),
            SpecialType.System_Int32 => ("Int32", 4),
            SpecialType.System_UInt32 => ("UInt32", 4),
            SpecialType.System_Int64 => ("Int64", 8),
            SpecialType.System_UInt64 => ("UInt64", 8),
            _ => null,
        };
        if (found is not { } scalar) return null;
        var underlying = type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
        var cast = type.SpecialType == SpecialType.System_SByte ? "byte" : isEnum ? underlying : "";
        var full = isEnum ? $"{label} : {underlying}" : label;
        return new TypeModel(WireKind.Scalar, name, full, scalar.Method, cast, scalar.Bytes, Bounded: false);
    }

    /// <summary>Whether a wire struct holds strings, buffers or arrays, however deep.</summary>
    private static bool IsBounded(ITypeSymbol type, HashSet<string> seen)
    {
        if (!seen.Add(type.ToDisplayString())) return false;
        foreach (var property in type.GetMembers().OfType<IPropertySymbol>())
        {
            if (property.IsStatic || property.IsIndexer) continue;
            var held = property.Type;
            if (held.SpecialType == SpecialType.System_String || held is IArrayTypeSymbol) return true;
            if (held.IsBytes() || held.Is(Names.ByteText)) return true;
            if (held.Find(Names.Wire) is not null && IsBounded(held, seen)) return true;
        }
        return false;
    }
}
