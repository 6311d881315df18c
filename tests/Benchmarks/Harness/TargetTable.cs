namespace K42.Benchmarks.Harness;

/// <summary>Every target that the project sets itself.</summary>
public static class TargetTable
{
    /// <summary>One line per target.</summary>
    public static readonly Target[] Rows =
    [
        // A local call through a generated client, rights and identity checked, on an idle actor.
        new("k42-local-call", Headline.BytesPerOp, null, AtMost: 0.5),
        new("k42-local-call", Headline.MedianNs, "akka-ask", AtMost: 1 / 6.0),
        new("k42-local-call", Headline.MedianNs, "orleans-in-silo-call", AtMost: 1 / 6.0),
        new("k42-local-call", Headline.MedianNs, "protoactor-request", AtMost: 1 / 6.0),

        // A call between nodes.
        new("k42-remote-call", Headline.MedianNs, "sslstream-pingpong", AtMost: 1.5),
        new("k42-remote-call", Headline.MedianNs, "grpc-stream-pingpong", AtMost: 1 / 2.0),
        new("k42-remote-call", Headline.MedianNs, "akka-remote-ask", AtMost: 1 / 3.0),
        new("k42-remote-call-64", Headline.OpsPerSecond, "akka-remote-ask-64", AtLeast: 5),
        new("k42-remote-call-64", Headline.OpsPerSecond, "orleans-cross-silo-call-64", AtLeast: 2),
        new("k42-remote-bulk", Headline.MegabytesPerSecond, "sslstream-bulk", AtLeast: 0.7),

        // System calls through the gateway.
        new("k42-gateway-getpid", Headline.MedianNs, "grpc-stream-pingpong", AtMost: 1.5),
        new("k42-gateway-pread1", Headline.MedianNs, "grpc-stream-pingpong", AtMost: 1.5),
        new("k42-gateway-pread1-remote", Headline.MedianNs, "grpc-stream-pingpong", AtMost: 2.5),
        new("k42-gateway-getpid-batched", Headline.OpsPerSecond, null, AtLeast: 100_000),
        new("k42-gateway-read", Headline.MegabytesPerSecond, "grpc-server-stream", AtLeast: 0.7),
        new("k42-gateway-read-remote", Headline.MegabytesPerSecond, "grpc-server-stream", AtLeast: 0.5),
    ];
}
