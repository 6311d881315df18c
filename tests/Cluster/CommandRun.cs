using System.Diagnostics;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>A run of the program <c>k42</c> as a shell starts it.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;

    /// <summary>Starts it.</summary>
    /// <param name="variables">Of its environment, besides those of this process.</param>
    /// <param name="words">The command line.</param>
    public CommandRun(IReadOnlyDictionary<string, string> variables, params string[] words)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "k42"), words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync(Cancel);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>What it is told.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>What it says.</summary>
    public StreamReader Output => _process.StandardOutput;

    /// <summary>Reads all that it says and waits for its end.</summary>
    public async Task<(int Code, string Output, string Error)> EndAsync()
    {
        Input.Close();
        var output = await Output.ReadToEndAsync(Cancel).WaitAsync(TestCluster.Patience, Cancel);
        var (code, error) = await ExitAsync();
        return (code, output, error);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<(int Code, string Error)> ExitAsync()
    {
        await _process.WaitForExitAsync(Cancel).WaitAsync(TestCluster.Patience, Cancel);
        return (_process.ExitCode, await _error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
