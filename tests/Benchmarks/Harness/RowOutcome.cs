namespace K42.Benchmarks.Harness;

/// <summary>All passes of one row, or why there are none.</summary>
/// <param name="Row">The row.</param>
public sealed class RowOutcome(IBenchRow row)
{
    private readonly List<PassResult> _passes = [];

    /// <summary>The row.</summary>
    public IBenchRow Row => row;

    /// <summary>Its passes in order: pass <c>i</c> of every row belongs to the same round.</summary>
    public IReadOnlyList<PassResult> Passes => _passes;

    /// <summary>Why the row failed; null when it did not.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Whether there are figures to show.</summary>
    public bool HasFigures => Failure is null && _passes.Count > 0;

    /// <summary>Adds the pass of the next round.</summary>
    public void Add(PassResult pass) => _passes.Add(pass);

    /// <summary>The median over the passes of one figure; null where it has no meaning.</summary>
    public double? Median(Func<PassResult, double?> figure)
    {
        var values = _passes.Select(figure).OfType<double>().ToArray();
        return values.Length == 0 ? null : Statistics.Median(values);
    }

    /// <summary>This row's figure divided by another's, round by round; null when there is none.</summary>
    public Spread? RatioTo(RowOutcome other, Headline headline)
    {
        // A row of one pass is compared with every pass of the other.
        var rounds = Math.Max(Passes.Count, other.Passes.Count);
        var ratios = new List<double>(rounds);
        for (var i = 0; i < rounds; i++)
        {
            if (FigureOf(this, i) is { } mine && FigureOf(other, i) is > 0 and { } theirs)
                ratios.Add(mine / theirs);
        }
        return ratios.Count == 0 ? null : Spread.Of(ratios);

        double? FigureOf(RowOutcome outcome, int round) =>
            outcome.Passes[Math.Min(round, outcome.Passes.Count - 1)].Figure(headline);
    }
}

/// <summary>The median of some values and the range they lie in.</summary>
public readonly record struct Spread(double Median, double Least, double Most)
{
    /// <summary>The spread of at least one value.</summary>
    public static Spread Of(IReadOnlyCollection<double> values) =>
        new(Statistics.Median(values), values.Min(), values.Max());
}

internal static class Statistics
{
    public static double Median(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
