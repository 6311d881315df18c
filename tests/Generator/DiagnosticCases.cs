namespace K42.Generator.Tests;

/// <summary>A misuse per row: its number, what is wrong, and a source with the place between [| and
/// |].</summary>
internal static class DiagnosticCases
{
    public static readonly (string Id, string What, string Source)[] Rows =
    [
        ("K42001", "an id of zero", Class("[Contract(0)] public abstract partial class [|Shape|]", Ping)),
        ("K42002", "an id that is taken",
            Class("[Contract(5)] public abstract partial class Shape", Ping)
            + Class("[Contract(5)] public abstract partial class [|Other|]", Ping)),
        ("K42003", "a class that is not abstract", Class("[Contract(5)] public partial class [|Shape|]", "")),
        ("K42003", "a class that is not partial", Class("[Contract(5)] public abstract class [|Shape|]", "")),
        ("K42003", "a class that is generic",
            Class("[Contract(5)] public abstract partial class [|Shape|]<T>", Ping)),
        ("K42003", "a class that is nested",
            "public partial class Outer {"
            + Class("[Contract(5)] public abstract partial class [|Shape|]", Ping) + "}"),
        ("K42003", "a class with another base",
            "public abstract class Base {}"
            + Class("[Contract(5)] public abstract partial class [|Shape|] : Base", Ping)),
        ("K42004", "a number of zero",
            Shape("[Call(0, Rights.None)] public abstract void [|A|](Reply<int> reply);")),
        ("K42004", "a reserved number",
            Shape("[Call(65280, Rights.None)] public abstract void [|A|](Reply<int> reply);")),
        ("K42005", "a number that is taken",
            Shape(Ping + "[Call(1, Rights.None)] public abstract void [|A|](Reply<int> reply);")),
        ("K42006", "a call outside a contract",
            Class(
                "public abstract class Plain",
                "[Call(1, Rights.None)] public abstract void [|A|](Reply<int> reply);")),
        ("K42007", "a call that returns",
            Shape("[Call(1, Rights.None)] public abstract int [|A|](Reply<int> reply);")),
        ("K42008", "a call that is static",
            Shape("[Call(1, Rights.None)] public static void [|A|](Reply<int> reply) {}")),
        ("K42008", "a call that is final",
            Shape("[Call(1, Rights.None)] public void [|A|](Reply<int> reply) {}")),
        ("K42009", "a generic call",
            Shape("[Call(1, Rights.None)] public abstract void [|A|]<T>(Reply<int> reply);")),
        ("K42010", "an out parameter", InParameter("out int [|a|]")),
        ("K42010", "a ref parameter", InParameter("ref int [|a|]")),
        ("K42010", "an in parameter", InParameter("in int [|a|]")),
        ("K42011", "a string without a maximum", InParameter("string [|a|]")),
        ("K42011", "a buffer without a maximum", InParameter("System.ReadOnlyMemory<byte> [|a|]")),
        ("K42011", "an array without a maximum", InParameter("int[] [|a|]")),
        ("K42011", "a field without a maximum", Wire("string [|A|]")),
        ("K42012", "a maximum of zero", InParameter("[Max(0)] string [|a|]")),
        ("K42012", "a maximum that is too high", InParameter("[Max(65_537)] string [|a|]")),
        ("K42013", "a maximum on a number", InParameter("[Max(5)] int [|a|]")),
        ("K42014", "a class", InParameter("object [|a|]")),
        ("K42014", "a floating-point number", InParameter("double [|a|]")),
        ("K42014", "an array of strings", InParameter("[Max(5)] string[] [|a|]")),
        ("K42014", "an array of arrays", InParameter("[Max(5)] int[][] [|a|]")),
        ("K42014", "nothing", InParameter("Nothing [|a|]")),
        ("K42014", "an identity without [Caller]", InParameter("CallerIdentity [|a|]")),
        ("K42014", "a struct without [Wire]",
            "public record struct Plain(int A);" + InParameter("Plain [|a|]")),
        ("K42014", "a class as answer",
            Shape("[Call(1, Rights.None)] public abstract void A(Reply<object> [|reply|]);")),
        ("K42014", "a field that is a class", Wire("object [|A|]")),
        ("K42015", "two callers",
            Shape("""
                [Call(1, Rights.None)] public abstract void [|A|](
                    [Caller] CallerIdentity a, [Caller] CallerIdentity b, Reply<int> reply);
                """)),
        ("K42015", "two handles",
            Shape("""
                [Call(1, Rights.None)] public abstract void [|A|](
                    [Handle] HandleRow a, [Handle] HandleRow b, Reply<int> reply);
                """)),
        ("K42016", "a caller that is a number", InParameter("[Caller] int [|a|]")),
        ("K42016", "a handle that is an address", InParameter("[Handle] ObjectHandle [|a|]")),
        ("K42017", "no reply", Shape("[Call(1, Rights.None)] public abstract void [|A|](int a);")),
        ("K42018", "a reply that is not last",
            Shape("[Call(1, Rights.None)] public abstract void [|A|](Reply<int> reply, int a);")),
        ("K42018", "two replies",
            Shape("[Call(1, Rights.None)] public abstract void [|A|](Reply<int> a, Reply<int> b);")),
        ("K42019", "a one-way call with a reply",
            Shape("[Call(1, Rights.None, OneWay = true)] public abstract void [|A|](Reply<Nothing> reply);")),
        ("K42020", "a negative ParkedMax",
            Shape("[Call(1, Rights.None, ParkedMax = -1)] public abstract void [|A|](Reply<int> reply);")),
        ("K42020", "a one-way call that parks",
            Shape("[Call(1, Rights.None, OneWay = true, ParkedMax = 1)] public abstract void [|A|](int a);")),
        ("K42021", "an answer without a maximum",
            Shape("[Call(1, Rights.None)] public abstract void [|A|](Reply<string> reply);")),
        ("K42022", "a ReplyMax that is too high",
            Shape("""
                [Call(1, Rights.None, ReplyMax = 65_537)]
                public abstract void [|A|](Reply<string> reply);
                """)),
        ("K42022", "a negative ReplyMax",
            Shape("[Call(1, Rights.None, ReplyMax = -1)] public abstract void [|A|](Reply<int> reply);")),
        ("K42023", "a plain struct", "[Wire] public partial struct [|Value|] { public int A; }"),
        ("K42023", "a record struct that is not partial", "[Wire] public record struct [|Value|](int A);"),
        ("K42023", "a record struct without positions", "[Wire] public partial record struct [|Value|];"),
        ("K42023", "a generic record struct", "[Wire] public partial record struct [|Value|]<T>(int A);"),
        ("K42023", "a nested record struct",
            "public partial class Outer { [Wire] public partial record struct [|Value|](int A); }"),
        ("K42024", "calls that differ only in their reply",
            Shape(Ping + "[Call(2, Rights.None)] public abstract void [|Ping|](Reply<long> reply);")),
        ("K42024", "a name that every client has",
            Shape("[Call(1, Rights.None)] public abstract void [|Release|](Reply<int> reply);")),
    ];

    private const string Ping = "[Call(1, Rights.None)] public abstract void Ping(Reply<int> reply);";

    private static string Class(string head, string members) => head + "\n{\n" + members + "\n}\n";

    private static string Shape(string members) =>
        Class("[Contract(5)] public abstract partial class Shape", members);

    private static string InParameter(string parameter) =>
        Shape($"[Call(1, Rights.None)] public abstract void A({parameter}, Reply<int> reply);");

    private static string Wire(string field) => $"[Wire] public partial record struct Value({field});";
}
