using System.Diagnostics;

using K42.Cluster.Security;

namespace K42.Node.Hosting;

/// <summary>A node in a process of its own: started, waited for, ended.</summary>
internal sealed class NodeProcess : IDisposable
{
    /// <summary>The first words of the line by which a node says that it serves.</summary>
    public const string ReadyPrefix = "ready ";

    private readonly Process _process;

    /// <summary>The program that nodes run: this one, unless one that is not k42 starts nodes.</summary>
    public static string Program { get; set; } = Environment.ProcessPath!;

    private NodeProcess(Process process, NodeSettings settings, string membership)
    {
        (_process, Settings) = (process, settings);
        Started = new StartedNode(
            settings.Name, process.Id, $"{settings.Host}:{settings.GatewayPort}", membership,
            StartedNode.StartTimeOf(process.Id));
    }

    /// <summary>What it was told.</summary>
    public NodeSettings Settings { get; }

    /// <summary>How others know it.</summary>
    public StartedNode Started { get; }

    /// <summary>True once the process is gone.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Its exit code, once it has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Ends when the process has.</summary>
    public Task WaitAsync(CancellationToken stop) => _process.WaitForExitAsync(stop);

    /// <summary>Starts a node and waits until it serves. It ends when this process does, unless
    /// <see cref="LetGo"/>.</summary>
    /// <param name="settings">What it is told.</param>
    /// <param name="detached">True when it may be let go, to outlive this process.</param>
    /// <param name="stop">Gives up, and ends it.</param>
    /// <exception cref="UserException">It did not come up; the message is its own.</exception>
    public static async Task<NodeProcess> StartAsync(
        NodeSettings settings, bool detached, CancellationToken stop)
    {
        SecureFiles.MakeDirectory(settings.Directory);
        var file = Path.Combine(settings.Directory, "settings.json");
        settings.Save(file);
        var log = Path.Combine(settings.Directory, "node.log");
        var start = new ProcessStartInfo(Program)
        {
            ArgumentList = { "node", file },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = settings.Directory,
        };
        if (detached)
        {
            // A session of its own: neither the terminal's Ctrl-C nor its hangup reach it.
            // Whoever reads what this process says must not wait for the node's end.
            string[] words = ["-c", "exec setsid \"$@\" 2>>\"$0\"", log, Program];
            for (var i = 0; i < words.Length; i++) start.ArgumentList.Insert(i, words[i]);
            start.FileName = "/bin/sh";
        }
        start.ArgumentList.Add("--with-parent");
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "1";
        var process = Process.Start(start)
            ?? throw new UserException($"{settings.Name} could not be started.");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(stop).ConfigureAwait(false);
            if (line is null || !line.StartsWith(ReadyPrefix, StringComparison.Ordinal))
                throw new UserException(line ?? $"{settings.Name} ended while it started; its log is {log}.");
            return new NodeProcess(process, settings, line[ReadyPrefix.Length..]);
        }
        catch
        {
            await StopAsync(process, LocalCluster.StopPatience).ConfigureAwait(false);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Lets it outlive this process: only now, when others can find it.</summary>
    public void LetGo()
    {
        _process.StandardInput.Write('\n');
        _process.StandardInput.Close();
    }

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, and SIGKILL when that takes too long.</summary>
    public Task StopAsync(TimeSpan patience) => StopAsync(_process, patience);

    /// <summary>Ends a node that this process need not have started.</summary>
    public static async Task StopAsync(StartedNode node, TimeSpan patience)
    {
        if (!node.IsRunning()) return;
        try
        {
            using var process = Process.GetProcessById(node.ProcessId);
            await StopAsync(process, patience).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            // It has ended just now.
        }
    }

    private static async Task StopAsync(Process process, TimeSpan patience)
    {
        if (process.HasExited) return;
        Signals.Send(process.Id, Signals.Terminate);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}

/// <summary>What the user can mend: the message is one sentence that says what to do.</summary>
internal sealed class UserException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>The command's exit code.</summary>
    public int ExitCode { get; } = exitCode;
}
