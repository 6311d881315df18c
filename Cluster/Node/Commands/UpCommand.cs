using System.Runtime.InteropServices;

using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary><c>k42 up</c>: starts a cluster on this machine.</summary>
internal static class UpCommand
{
    /// <summary>Starts the nodes; in the foreground it stays until Ctrl-C and then ends them.</summary>
    public static async Task<int> RunAsync(int nodes, string? data, bool detach, string profile, int port)
    {
        if (port + nodes - 1 > ushort.MaxValue)
            throw new UserException($"There are no {nodes} ports from {port} on: the last is 65535.", 2);
        var directory = data ?? Path.Combine(ClusterState.Home, "data");
        ClusterState.RefuseSecond();
        if (nodes == 2)
            Console.Error.WriteLine(
                "Two nodes survive no death: one is no majority, and ends its programs. Three survive one.");
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
        var state = cluster.State();
        try
        {
            if (detach) cluster.LetGo();
            else state.Save();
        }
        catch
        {
            // What can't be found again must not run on.
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        Describe(cluster, detach);
        return detach ? 0 : await StayAsync(cluster, state, stop.Token).ConfigureAwait(false);
    }

    private static async Task<int> StayAsync(LocalCluster cluster, ClusterState state, CancellationToken stop)
    {
        try
        {
            var running = cluster.Nodes.ToDictionary(node => node.WaitAsync(stop));
            while (running.Count > 0)
            {
                var end = await Task.WhenAny(running.Keys).ConfigureAwait(false);
                await end.ConfigureAwait(false);
                running.Remove(end, out var node);
                if (running.Count > 0)
                    Console.Error.WriteLine($"{node!.Started.Name} has ended, with {node.ExitCode}: "
                        + $"{Path.Combine(node.Settings.Directory, "node.log")} may tell why.");
            }
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Ending the cluster ...");
        }
        var failed = cluster.Nodes.FirstOrDefault(node => node.HasExited && node.ExitCode != 0);
        var ended = !stop.IsCancellationRequested;
        await cluster.DisposeAsync().ConfigureAwait(false);
        state.Forget();
        if (!ended) return 0;
        Console.Error.WriteLine(failed is null ? "The cluster was ended."
            : $"The cluster has ended: {Path.Combine(failed.Settings.Directory, "node.log")} tells why.");
        return failed is null ? 0 : 1;
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
