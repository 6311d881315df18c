using System.Text;
using System.Text.Json;

using K42.Contracts;

namespace K42.Personality.Linux;

/// <summary>Every x86-64 system call: dispatcher, documentation and test input in one.</summary>
/// <remarks>The rows are in the files by man-page family beside this one. Numbers 337 to 423 are not used by
/// Linux; they and all above the last row answer ENOSYS.</remarks>
public static partial class SyscallTable
{
    private static readonly SyscallRow[] All =
    [
        .. FileRows, .. PathRows, .. ProcessRows, .. SignalAndTimeRows, .. WaitingRows, .. SocketRows,
        .. MemoryRows, .. PrivilegedRows,
    ];

    private static readonly SyscallRow?[] ByNumber = Index();
    private static readonly Dictionary<string, SyscallRow> ByName = All.ToDictionary(row => row.Name);

    /// <summary>All rows, by number.</summary>
    public static IReadOnlyList<SyscallRow> Rows { get; } = [.. All.OrderBy(row => row.Number)];

    /// <summary>The row of a number; null when Linux has no such call.</summary>
    public static SyscallRow? Find(int number) =>
        (uint)number < (uint)ByNumber.Length ? ByNumber[number] : null;

    /// <summary>The row of a name; null when Linux has no such call.</summary>
    public static SyscallRow? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The table for reading: a line per call, then how many there are of each kind.</summary>
    public static string ToText()
    {
        var text = new StringBuilder();
        foreach (var row in Rows)
        {
            var support = row.Support == Support.Refused ? $"refused {row.Errno}" : Name(row.Support);
            text.Append($"{row.Number,4}  {row.Name,-24} {support,-18} {row.Note}".TrimEnd()).Append('\n');
        }
        text.Append('\n');
        foreach (var support in Enum.GetValues<Support>())
        {
            text.Append($"{Rows.Count(row => row.Support == support),4}  {Name(support)}\n");
        }
        return text.ToString();
    }

    /// <summary>The table for machines: an array of {"number", "name", "support", "errno", "note"}; support
    /// is "full", "partial" or "refused", errno is null unless refused.</summary>
    public static string ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var row in Rows)
            {
                json.WriteStartObject();
                json.WriteNumber("number", row.Number);
                json.WriteString("name", row.Name);
                json.WriteString("support", Name(row.Support));
                if (row.Support == Support.Refused) json.WriteString("errno", row.Errno.ToString());
                else json.WriteNull("errno");
                json.WriteString("note", row.Note);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static SyscallRow?[] Index()
    {
        var rows = new SyscallRow?[All.Max(row => row.Number) + 1];
        foreach (var row in All) rows[row.Number] = row;
        return rows;
    }

    private static string Name(Support support) => support switch
    {
        Support.Full => "full",
        Support.Partial => "partial",
        _ => "refused",
    };

    private static SyscallRow Full(
        int number, string name, SyscallHandler handler, bool restarts = false, string note = "") =>
        new(number, name, Support.Full, Errno.None, note, handler, restarts);

    private static SyscallRow Partial(
        int number, string name, SyscallHandler handler, string note, bool restarts = false) =>
        new(number, name, Support.Partial, Errno.None, note, handler, restarts);

    private static SyscallRow Refused(int number, string name, Errno errno, string note) =>
        new(number, name, Support.Refused, errno, note, null, false);
}
