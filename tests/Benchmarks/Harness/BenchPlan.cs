namespace K42.Benchmarks.Harness;

/// <summary>How long a run measures.</summary>
/// <param name="Passes">Passes per row, taken round robin over the rows.</param>
/// <param name="Pass">Length of one pass.</param>
/// <param name="WarmUp">Length of the pass that comes before and is thrown away.</param>
public sealed record BenchPlan(int Passes, TimeSpan Pass, TimeSpan WarmUp)
{
    /// <summary>The run that figures are published from.</summary>
    public static readonly BenchPlan Full =
        new(Passes: 7, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.2));

    /// <summary>A look, good to about a factor of two.</summary>
    public static readonly BenchPlan Quick =
        new(Passes: 3, TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(0.4));
}
