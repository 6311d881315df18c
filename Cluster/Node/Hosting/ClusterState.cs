using System.Globalization;
using System.Text.Json;

namespace K42.Node.Hosting;

/// <summary>A node process that <c>k42 up</c> started.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="ProcessId">The process on this machine.</param>
/// <param name="Gateway">host:port of its gateway.</param>
/// <param name="Membership">host:port of its membership traffic.</param>
/// <param name="StartTime">When the process started, as proc_pid_stat(5) tells it.</param>
internal sealed record StartedNode(
    string Name, int ProcessId, string Gateway, string Membership, ulong StartTime)
{
    /// <summary>True while that process is there, not another one with its number.</summary>
    public bool IsRunning() => StartTime != 0 && StartTimeOf(ProcessId) == StartTime;

    /// <summary>In clock ticks since the machine started; 0 when no such process runs.</summary>
    public static ulong StartTimeOf(int processId)
    {
        try
        {
            // The fields from the third on: what is before, a name in brackets, may hold anything.
            var fields = File.ReadAllText($"/proc/{processId}/stat").Split(") ")[^1].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : ulong.Parse(fields[22 - 3], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
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

    /// <summary>The cluster last started; null when there is none, or its file is damaged.</summary>
    public static ClusterState? Load()
    {
        try
        {
            var read = JsonSerializer.Deserialize<ClusterState>(
                File.ReadAllText(StateFile), NodeJson.Options);
            return read is { Data: not null, Credential: not null, Nodes.Count: > 0 }
                && read.Nodes.All(node => node is { Name: not null, Gateway: not null }) ? read : null;
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

    /// <summary>Forgets it, unless another one was started since.</summary>
    public void Forget()
    {
        if (Load() is { } last && last.Nodes.SequenceEqual(Nodes)) File.Delete(StateFile);
    }

    /// <summary>Refuses to start a cluster beside one that runs.</summary>
    /// <exception cref="UserException">One does.</exception>
    public static void RefuseSecond()
    {
        if (Load() is { } known && known.Running() is { Count: > 0 } running)
            throw new UserException(
                $"A cluster of {running.Count} node(s) is running already, with its data in {known.Data}: "
                + "use it, or end it with 'k42 down'.");
    }
}
