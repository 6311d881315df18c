using System.Runtime.InteropServices;

using K42.Cluster.Membership;
using K42.Cluster.Security;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary><c>k42 node FILE</c>: runs one node in this process. Started by <c>up</c> and by
/// containers.</summary>
internal static class NodeCommand
{
    /// <summary>However long things take: this long after SIGTERM the process is gone.</summary>
    private static readonly TimeSpan s_stopDeadline = TimeSpan.FromSeconds(12);

    /// <summary>Runs until SIGTERM or SIGINT, the end of the parent (with that option), or removal from the
    /// cluster.</summary>
    public static async Task<int> RunAsync(string settingsFile, bool withParent)
    {
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(
            PosixSignal.SIGINT, context => Stop(context, stop));
        if (withParent) EndWithParent(stop);
        var settings = NodeSettings.Load(settingsFile);
        var ready = Console.Out;
        var log = new StreamWriter(
            Path.Combine(settings.Directory, "node.log"), append: true) { AutoFlush = true };
        Console.SetOut(TextWriter.Synchronized(log));
        Console.SetError(Console.Out);
        try
        {
            await using var host = await NodeHost.StartAsync(settings, stop.Token).ConfigureAwait(false);
            await ready.WriteLineAsync($"{NodeProcess.ReadyPrefix}{host.Cluster.Address}")
                .ConfigureAwait(false);
            await ready.FlushAsync(stop.Token).ConfigureAwait(false);
            await Task.WhenAny(host.Cluster.Ended, host.Failed, Task.Delay(Timeout.Infinite, stop.Token))
                .ConfigureAwait(false);
            return stop.IsCancellationRequested ? 0 : 1;
        }
        catch (Exception e) when (
            e is ClusterStartException or CredentialException or IOException or UnauthorizedAccessException)
        {
            await ready.WriteLineAsync(e.Message).ConfigureAwait(false);
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        Stop(stop);
    }

    // The deadline first: what cancelling starts may run, and wait, right here.
    private static void Stop(CancellationTokenSource stop)
    {
        var deadline = new Thread(() =>
        {
            Thread.Sleep(s_stopDeadline);
            Environment.Exit(0);
        })
        { IsBackground = true };
        deadline.Start();
        stop.Cancel();
    }

    // The parent holds the other end of standard input; its end is ours, unless it let go of us before.
    private static void EndWithParent(CancellationTokenSource stop)
    {
        var watch = new Thread(() =>
        {
            if (Console.In.Read() < 0) Stop(stop);
        })
        { IsBackground = true };
        watch.Start();
    }
}
