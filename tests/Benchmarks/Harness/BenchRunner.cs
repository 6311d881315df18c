namespace K42.Benchmarks.Harness;

/// <summary>Sets rows up, warms them up, and takes their passes round robin: A-B-C-A-B-C.</summary>
/// <remarks>
/// Alternating is what makes ratios trustworthy on a shared machine: a disturbance of some seconds hits
/// neighbours of one round alike. A ratio is made within a round, and its median over rounds is reported.
/// </remarks>
public sealed class BenchRunner(BenchPlan plan, Action<string> say)
{
    private static readonly TimeSpan SetupMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PassGraceMax = TimeSpan.FromSeconds(20);

    /// <summary>Measures the rows; a row that fails is left out of later rounds and says why.</summary>
    /// <exception cref="OperationCanceledException">The run was interrupted; its children are
    /// gone.</exception>
    public async Task<IReadOnlyList<RowOutcome>> RunAsync(
        IReadOnlyList<IBenchRow> rows, CancellationToken cancel)
    {
        await using var context = new BenchContext(cancel);
        var outcomes = rows.Select(row => new RowOutcome(row)).ToArray();
        foreach (var outcome in outcomes)
        {
            say($"setting up {outcome.Row.Name}");
            await TryAsync(
                outcome, () => outcome.Row.SetupAsync(context).WaitAsync(SetupMax, cancel), cancel);
        }
        foreach (var outcome in outcomes.Where(o => !o.Row.IsOnce))
        {
            say($"warming up {outcome.Row.Name}");
            await TryAsync(outcome, () => MeasureAsync(outcome.Row, plan.WarmUp, cancel), cancel);
        }
        for (var round = 0; round < plan.Passes; round++)
        {
            foreach (var outcome in outcomes.Where(o => round == 0 || !o.Row.IsOnce))
            {
                say($"pass {round + 1}/{plan.Passes} {outcome.Row.Name}");
                await TryAsync(
                    outcome,
                    async () => outcome.Add(await MeasureAsync(outcome.Row, plan.Pass, cancel)),
                    cancel);
            }
        }
        return outcomes;
    }

    private static async Task<PassResult> MeasureAsync(
        IBenchRow row, TimeSpan duration, CancellationToken cancel) =>
        await row.RunPassAsync(duration, cancel).WaitAsync(duration + PassGraceMax, cancel);

    private async Task TryAsync(RowOutcome outcome, Func<Task> step, CancellationToken cancel)
    {
        if (outcome.Failure is not null) return;
        try
        {
            await step();
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            outcome.Failure = e;
            say($"{outcome.Row.Name} failed: {e.Message}");
        }
    }
}
