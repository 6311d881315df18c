using System.Text;

using K42.Cluster.Membership;
using K42.Cluster.Security;

namespace K42.Node.Hosting;

/// <summary>Node processes on this machine that make one cluster: their directories, credentials and
/// ports.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    /// <summary>How long a node may take to leave in order.</summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);

    private readonly List<NodeProcess> _nodes = [];
    private readonly bool _detached;
    private readonly string _profile;

    private LocalCluster(string data, bool detached, string profile) =>
        (Data, _detached, _profile) = (data, detached, profile);

    /// <summary>The data directory.</summary>
    public string Data { get; }

    /// <summary>The client credential of the user who started it.</summary>
    public string Credential => Path.Combine(Data, "client.pem");

    /// <summary>The nodes, in order.</summary>
    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    /// <summary>Starts a cluster.</summary>
    /// <param name="data">Its data directory; made when missing.</param>
    /// <param name="count">How many nodes.</param>
    /// <param name="detached">Whether the nodes may outlive this process: once it says
    /// <see cref="LetGo"/>.</param>
    /// <param name="profile">"default" or "demo".</param>
    /// <param name="firstPort">The first gateway's port; 0 for free ones.</param>
    /// <param name="progress">Told what is going on.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="UserException">It can't be started; the message says why.</exception>
    public static async Task<LocalCluster> StartAsync(
        string data, int count, bool detached, string profile, int firstPort, Action<string> progress,
        CancellationToken stop)
    {
        var cluster = new LocalCluster(Path.GetFullPath(data), detached, profile);
        try
        {
            cluster.RefuseLongPaths(count);
            cluster.IssueCredentials(count);
            for (var at = 1; at <= count; at++)
            {
                progress($"starting node-{at} of {count}");
                await cluster.StartNodeAsync(at, firstPort == 0 ? 0 : firstPort + at - 1, stop)
                    .ConfigureAwait(false);
            }
            return cluster;
        }
        catch (Exception e) when (e is CredentialException or IOException or UnauthorizedAccessException)
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw new UserException($"The data directory {data} can't be used: {e.Message}");
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts a node of the cluster, or starts one again that was killed.</summary>
    public async Task<NodeProcess> StartNodeAsync(int number, int gatewayPort, CancellationToken stop)
    {
        const string host = "127.0.0.1";
        var name = $"node-{number}";
        if (gatewayPort != 0 && Ports.IsTaken(host, gatewayPort))
            throw new UserException(
                $"Port {gatewayPort} on {host} is in use: choose another with --port, or stop what uses it.");
        string[] seeds = [.. _nodes.Where(node => !node.HasExited).Select(node => node.Started.Membership)];
        if (seeds.Length == 0) RefuseBesideOthers();
        var settings = new NodeSettings
        {
            Name = name,
            Directory = Path.Combine(Data, name),
            Host = host,
            GatewayPort = gatewayPort != 0 ? gatewayPort : Ports.Free(host),
            Seeds = seeds,
            Reform = seeds.Length == 0,
            Profile = _profile,
            UnixSocket = SocketOf(number),
        };
        var started = await NodeProcess.StartAsync(settings, _detached, stop).ConfigureAwait(false);
        _nodes.RemoveAll(node => node.Settings.Name == name);
        _nodes.Add(started);
        _nodes.Sort((left, right) => string.CompareOrdinal(left.Settings.Name, right.Settings.Name));
        return started;
    }

    /// <summary>What to remember of it.</summary>
    public ClusterState State() => new(Data, Credential, [.. _nodes.Select(node => node.Started)]);

    /// <summary>Makes it the cluster last started, and lets the nodes outlive this process: none does before
    /// <c>k42 down</c> can find it.</summary>
    public void LetGo()
    {
        State().Save();
        foreach (var node in _nodes) node.LetGo();
    }

    /// <summary>Ends all nodes, one after the other, the last one first. In the foreground a terminal's
    /// Ctrl-C has told all of them already.</summary>
    public async Task StopAsync()
    {
        foreach (var node in _nodes.AsEnumerable().Reverse())
            await node.StopAsync(StopPatience).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        foreach (var node in _nodes) node.Dispose();
    }

    /// <summary>The first node goes on with the cluster alone: none may run that could be in it.</summary>
    private void RefuseBesideOthers()
    {
        foreach (var directory in Directory.EnumerateDirectories(Data, "node-*"))
            if (ClusterNode.IsRunning(directory))
                throw new UserException(
                    $"A node is already running with the data directory {directory}: end it first.");
    }

    private string SocketOf(int number) => Path.Combine(Data, $"node-{number}", "gateway.sock");

    // A socket's path has at most 107 bytes: unix(7).
    private void RefuseLongPaths(int count)
    {
        const int pathBytesMax = 107;
        var bytes = Encoding.UTF8.GetByteCount(SocketOf(count));
        if (bytes > pathBytesMax)
            throw new UserException(
                $"The data directory {Data} has too long a name, by {bytes - pathBytesMax} bytes: "
                + "its nodes' sockets can't be made.");
    }

    private void IssueCredentials(int count)
    {
        using var authority = ClusterAuthority.OpenOrCreate(Data);
        for (var at = 1; at <= count; at++)
        {
            var directory = Path.Combine(Data, $"node-{at}");
            SecureFiles.MakeDirectory(directory);
            SecureFiles.RequireOwn(directory);
            authority.EnsureNode(Path.Combine(directory, "node.pem"), $"node-{at}", "127.0.0.1", "localhost");
        }
        authority.EnsureClient(Credential, Users.Current());
    }
}
