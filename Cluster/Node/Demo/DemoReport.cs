using System.Globalization;

using Spectre.Console;

namespace K42.Node.Demo;

/// <summary>What the demo checked, and its figures: the table at its end.</summary>
internal sealed class DemoReport
{
    private readonly List<(string What, string Seen, bool Ok)> _rows = [];

    /// <summary>True while nothing differed.</summary>
    public bool IsGood => _rows.All(row => row.Ok);

    /// <summary>Notes a check.</summary>
    public void Check(string what, string seen, bool ok)
    {
        lock (_rows) _rows.Add((what, seen, ok));
        var mark = ok ? "[green]ok[/]" : "[red]NO[/]";
        AnsiConsole.MarkupLine($"  {mark}  {Markup.Escape(what)}: {Markup.Escape(seen)}");
    }

    /// <summary>Notes a figure.</summary>
    public void Figure(string what, FormattableString figure) =>
        Check(what, figure.ToString(CultureInfo.InvariantCulture), true);

    /// <summary>Says which command or call does the same.</summary>
    public static void Same(string command) =>
        AnsiConsole.MarkupLineInterpolated($"      [grey]the same: {command}[/]");

    /// <summary>Begins a part.</summary>
    public static void Part(string title) =>
        AnsiConsole.Write(new Rule($"[bold]{Markup.Escape(title)}[/]").LeftJustified());

    /// <summary>Prints the table.</summary>
    public void Print()
    {
        var table = new Table().Border(TableBorder.Rounded).Title("What was checked");
        table.AddColumn("what").AddColumn("seen").AddColumn("");
        foreach (var (what, seen, ok) in _rows)
            table.AddRow(Markup.Escape(what), Markup.Escape(seen), ok ? "[green]ok[/]" : "[red]differs[/]");
        AnsiConsole.Write(table);
    }
}
