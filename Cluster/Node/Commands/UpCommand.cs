using System.Runtime.InteropServices;

using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary><c>k42 up</c>: starts a cluster on this machine.</summary>
internal static class UpCommand
{
    /// <summary>Starts the nodes; in the foreground it stays until Ctrl-C and then ends them.</summary>
    public static async Task<int> RunAsync(int nodes, string? data, bool detach, string profile, int port)
    {
        var directory = data ?? Path.Combine(ClusterState.Home, "data");
        if (ClusterState.Load() is { } known && known.Running() is { Count: > 0 } running)
            throw new UserException(
                $"A cluster of {running.Count} node(s) is running already, with its data in {known.Data}: use it, or end it with 'k42 down'.");
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(
            PosixSignal.SIGINT, context => Cancel(context, stop));
        using var terminate = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM, context => Cancel(context, stop));
        LocalCluster cluster;
        try
        {
            cluster = await LocalCluster.StartAsync(
                directory, nodes, detach, profile, port, text =>
                    Console.Error.WriteLine(text), stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        cluster.State().Save();
        Describe(cluster, detach);
        if (detach) return 0;
        try
        {
            await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Ending the cluster ...");
        }
        await cluster.DisposeAsync().ConfigureAwait(false);
        ClusterState.Forget();
        return 0;
    }

    private static void Cancel(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    private static void Describe(LocalCluster cluster, bool detach)
    {
        foreach (var node in cluster.Nodes) Console.WriteLine(
            $"{node.Started.Name}  gateway {node.Started.Gateway}");
        Console.WriteLine($"credential  {cluster.Credential}");
        Console.WriteLine("Files are kept in memory and end with the cluster.");
        Console.WriteLine(detach ? "Try:" : "Try, in another terminal:");
        Console.WriteLine("  ./k42 status");
        Console.WriteLine("  ./k42 cp README.md k42:/tmp/README.md");
        Console.WriteLine("  ./k42 ls -l k42:/tmp");
        if (detach) Console.WriteLine("End it with ./k42 down.");
        else Console.WriteLine("Ctrl-C ends the cluster.");
    }
}
