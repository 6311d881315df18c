using System.Globalization;
using Spectre.Console;

namespace K42.Benchmarks.Harness;

/// <summary>The report for people: one table per group, then the targets.</summary>
public static class ScreenReport
{
    private const string None = "-";
    private const int WidthOfFiles = 150;

    private static readonly Column[] Columns =
    [
        new("median", pass => pass.MedianNs, Time),
        new("p99", pass => pass.P99Ns, Time),
        new("B/op", pass => pass.BytesPerOp, Number),
        new("op/s", pass => pass.OpsPerSecond, Number),
        new("MB/s", pass => pass.MegabytesPerSecond, Number),
    ];

    /// <summary>Prints the tables.</summary>
    public static void Print(IAnsiConsole console, IReadOnlyList<RowOutcome> outcomes)
    {
        if (Console.IsOutputRedirected) console.Profile.Width = WidthOfFiles;
        console.MarkupLineInterpolated($"[grey]{Machine.Describe()}[/]");
        foreach (var group in outcomes.Where(o => o.HasFigures).GroupBy(o => o.Row.Group))
            console.Write(CreateGroup(group.Key, [.. group]));
        if (CreateTargets(outcomes) is { } targets) console.Write(targets);
        foreach (var failed in outcomes.Where(outcome => outcome.Failure is not null))
            console.MarkupLineInterpolated($"[red]{failed.Row.Name} failed:[/] {failed.Failure!.Message}");
    }

    private static Table CreateGroup(BenchGroup group, RowOutcome[] outcomes)
    {
        var baseline = outcomes[0];
        var title = $"{group.Title} (ratio: {NameOf(group.Headline)} to that of {baseline.Row.Name})";
        var table = new Table().Title(title).Border(TableBorder.Rounded);
        var columns = Columns.Where(c => outcomes.Any(o => o.Median(c.Figure) is not null)).ToArray();
        table.AddColumn(new TableColumn("row").NoWrap());
        foreach (var column in columns)
            table.AddColumn(new TableColumn(column.Title).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("ratio [[range]]").RightAligned().NoWrap());
        table.AddColumn("note");
        foreach (var outcome in outcomes)
        {
            var ratio = ReferenceEquals(outcome, baseline) ? null : outcome.RatioTo(baseline, group.Headline);
            table.AddRow([
                Markup.Escape(outcome.Row.Name),
                .. columns.Select(column => column.Print(outcome.Median(column.Figure))),
                ratio is { } r ? Ratio(r) : "1",
                Markup.Escape(outcome.Row.Note)]);
        }
        return table;
    }

    private static Table? CreateTargets(IReadOnlyList<RowOutcome> outcomes)
    {
        var verdicts = TargetTable.Rows.Select(target => target.Judge(outcomes)).OfType<Verdict>().ToArray();
        if (verdicts.Length == 0) return null;
        var table = new Table().Title("Targets").Border(TableBorder.Rounded);
        table.AddColumns("row", "figure", "against", "target", "median [[range]]", "");
        foreach (var (target, actual, isMet) in verdicts)
        {
            var limit = target.AtMost is { } most
                ? "at most " + Short(most)
                : "at least " + Short(target.AtLeast!.Value);
            table.AddRow(
                target.Row, NameOf(target.Headline), target.Against ?? None, limit, Ratio(actual),
                isMet ? "[green]met[/]" : "[red]not met[/]");
        }
        return table;
    }

    private static string NameOf(Headline headline) => headline switch
    {
        Headline.MedianNs => "median",
        Headline.OpsPerSecond => "op/s",
        Headline.MegabytesPerSecond => "MB/s",
        _ => "B/op",
    };

    private static string Ratio(Spread spread) =>
        $"{Short(spread.Median)} [grey][[{Short(spread.Least)}-{Short(spread.Most)}]][/]";

    private static string Short(double value) => value switch
    {
        >= 1000 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        _ => value.ToString("G3", CultureInfo.InvariantCulture),
    };

    private static string Number(double? value) => value switch
    {
        null => None,
        < 10 => value.Value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("N0", CultureInfo.InvariantCulture),
    };

    private static string Time(double? nanoseconds) => nanoseconds switch
    {
        null => None,
        < 10_000 => nanoseconds.Value.ToString("N0", CultureInfo.InvariantCulture) + " ns",
        _ => (nanoseconds.Value / 1000).ToString("N1", CultureInfo.InvariantCulture) + " us",
    };

    private sealed record Column(string Title, Func<PassResult, double?> Figure, Func<double?, string> Print);
}
