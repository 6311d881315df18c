using System.Security.Cryptography;
using System.Text.Json;
using K42.Cluster.Security;

namespace K42.Cluster.Membership;

/// <summary>A node id as it was leased, and by which data directory.</summary>
/// <param name="Id">The id.</param>
/// <param name="LeaseKey">The directory's random key.</param>
public sealed record KnownNode(ushort Id, string LeaseKey);

/// <summary>What a node keeps between its lives: node.json in its data directory.</summary>
public sealed record NodeState
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>The layout of the file.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The cluster that this node belongs to; empty before it has one.</summary>
    public string ClusterId { get; init; } = "";

    /// <summary>The leased id; 0 before there is one.</summary>
    public ushort NodeId { get; init; }

    /// <summary>Starts of this node so far.</summary>
    public uint Incarnation { get; init; }

    /// <summary>Made with the directory; says to the grantor that the same directory asks again.</summary>
    public string LeaseKey { get; init; } = "";

    /// <summary>The addresses (host:port) of the last members, other than this node.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Every node id that this node ever saw leased.</summary>
    public IReadOnlyList<KnownNode> Known { get; init; } = [];

    internal static NodeState Fresh() =>
        new() { LeaseKey = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) };

    internal static NodeState? Parse(string text)
    {
        try
        {
            var state = JsonSerializer.Deserialize<NodeState>(text, Json);
            return state is { Version: 1, LeaseKey.Length: 32 }
                && (state.ClusterId == "") == (state.NodeId == 0)
                ? state : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal string Format() => JsonSerializer.Serialize(this, Json);
}

/// <summary>A node's data directory, locked for as long as the node runs.</summary>
/// <remarks>Any thread may use it; only those that write wait for the disk.</remarks>
internal sealed class NodeDirectory : IDisposable
{
    private const string StateName = "node.json";
    private const string LockName = "node.lock";
    private const int WouldBlock = 11; // EWOULDBLOCK, flock(2): .NET hands it on as it is
    private readonly string _statePath;
    private readonly FileStream _lock;
    private readonly Lock _guard = new();
    private readonly Lock _writing = new();
    private NodeState _state;
    private NodeState? _written;

    private NodeDirectory(string statePath, FileStream fileLock, NodeState state)
    {
        _statePath = statePath;
        _lock = fileLock;
        _state = state;
    }

    /// <summary>Called after a <see cref="Change"/>, by whoever changed it.</summary>
    public Action? Changed { get; set; }

    /// <summary>What is on the disk, or will be.</summary>
    public NodeState State
    {
        get
        {
            lock (_guard) return _state;
        }
    }

    /// <summary>True when a node has the directory.</summary>
    public static bool IsTaken(string directory)
    {
        if (!File.Exists(Path.Combine(directory, LockName))) return false;
        try
        {
            TakeLock(directory).Dispose();
            return false;
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            return true;
        }
    }

    private static FileStream TakeLock(string directory) => new(
        Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Takes the directory and counts one more start of its node.</summary>
    /// <exception cref="ClusterStartException">Another process has it, or it is damaged.</exception>
    public static NodeDirectory Open(string directory)
    {
        SecureFiles.MakeDirectory(directory);
        SecureFiles.RequireOwn(directory);
        FileStream fileLock;
        try
        {
            fileLock = TakeLock(directory);
        }
        catch (IOException e)
        {
            throw new ClusterStartException(e.HResult == WouldBlock
                ? $"A node is already running with the data directory {directory}."
                : $"The data directory {directory} can't be used: {e.Message}", e);
        }
        try
        {
            var path = Path.Combine(directory, StateName);
            var state = File.Exists(path) ? NodeState.Parse(File.ReadAllText(path)) : NodeState.Fresh();
            if (state == null)
                throw new ClusterStartException(
                    $"{path} is damaged: restore it, or remove the directory to start as a new node.");
            var opened = new NodeDirectory(path, fileLock, state);
            opened.Save(state with { Incarnation = state.Incarnation + 1 });
            return opened;
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    /// <summary>Writes the state to the disk before returning.</summary>
    public void Save(NodeState state)
    {
        lock (_guard) _state = state;
        Write();
    }

    /// <summary>Changes the state; it comes to the disk later.</summary>
    public void Change(Func<NodeState, NodeState> change)
    {
        lock (_guard)
        {
            var after = change(_state);
            if (ReferenceEquals(after, _state)) return;
            _state = after;
        }
        Changed?.Invoke();
    }

    /// <summary>Writes what is not on the disk yet.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory does not.</exception>
    public void Write()
    {
        lock (_writing)
        {
            var state = State;
            if (ReferenceEquals(state, _written)) return;
            SecureFiles.Replace(_statePath, state.Format());
            _written = state;
        }
    }

    public void Dispose() => _lock.Dispose();
}
