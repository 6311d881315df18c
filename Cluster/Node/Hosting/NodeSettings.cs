using System.Text.Json;

using K42.Cluster.Security;

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

    /// <summary>The operator's word that no other node of its cluster runs: it goes on with the cluster
    /// alone, and the others join it again.</summary>
    public bool Reform { get; init; }

    /// <summary>The cluster's timings: "default" or "demo"; empty for those of node.conf, or else the
    /// default.</summary>
    public string Profile { get; init; } = "";

    /// <summary>The Unix socket of the gateway; empty for none.</summary>
    public string UnixSocket { get; init; } = "";

    /// <summary>Reads a settings file.</summary>
    /// <exception cref="UserException">It is damaged.</exception>
    public static NodeSettings Load(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            if (JsonSerializer.Deserialize<NodeSettings>(text, NodeJson.Options) is { } read) return read;
        }
        catch (JsonException e)
        {
            throw new UserException($"{path} is not a node's settings: {e.Message}");
        }
        throw new UserException($"{path} is not a node's settings: it is empty.");
    }

    /// <summary>Writes a settings file.</summary>
    public void Save(string path) =>
        SecureFiles.Replace(path, JsonSerializer.Serialize(this, NodeJson.Options));
}

/// <summary>How this project's own JSON files look.</summary>
internal static class NodeJson
{
    public static readonly JsonSerializerOptions Options =
        new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}
