using Akka.Configuration;

namespace K42.Cluster.Membership;

/// <summary>The configuration files that are built into this assembly.</summary>
internal static class Hocon
{
    /// <summary>hocon/reference/cluster.conf.</summary>
    public static Config Reference { get; } = Read("cluster.conf");

    /// <summary>hocon/node.conf.</summary>
    public static Config Node { get; } = Read("node.conf");

    private static Config Read(string name)
    {
        using var stream = typeof(Hocon).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not built in");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
