using K42.Benchmarks.Harness;
using K42.Benchmarks.K42Rows;
using K42.Benchmarks.Peers;

namespace K42.Benchmarks;

/// <summary>Every row, in the order of the tables; others of a group are compared with its first.</summary>
internal static class RowTable
{
    /// <summary>The rows of <c>bench ipc</c>.</summary>
    public static IBenchRow[] Ipc() =>
    [
        new LocalCallRow(),
        new AkkaAskRow(),
        new OrleansInSiloRow(),
        new ProtoActorRow(),

        new RemoteCallRow(callers: 1),
        new SslStreamPingPongRow(),
        new GrpcStreamPingPongRow(BenchGroup.Remote),
        new AkkaRemoteAskRow(callers: 1),
        new OrleansCrossSiloRow(callers: 1, isTls: true),
        new OrleansCrossSiloRow(callers: 1, isTls: false),

        new RemoteCallRow(callers: 64),
        new AkkaRemoteAskRow(callers: 64),
        new OrleansCrossSiloRow(callers: 64, isTls: true),
        new OrleansCrossSiloRow(callers: 64, isTls: false),

        new RemoteBulkRow(),
        new SslStreamBulkRow(),
    ];

    /// <summary>The rows of <c>bench gateway</c>.</summary>
    public static IBenchRow[] Gateway() =>
    [
        new GatewayGetpidRow(isBatched: false),
        new GatewayPreadRow(node: 1),
        new GatewayPreadRow(node: 2),
        new GrpcStreamPingPongRow(BenchGroup.Gateway),

        new GatewayGetpidRow(isBatched: true),

        new GatewayReadRow(node: 1),
        new GatewayReadRow(node: 2),
        new GrpcServerStreamRow(),
    ];

    /// <summary>The rows of <c>bench memory</c>.</summary>
    public static IBenchRow[] Memory() =>
    [
        new MemoryRow(HeldThing.Process, 1),
        new MemoryRow(HeldThing.Process, 1_000),
        new MemoryRow(HeldThing.Process, 10_000),
        new MemoryRow(HeldThing.OpenFile, 1),
        new MemoryRow(HeldThing.OpenFile, 1_000),
        new MemoryRow(HeldThing.OpenFile, 10_000),
        new MemoryRow(HeldThing.Pipe, 1),
        new MemoryRow(HeldThing.Pipe, 1_000),
        new MemoryRow(HeldThing.Pipe, 10_000),
    ];

    /// <summary>The rows of <c>bench cluster</c>.</summary>
    public static IBenchRow[] Cluster() =>
    [
        new ClusterCallsRow(nodes: 1, isSpread: false),
        new ClusterCallsRow(nodes: 2, isSpread: false),
        new ClusterCallsRow(nodes: 3, isSpread: false),
        new ClusterCallsRow(nodes: 2, isSpread: true),
        new ClusterCallsRow(nodes: 3, isSpread: true),
    ];
}
