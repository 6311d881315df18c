namespace K42.Benchmarks.Harness;

/// <summary>The figure that a row is about, and by which rows of one group are compared.</summary>
public enum Headline
{
    /// <summary>Median nanoseconds of one call: less is better.</summary>
    MedianNs,

    /// <summary>Calls per second: more is better.</summary>
    OpsPerSecond,

    /// <summary>Payload in 10^6 bytes per second: more is better.</summary>
    MegabytesPerSecond,

    /// <summary>Bytes allocated per operation, or held per object: less is better.</summary>
    BytesPerOp,
}

/// <summary>Rows that are shown in one table and compared with each other.</summary>
/// <param name="Title">The table's title.</param>
/// <param name="Headline">The figure that ratios are made of.</param>
public sealed record BenchGroup(string Title, Headline Headline)
{
    /// <summary>One caller, one object, one process.</summary>
    public static readonly BenchGroup Local = new("Call within a process", Headline.MedianNs);

    /// <summary>One caller, an object in another process.</summary>
    public static readonly BenchGroup Remote = new("Call to another process, one caller", Headline.MedianNs);

    /// <summary>64 concurrent callers, an object in another process.</summary>
    public static readonly BenchGroup Remote64 =
        new("Calls to another process, 64 callers", Headline.OpsPerSecond);

    /// <summary>64 KiB pieces to another process.</summary>
    public static readonly BenchGroup Bulk = new("Bulk to another process", Headline.MegabytesPerSecond);

    /// <summary>One system call at a time from a gRPC client, against a bare gRPC stream.</summary>
    public static readonly BenchGroup Gateway = new("Gateway, one call at a time", Headline.MedianNs);

    /// <summary>Pipelined and batched system calls from a gRPC client.</summary>
    public static readonly BenchGroup GatewayBatched = new("Gateway, pipelined", Headline.OpsPerSecond);

    /// <summary>64 KiB pieces from a server to a gRPC client.</summary>
    public static readonly BenchGroup GatewayBulk = new("Gateway, bulk", Headline.MegabytesPerSecond);

    /// <summary>System calls of many gRPC clients with one, two and three nodes.</summary>
    public static readonly BenchGroup Cluster = new("Calls with 1, 2 and 3 nodes", Headline.OpsPerSecond);

    /// <summary>Memory held per idle thing.</summary>
    public static readonly BenchGroup Memory = new("Memory per idle object", Headline.BytesPerOp);
}

/// <summary>What one pass of a row gave; null where a figure has no meaning.</summary>
/// <param name="MedianNs">Median time of one operation, in nanoseconds.</param>
/// <param name="P99Ns">99th percentile of the same.</param>
/// <param name="BytesPerOp">Bytes allocated in this process per operation.</param>
/// <param name="OpsPerSecond">Operations completed per second of wall time.</param>
/// <param name="MegabytesPerSecond">Payload moved, in 10^6 bytes per second.</param>
public sealed record PassResult(
    double? MedianNs = null,
    double? P99Ns = null,
    double? BytesPerOp = null,
    double? OpsPerSecond = null,
    double? MegabytesPerSecond = null)
{
    /// <summary>The figure that <paramref name="headline"/> names.</summary>
    public double? Figure(Headline headline) => headline switch
    {
        Headline.MedianNs => MedianNs,
        Headline.OpsPerSecond => OpsPerSecond,
        Headline.MegabytesPerSecond => MegabytesPerSecond,
        _ => BytesPerOp,
    };
}

/// <summary>One measured thing: a class with these members, and a line in <c>RowTable</c>.</summary>
/// <remarks>
/// The runner sets every chosen row up, warms each one up, then takes passes round robin over the rows. A row
/// that throws, or hands in a wrong answer, is reported as failed and takes no further part.
/// </remarks>
public interface IBenchRow
{
    /// <summary>The row's name in tables, in <c>--rows</c> and in the JSON; never changed.</summary>
    string Name { get; }

    /// <summary>The table that it belongs to.</summary>
    BenchGroup Group { get; }

    /// <summary>What protects the bytes on their way, and what else a reader must know.</summary>
    string Note { get; }

    /// <summary>Whether one pass says all (memory held, for example); such a row is not warmed up.</summary>
    bool IsOnce => false;

    /// <summary>Starts what the row needs. Things with a lifetime come from <see cref="BenchContext"/>,
    /// which ends them, also after a failure.</summary>
    Task SetupAsync(BenchContext context);

    /// <summary>Measures for about <paramref name="duration"/>.</summary>
    Task<PassResult> RunPassAsync(TimeSpan duration, CancellationToken cancel);
}
