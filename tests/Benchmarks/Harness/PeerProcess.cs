using System.Diagnostics;

namespace K42.Benchmarks.Harness;

/// <summary>A second process of this program that serves one peer; killed when disposed.</summary>
/// <remarks>
/// The child prints one ready line with its port. It also ends by itself when its standard input ends, so
/// none outlives this process, however that dies.
/// </remarks>
public sealed class PeerProcess : IDisposable
{
    /// <summary>The hidden command by which the program serves a peer.</summary>
    public const string ServeCommand = "serve";

    private const string ReadyWord = "READY ";
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(30);
    private readonly Process _process;

    private PeerProcess(Process process) => _process = process;

    /// <summary>The loopback port that the child serves.</summary>
    public int Port { get; private set; }

    /// <summary>The child's process id on this host.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a child and waits for its ready line.</summary>
    /// <param name="server">Its name in <c>PeerServers</c>.</param>
    /// <param name="certificates">The run's certificates.</param>
    /// <param name="cancel">Ends the wait; the child is then killed.</param>
    /// <exception cref="InvalidOperationException">The child ended, or was not ready in time.</exception>
    public static async Task<PeerProcess> StartAsync(
        string server, BenchCertificates certificates, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(PeerProcess).Assembly.Location);
        foreach (var argument in new[] { ServeCommand, server, certificates.DirectoryPath })
            start.ArgumentList.Add(argument);
        var peer = new PeerProcess(Process.Start(start)!);
        try
        {
            peer.Port = await peer.ReadPortAsync(server, cancel);
            return peer;
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    /// <summary>The child's side: prints the ready line, then waits until the parent lets go.</summary>
    public static void ServeUntilParentEnds(int port)
    {
        Console.Out.WriteLine(ReadyWord + port);
        Console.Out.Flush();
        while (Console.In.Read() >= 0)
        {
            // The parent says nothing; only the end of the stream matters.
        }
        Process.GetCurrentProcess().Kill();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // SIGKILL: an Orleans silo does not end on SIGTERM.
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task<int> ReadPortAsync(string server, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(ReadyMax);
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith(ReadyWord, StringComparison.Ordinal))
                    return int.Parse(line[ReadyWord.Length..]);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new InvalidOperationException($"'{server}' was not ready within {ReadyMax.TotalSeconds} s");
        }
        throw new InvalidOperationException($"'{server}' ended before it was ready");
    }
}
