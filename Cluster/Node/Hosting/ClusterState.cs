using System.Diagnostics;
using System.Text.Json;

namespace K42.Node.Hosting;

/// <summary>A node process that <c>k42 up</c> started.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="ProcessId">The process on this machine.</param>
/// <param name="Gateway">host:port of its gateway.</param>
/// <param name="Membership">host:port of its membership traffic.</param>
internal sealed record StartedNode(string Name, int ProcessId, string Gateway, string Membership)
{
    /// <summary>True while that process is there and is a k42 node, not another one with its
    /// number.</summary>
    public bool IsRunning()
    {
        try
        {
            return File.ReadAllText($"/proc/{ProcessId}/cmdline").Contains("k42", StringComparison.Ordinal)
                && !File.ReadAllText($"/proc/{ProcessId}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>The clusters that were started from this account: where the data is and how to reach
/// them.</summary>
/// <param name="Data">The data directory.</param>
/// <param name="Credential">The client credential's file.</param>
/// <param name="Nodes">The node processes.</param>
internal sealed record ClusterState(string Data, string Credential, IReadOnlyList<StartedNode> Nodes)
{
    /// <summary>~/.k42, or K42_HOME.</summary>
    public static string Home =>
        Environment.GetEnvironmentVariable("K42_HOME")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".k42");

    private static string StateFile => Path.Combine(Home, "cluster.json");

    /// <summary>The nodes that still run.</summary>
    public IReadOnlyList<StartedNode> Running() => [.. Nodes.Where(node => node.IsRunning())];

    /// <summary>The cluster last started, or null.</summary>
    public static ClusterState? Load()
    {
        try
        {
            return JsonSerializer.Deserialize<ClusterState>(File.ReadAllText(StateFile), NodeJson.Options);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Makes this the cluster last started.</summary>
    public void Save()
    {
        Directory.CreateDirectory(
            Home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var next = StateFile + ".next";
        File.WriteAllText(next, JsonSerializer.Serialize(this, NodeJson.Options));
        File.Move(next, StateFile, overwrite: true);
    }

    /// <summary>Forgets it.</summary>
    public static void Forget()
    {
        if (File.Exists(StateFile)) File.Delete(StateFile);
    }
}
