using System.CommandLine;
using System.Runtime.InteropServices;
using K42.Benchmarks.Harness;
using Spectre.Console;

namespace K42.Benchmarks;

/// <summary>One subcommand: its options, the choice of rows, the run, the report.</summary>
internal static class BenchCommand
{
    private const int Failed = 1;
    private const int BadUsage = 2;
    private const int Interrupted = 130;

    /// <summary>Makes the subcommand <paramref name="name"/> over the rows of a table.</summary>
    public static Command Create(string name, string description, Func<IBenchRow[]> table)
    {
        var json = new Option<bool>("--json") { Description = "Print an array of rows for machines." };
        var quick = new Option<bool>("--quick") { Description = "Take less time; good to a factor of two." };
        var list = new Option<bool>("--list") { Description = "Print the rows' names and measure nothing." };
        var rows = new Option<string?>("--rows")
        {
            Description = "Measure only these rows, separated by commas.",
            HelpName = "a,b",
        };
        var command = new Command(name, description) { json, quick, list, rows };
        command.SetAction(async (parsed, _) =>
        {
            var all = table();
            if (parsed.GetValue(list))
            {
                foreach (var row in all) Console.WriteLine(row.Name);
                return 0;
            }
            if (!TryChoose(all, parsed.GetValue(rows), out var chosen)) return BadUsage;
            var plan = parsed.GetValue(quick) ? BenchPlan.Quick : BenchPlan.Full;
            return await RunAsync(chosen, plan, parsed.GetValue(json));
        });
        return command;
    }

    private static bool TryChoose(IBenchRow[] all, string? names, out IBenchRow[] chosen)
    {
        chosen = all;
        if (names is null) return true;
        var wanted = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var unknown = wanted.Except(all.Select(row => row.Name)).ToArray();
        chosen = [.. all.Where(row => wanted.Contains(row.Name))];
        if (unknown.Length == 0 && chosen.Length > 0) return true;
        Console.Error.WriteLine(
            $"There is no row '{string.Join("', '", unknown)}'; `--list` prints the names of all rows.");
        return false;
    }

    private static async Task<int> RunAsync(IBenchRow[] rows, BenchPlan plan, bool isJson)
    {
        using var interrupt = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        var cancel = interrupt.Token;
        using var progress = new ProgressLine();
        IReadOnlyList<RowOutcome> outcomes;
        try
        {
            outcomes = await new BenchRunner(plan, progress.Show).RunAsync(rows, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return Interrupted;
        }
        progress.Clear();
        if (isJson) Console.WriteLine(JsonReport.Print(outcomes));
        else ScreenReport.Print(AnsiConsole.Console, outcomes);
        foreach (var outcome in outcomes.Where(o => o.Failure is not null))
            await Console.Error.WriteLineAsync($"{outcome.Row.Name} failed: {outcome.Failure}");
        return outcomes.All(outcome => outcome.HasFigures) ? 0 : Failed;

        // The run ends its children and takes its certificates away before the process ends.
        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupt.Cancel();
        }
    }
}
