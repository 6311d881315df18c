using System.Runtime.InteropServices;

namespace K42.Benchmarks.Harness;

/// <summary>What a reader must know about the machine to read its figures.</summary>
public static class Machine
{
    /// <summary>Processors, their model, load, runtime and build in one line.</summary>
    public static string Describe()
    {
        var load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
        return $"{Environment.ProcessorCount} x {Model()}, load {load}, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription}, {Build}";
    }

#if DEBUG
    private const string Build = "DEBUG BUILD: figures mean nothing";
#else
    private const string Build = "release build";
#endif

    private static string Model()
    {
        const string Key = "model name";
        if (!File.Exists("/proc/cpuinfo")) return RuntimeInformation.ProcessArchitecture.ToString();
        var line = File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal));
        return line is null ? "unknown processor" : line[(line.IndexOf(':') + 1)..].Trim();
    }
}
