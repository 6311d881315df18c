using K42.Cluster.Membership;
using K42.Cluster.Security;
using K42.Contracts;
using K42.Contracts.Ports;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>A directory of its own with an authority, and nodes over real sockets in this process.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    /// <summary>How long anything may take before a test gives up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Quick deaths, yet slow enough for a machine that does other work.</summary>
    public static readonly ClusterOptions Timings = ClusterOptions.Demo with
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(250),
        AcceptablePause = TimeSpan.FromSeconds(2),
        StableAfter = TimeSpan.FromSeconds(1.5),
        FenceAfter = TimeSpan.FromSeconds(2),
        GossipInterval = TimeSpan.FromMilliseconds(200),
        WriteTimeout = TimeSpan.FromSeconds(2),
    };

    private readonly List<ClusterNode> _nodes = [];

    public TestCluster()
    {
        Root = Directory.CreateTempSubdirectory("k42-cluster-").FullName;
        Authority = ClusterAuthority.OpenOrCreate(Path.Combine(Root, "authority"));
    }

    public string Root { get; }

    public ClusterAuthority Authority { get; }

    public string DirectoryOf(string name) => Path.Combine(Root, name);

    /// <summary>Issues the node's credential and starts it.</summary>
    public async Task<ClusterNode> Start(string name, params string[] seeds)
    {
        Authority.EnsureNode(Path.Combine(DirectoryOf(name), "node.pem"), name);
        return await Start(Options(name, seeds));
    }

    public async Task<ClusterNode> Start(ClusterNodeOptions options)
    {
        var node = await ClusterNode.StartAsync(options, TestContext.Current.CancellationToken);
        lock (_nodes) _nodes.Add(node);
        return node;
    }

    /// <summary>Starts node-1 and, at the same time, the others through it.</summary>
    public async Task<ClusterNode[]> StartThree()
    {
        var first = await Start("node-1");
        var others = await Task.WhenAll(Start("node-2", first.Address), Start("node-3", first.Address));
        return [first, .. others];
    }

    public ClusterNodeOptions Options(string name, params string[] seeds) => new()
    {
        Name = name,
        DataDirectory = DirectoryOf(name),
        Seeds = seeds,
        Cluster = Timings,
        LinkPort = 9_000 + name[^1],
        GatewayAddress = $"{name}:1",
        Hocon = "akka.loglevel = OFF",
    };

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.CrashAsync()));
        foreach (var node in _nodes) await node.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>Keeps every change of one node's membership, and lets a test wait for one.</summary>
public sealed class ChangeLog : IMembershipListener
{
    private readonly Lock _guard = new();
    private readonly List<string> _changes = [];
    private readonly List<(string Text, TaskCompletionSource Seen)> _waits = [];

    public ChangeLog(IMembership membership) => membership.Subscribe(this);

    public IReadOnlyList<string> Changes
    {
        get
        {
            lock (_guard) return [.. _changes];
        }
    }

    public void MemberUp(Member member) => Add($"up {member.Node}");

    public void MemberRemoved(NodeRef node) => Add($"removed {node}");

    /// <summary>Ends once the change was heard.</summary>
    public Task Heard(string text)
    {
        lock (_guard)
        {
            if (_changes.Contains(text)) return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((text, seen));
            return seen.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
        }
    }

    private void Add(string text)
    {
        lock (_guard)
        {
            _changes.Add(text);
            foreach (var wait in _waits)
                if (wait.Text == text) wait.Seen.TrySetResult();
        }
    }
}

/// <summary>The callback ports as tasks.</summary>
public static class PortExtensions
{
    public static Task<Outcome<int>> Lease(this INumberGrantor grantor)
    {
        var done = new TaskCompletionSource<Outcome<int>>(TaskCreationOptions.RunContinuationsAsynchronously);
        grantor.LeaseBlock(done.SetResult);
        return done.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>Ends once the node may serve: a machine that does other work may have kept answers away for a
    /// while.</summary>
    public static Task Serves(this ClusterNode node)
    {
        var serves = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.ServingChanged += now =>
        {
            if (now) serves.TrySetResult();
        };
        if (node.Membership.MayServe) serves.TrySetResult();
        return serves.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
    }

    public static Task<Errno> Put(this IReplicatedTable table, string key, byte[] value)
    {
        var done = new TaskCompletionSource<Errno>(TaskCreationOptions.RunContinuationsAsynchronously);
        table.Put(key, value, done.SetResult);
        return done.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>Ends once this node's table holds the value.</summary>
    public static Task Holds(this IReplicatedTable table, string key, byte[] value)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        table.Subscribe(_ => Check());
        Check();
        return seen.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);

        void Check()
        {
            if (table.Get(key).Span.SequenceEqual(value)) seen.TrySetResult();
        }
    }
}

/// <summary>Who was first told as removed by any of several nodes, and when.</summary>
public sealed class FirstRemoval : IMembershipListener
{
    private readonly TaskCompletionSource<(NodeRef, long)> _first =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FirstRemoval(IEnumerable<IMembership> memberships)
    {
        foreach (var membership in memberships) membership.Subscribe(this);
    }

    public Task<(NodeRef Node, long At)> Task => _first.Task;

    public void MemberUp(Member member) { }

    public void MemberRemoved(NodeRef node) =>
        _first.TrySetResult((node, TimeProvider.System.GetTimestamp()));
}
