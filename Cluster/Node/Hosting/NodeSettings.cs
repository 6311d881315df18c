using System.Text.Json;

namespace K42.Node.Hosting;

/// <summary>What one node process is told at its start: a JSON file in its directory, written by <c>k42
/// up</c>.</summary>
internal sealed record NodeSettings
{
    /// <summary>The node's name, as in its certificate.</summary>
    public required string Name { get; init; }

    /// <summary>Its own directory: credential, state, log.</summary>
    public required string Directory { get; init; }

    /// <summary>The address that everything listens on and is reached at.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The gateway's port.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>The port of membership traffic; 0 takes a free one.</summary>
    public int MembershipPort { get; init; }

    /// <summary>"host:port" of members to join through; empty makes the cluster.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>The cluster's timings: "default" or "demo".</summary>
    public string Profile { get; init; } = "default";

    /// <summary>The Unix socket of the gateway; empty for none.</summary>
    public string UnixSocket { get; init; } = "";

    /// <summary>Reads a settings file.</summary>
    public static NodeSettings Load(string path) =>
        JsonSerializer.Deserialize<NodeSettings>(File.ReadAllText(path), NodeJson.Options)
        ?? throw new FormatException($"{path} is empty");

    /// <summary>Writes a settings file.</summary>
    public void Save(string path) =>
        File.WriteAllText(path, JsonSerializer.Serialize(this, NodeJson.Options));
}

/// <summary>How this project's own JSON files look.</summary>
internal static class NodeJson
{
    public static readonly JsonSerializerOptions Options =
        new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}
