using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using K42.Linux.V1;

namespace K42.Personality.Tests.Gateway;

/// <summary>Calls of every type with random fields, absurd ones among them; one seed gives always the
/// same.</summary>
internal sealed class RandomCalls(int seed)
{
    private const int DepthMax = 4;

    private static readonly string[] Paths =
    [
        "", "/", ".", "..", "/alice", "/alice/a", "/alice/private", "/alice/link", "../../alice/a",
        "/dev/null", "/dev/full", "/dev/zero", "/mallory", "/mallory/x", "/mallory/x/y", "x", "y", "x/../y",
        "/secret", "/alice/a\0/x", "/mallory/" + new string('n', 255), new string('n', 256), "none",
        "tmpfs", "node-1", string.Concat(Enumerable.Repeat("d/", 2_048)),
        "/" + new string('p', 4_096), "\ud83d\ude00", "a\u0001",
    ];

    private static readonly long[] Numbers =
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 64, 100, 255, 511, 1_000, 1_023, 1_024, 4_095, 4_096, 65_535, 65_536,
        -1, -2, -100, -4_095, 0x100, 0x200, 0x400, 0x1000, 0x80000, 0x200000, int.MaxValue, int.MinValue,
        uint.MaxValue, long.MaxValue, long.MinValue, 1L << 32, 1L << 62,
    ];

    private static readonly int[] Lengths = [0, 1, 2, 3, 100, 4_095, 4_096, 4_097, 65_536, 150_000];

    private static readonly int[] Counts = [0, 1, 1, 2, 3, 7, 65, 1_024, 1_025];

    private readonly Random _random = new(seed);
    private readonly IList<FieldDescriptor> _types = Call.Descriptor.Oneofs[0].Fields;

    /// <summary>How many types of calls there are.</summary>
    public int TypeCount => _types.Count;

    /// <summary>A number below a limit.</summary>
    public int Below(int limit) => _random.Next(limit);

    /// <summary>A call of a type; numbers count round.</summary>
    public Call Next(int type)
    {
        var field = _types[type % _types.Count];
        // A process that exits makes no more calls: mostly something else.
        if (field.Name.StartsWith("exit", StringComparison.Ordinal) && Below(8) > 0) field = _types[0];
        var call = new Call();
        field.Accessor.SetValue(call, Message(field.MessageType, 0));
        return call;
    }

    /// <summary>A message of a type with random fields.</summary>
    public IMessage Message(MessageDescriptor type, int depth)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InFieldNumberOrder())
        {
            if (Below(10) == 0 || depth > DepthMax) continue;
            if (!field.IsRepeated)
            {
                field.Accessor.SetValue(message, Value(field, depth));
                continue;
            }
            var list = (IList)field.Accessor.GetValue(message);
            var count = Counts[Below(Counts.Length)];
            if (field.FieldType is FieldType.Bytes or FieldType.Message) count = Math.Min(count, 8);
            for (var i = 0; i < count; i++) list.Add(Value(field, depth));
        }
        return message;
    }

    /// <summary>Bytes that mean nothing.</summary>
    public byte[] Garbage(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private object Value(FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.Int32 => unchecked((int)Number()),
        FieldType.UInt32 => unchecked((uint)Number()),
        FieldType.Int64 => Number(),
        FieldType.UInt64 => unchecked((ulong)Number()),
        FieldType.Bool => Below(2) == 0,
        FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, Below(12) - 2),
        FieldType.String => Paths[Below(Paths.Length)],
        // Bytes are contents, or names: those mostly of what there is.
        FieldType.Bytes when field.Name != "data" && Below(8) > 0 =>
            ByteString.CopyFromUtf8(Paths[Below(Paths.Length)]),
        FieldType.Bytes => ByteString.CopyFrom(Garbage(Lengths[Below(Lengths.Length)])),
        FieldType.Message => Message(field.MessageType, depth + 1),
        _ => throw new NotSupportedException($"{field.FullName}: {field.FieldType}"),
    };

    private long Number() =>
        Below(4) == 0 ? _random.NextInt64() >> Below(64) : Numbers[Below(Numbers.Length)];
}
