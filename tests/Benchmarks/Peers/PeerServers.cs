using K42.Benchmarks.Harness;
using K42.Benchmarks.K42Rows;

namespace K42.Benchmarks.Peers;

/// <summary>What a child process can serve.</summary>
internal static class PeerServers
{
    // A server starts and gives its port; it goes on in the background until the process is killed.
    private static readonly Dictionary<string, Func<BenchCertificates, Task<int>>> Servers = new()
    {
        [AkkaRemoteEnd.ServerName] = AkkaRemoteEnd.ServeAsync,
        [OrleansSilo.TlsServer] = OrleansSilo.ServeAsync,
        [OrleansSilo.PlainServer] = _ => OrleansSilo.ServeAsync(null),
        [SslStreamEnd.ServerName] = SslStreamEnd.ServeAsync,
        [GrpcEnd.ServerName] = GrpcEnd.ServeAsync,
        [BareNodePair.ServerName] = BareNodePair.ServeAsync,
    };

    /// <summary>Serves until the parent ends; does not return.</summary>
    public static async Task RunAsync(string server, string certificateDirectory)
    {
        var certificates = BenchCertificates.Open(certificateDirectory);
        PeerProcess.ServeUntilParentEnds(await Servers[server](certificates));
    }
}
