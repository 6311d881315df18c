using System.Diagnostics;

namespace K42.Conformance;

/// <summary>Runs programs of the host: the compiler and what it compiled.</summary>
internal static class HostTools
{
    /// <summary>Runs a program to its end and gives exit code, output and errors.</summary>
    /// <exception cref="ScriptRunException">It could not be started, or did not end in time and was
    /// killed.</exception>
    public static async Task<(int Code, string Output, string Errors)> Run(
        string program, IEnumerable<string> arguments, string input, TimeSpan timeMax,
        CancellationToken cancellation)
    {
        using var process = Start(program, arguments);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeMax);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await Feed(process, input, limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ScriptRunException($"{program} did not end in {timeMax.TotalSeconds} s and was killed");
        }
        finally
        {
            // The oracle's driver dies with its parent, and every task with the driver's namespace.
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new ScriptRunException($"{program} can't be started ({error.Message}); "
                + "the differential tests need it; on Debian: apt-get install gcc libc6-dev");
        }
    }

    private static async Task Feed(Process process, string input, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read everything; its exit code and errors say why.
        }
    }
}
