using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using K42.Linux.V1;

namespace K42.Client;

/// <summary>Makes calls for <see cref="K42Session.CallAsync"/> and <see cref="K42Batch"/>: one method per
/// system call, or any of them by name.</summary>
/// <remarks>Bytes are not copied: leave them unchanged until the call is complete.</remarks>
public static partial class SystemCalls
{
    private static readonly Dictionary<string, FieldDescriptor> ByName =
        Call.Descriptor.Oneofs[0].Fields.ToDictionary(field => field.Name);

    /// <summary>The names of all calls that the gateway has messages for, as Linux spells them.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>Linux's name of a call.</summary>
    public static string NameOf(Call call) =>
        Call.Descriptor.FindFieldByNumber((int)call.CallCase)?.Name ?? "no call";

    /// <summary>Makes a call by name, with arguments by the names of the message's fields.</summary>
    /// <param name="name">"openat"; <see cref="Names"/> has them all.</param>
    /// <param name="arguments">Numbers of any type, strings, bytes (byte[] or memory), messages, lists of
    /// these; null leaves a field out.</param>
    /// <exception cref="ArgumentException">There is no such call or argument, or a value doesn't
    /// fit.</exception>
    public static Call ByNameOf(string name, params (string Field, object? Value)[] arguments)
    {
        if (!ByName.TryGetValue(name, out var field))
            throw new ArgumentException($"no call {name}", nameof(name));
        var message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
        foreach (var (argument, value) in arguments)
        {
            var target = field.MessageType.FindFieldByName(argument)
                ?? throw new ArgumentException($"{name} has no argument {argument}", nameof(arguments));
            if (value != null) Set(message, target, value);
        }
        var call = new Call();
        field.Accessor.SetValue(call, message);
        return call;
    }

    /// <summary>Whether a call has an argument of this name.</summary>
    public static bool HasArgument(string name, string argument) =>
        ByName.TryGetValue(name, out var field) && field.MessageType.FindFieldByName(argument) != null;

    internal static ByteString Bytes(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);

    private static void Set(IMessage message, FieldDescriptor target, object value)
    {
        if (!target.IsRepeated)
        {
            target.Accessor.SetValue(message, Fit(target, value));
            return;
        }
        var list = (IList)target.Accessor.GetValue(message);
        foreach (var item in (IEnumerable)value) list.Add(Fit(target, item));
    }

    // Linux's own conversions: a descriptor of -1 is 0xffffffff where the argument is unsigned.
    private static object Fit(FieldDescriptor target, object value) => target.FieldType switch
    {
        FieldType.Int32 => unchecked((int)Number(value)),
        FieldType.UInt32 => unchecked((uint)Number(value)),
        FieldType.Int64 => Number(value),
        FieldType.UInt64 => unchecked((ulong)Number(value)),
        FieldType.Bytes => value switch
        {
            ByteString bytes => bytes,
            byte[] bytes => Bytes(bytes),
            ReadOnlyMemory<byte> bytes => Bytes(bytes),
            string text => K42Text.Encode(text),
            _ => throw new ArgumentException($"{target.Name} takes bytes, not {value.GetType().Name}"),
        },
        FieldType.String => value switch
        {
            byte[] bytes => System.Text.Encoding.UTF8.GetString(bytes),
            string text => text,
            _ => throw new ArgumentException($"{target.Name} takes text, not {value.GetType().Name}"),
        },
        _ => value,
    };

    private static long Number(object value) => value switch
    {
        ulong number => unchecked((long)number),
        bool flag => flag ? 1 : 0,
        IConvertible number => number.ToInt64(System.Globalization.CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"{value.GetType().Name} is no number"),
    };
}
