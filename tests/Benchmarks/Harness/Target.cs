namespace K42.Benchmarks.Harness;

/// <summary>What a row shall reach: a figure of its own, or a ratio to another row of the same run.</summary>
/// <param name="Row">The row that is judged.</param>
/// <param name="Headline">The figure that is judged.</param>
/// <param name="Against">The row it is divided by; null for an absolute figure.</param>
/// <param name="AtMost">The most it may be, or null.</param>
/// <param name="AtLeast">The least it may be, or null.</param>
public sealed record Target(
    string Row, Headline Headline, string? Against, double? AtMost = null, double? AtLeast = null)
{
    /// <summary>Judges one run; null when a row that is needed did not run.</summary>
    public Verdict? Judge(IReadOnlyCollection<RowOutcome> outcomes)
    {
        if (Find(outcomes, Row) is not { } row) return null;
        var spread = Against is null ? Own(row) : RatioIn(outcomes, row);
        if (spread is not { } s) return null;
        return new Verdict(this, s, s.Median <= (AtMost ?? double.MaxValue) && s.Median >= (AtLeast ?? 0));
    }

    private Spread? Own(RowOutcome row)
    {
        var figures = row.Passes.Select(pass => pass.Figure(Headline)).OfType<double>().ToArray();
        return figures.Length == 0 ? null : Spread.Of(figures);
    }

    private Spread? RatioIn(IReadOnlyCollection<RowOutcome> outcomes, RowOutcome row) =>
        Find(outcomes, Against!) is { } against ? row.RatioTo(against, Headline) : null;

    private static RowOutcome? Find(IReadOnlyCollection<RowOutcome> outcomes, string name) =>
        outcomes.FirstOrDefault(outcome => outcome.HasFigures && outcome.Row.Name == name);
}

/// <summary>A target and what came of it.</summary>
/// <param name="Target">The target.</param>
/// <param name="Actual">The figure or ratio over the rounds; its median is judged.</param>
/// <param name="IsMet">Whether the median is within the limits.</param>
public sealed record Verdict(Target Target, Spread Actual, bool IsMet);
