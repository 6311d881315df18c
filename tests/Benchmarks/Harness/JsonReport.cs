using System.Text.Json;
using System.Text.Json.Serialization;

namespace K42.Benchmarks.Harness;

/// <summary>The report for machines: an array with one object per row that has figures.</summary>
public static class JsonReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The array as text.</summary>
    public static string Print(IEnumerable<RowOutcome> outcomes) => JsonSerializer.Serialize(
        outcomes.Where(outcome => outcome.HasFigures).Select(outcome => new JsonRow(
            outcome.Row.Name,
            Round(outcome.Median(pass => pass.MedianNs)),
            Round(outcome.Median(pass => pass.P99Ns)),
            Round(outcome.Median(pass => pass.BytesPerOp)),
            Round(outcome.Median(pass => pass.OpsPerSecond)),
            Round(outcome.Median(pass => pass.MegabytesPerSecond)))),
        Indented);

    private static double? Round(double? value) => value is { } v ? Math.Round(v, 1) : null;

    private sealed record JsonRow(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("median_ns")] double? MedianNs,
        [property: JsonPropertyName("p99_ns")] double? P99Ns,
        [property: JsonPropertyName("bytes_per_op")] double? BytesPerOp,
        [property: JsonPropertyName("ops_per_s")] double? OpsPerSecond,
        [property: JsonPropertyName("mb_per_s")] double? MegabytesPerSecond);
}
