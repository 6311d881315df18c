using System.Collections;
using System.Reflection;

using CsCheck;

using K42.Contracts;

namespace K42.Generator.Tests.Wire;

/// <summary>Values of every type that calls carry: random ones, and a text that two equal ones
/// share.</summary>
internal static class Values
{
    private static readonly Gen<string> AnyText = Gen.String;

    /// <summary>Random values of a type.</summary>
    /// <param name="max">The declared maximum; 0 for what has no length.</param>
    public static Gen<object> Any(Type type, int max)
    {
        if (type == typeof(string)) return AnyText.Where(text => WireLimits.Fits(text, max)).Select(Box);
        if (type == typeof(ReadOnlyMemory<byte>))
        {
            return Gen.Byte.Array[0, Math.Min(max, 300)]
                .Select(bytes => (object)new ReadOnlyMemory<byte>(bytes));
        }
        if (type == typeof(ByteText))
        {
            return Gen.Byte.Array[0, Math.Min(max, 300)].Select(bytes => Box(ByteText.Of(bytes)));
        }
        if (type.IsArray) return AnyArray(type.GetElementType()!, Math.Min(max, 4));
        if (type.IsEnum)
            return Any(Enum.GetUnderlyingType(type), 0).Select(number => Enum.ToObject(type, number));
        if (type == typeof(bool)) return Gen.Bool.Select(Box);
        if (type == typeof(byte)) return Gen.Byte.Select(Box);
        if (type == typeof(sbyte)) return Gen.SByte.Select(Box);
        if (type == typeof(short)) return Gen.Short.Select(Box);
        if (type == typeof(ushort)) return Gen.UShort.Select(Box);
        if (type == typeof(int)) return Gen.Int.Select(Box);
        if (type == typeof(uint)) return Gen.UInt.Select(Box);
        if (type == typeof(long)) return Gen.Long.Select(Box);
        if (type == typeof(ulong)) return Gen.ULong.Select(Box);
        if (type == typeof(Nothing)) return Gen.Const((object)default(Nothing));
        return AnyRecord(type);
    }

    /// <summary>One value that is nowhere default, the same at every run.</summary>
    /// <param name="next">Counts the numbers that were used.</param>
    public static object Fixed(Type type, int max, ref int next)
    {
        next++;
        if (type == typeof(string)) return Cut($"text{next}é", max);
        if (type == typeof(ReadOnlyMemory<byte>)) return new ReadOnlyMemory<byte>([1, 2, (byte)next]);
        // What strings gave before these were bytes: frames recorded then say the same now.
        if (type == typeof(ByteText)) return (ByteText)Cut($"text{next}é", max);
        if (type.IsArray)
        {
            var array = Array.CreateInstance(type.GetElementType()!, Math.Min(2, max));
            for (var index = 0; index < array.Length; index++)
            {
                array.SetValue(Fixed(type.GetElementType()!, 0, ref next), index);
            }
            return array;
        }
        if (type.IsEnum) return Enum.ToObject(type, (next % 3) + 1);
        if (type == typeof(bool)) return true;
        if (type.IsPrimitive) return Convert.ChangeType((next % 100) + 1, type, null);
        if (type == typeof(Nothing)) return default(Nothing);
        var arguments = new List<object>();
        foreach (var parameter in Primary(type).GetParameters())
        {
            arguments.Add(Fixed(parameter.ParameterType, MaxOf(type, parameter), ref next));
        }
        return Primary(type).Invoke([.. arguments]);
    }

    /// <summary>A line per number, string and buffer in a value: two values are equal when their lines
    /// are.</summary>
    public static IEnumerable<string> Lines(string name, object? value)
    {
        switch (value)
        {
            case null: return [$"{name} = null"];
            case string text: return [$"{name} = {Escape(text)}"];
            case ByteText text: return [$"{name} = {Escape(text.ToString())}"];
            case ReadOnlyMemory<byte> bytes: return [$"{name} = {Convert.ToHexString(bytes.Span)}"];
            case Enum number: return [$"{name} = {number:D}"];
            case IEnumerable items:
                var list = items.Cast<object>().ToList();
                return list.SelectMany((item, index) => Lines($"{name}[{index}]", item))
                    .Prepend($"{name}.Length = {list.Count}");
            case Nothing: return [];
        }
        if (value.GetType().IsPrimitive) return [FormattableString.Invariant($"{name} = {value}")];
        return Primary(value.GetType()).GetParameters().SelectMany(parameter =>
            Lines($"{name}.{parameter.Name}", value.GetType().GetProperty(parameter.Name!)!.GetValue(value)));
    }

    private static Gen<object> AnyRecord(Type type)
    {
        var all = Gen.Const(Array.Empty<object>());
        foreach (var parameter in Primary(type).GetParameters())
        {
            var one = Any(parameter.ParameterType, MaxOf(type, parameter));
            all = Gen.Select(all, one, (before, value) => before.Append(value).ToArray());
        }
        return all.Select(arguments => Primary(type).Invoke(arguments));
    }

    private static Gen<object> AnyArray(Type element, int countMax) =>
        Any(element, 0).Array[0, countMax].Select(values =>
        {
            var array = Array.CreateInstance(element, values.Length);
            values.CopyTo(array, 0);
            return (object)array;
        });

    private static ConstructorInfo Primary(Type type) =>
        type.GetConstructors().OrderByDescending(each => each.GetParameters().Length).First();

    private static int MaxOf(Type type, ParameterInfo parameter) =>
        type.GetProperty(parameter.Name!)!.GetCustomAttribute<MaxAttribute>()?.Length ?? 0;

    private static string Cut(string text, int max) =>
        WireLimits.Fits(text, max) ? text : text[..Math.Min(max, 2)];

    private static string Escape(string text) =>
        string.Concat(text
            .Select(each => each is >= ' ' and < (char)127 and not '\\' ? $"{each}" : $"\\u{(int)each:x4}"));

    private static object Box<T>(T value) => value!;
}
