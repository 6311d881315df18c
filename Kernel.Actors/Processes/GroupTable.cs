using K42.Contracts;

namespace K42.Kernel.Processes;

/// <summary>A member of a group and the node that it lives on.</summary>
internal readonly record struct GroupMember(int Pid, NodeRef Node);

/// <summary>A process group whose number is of this node: its members on every node, zombies
/// included.</summary>
internal sealed class Group(int number, int session)
{
    private readonly List<GroupMember> _members = new(1);
    private List<(NodeRef Node, Action Then)>? _joining;
    private List<NodeRef>? _signalling;

    public int Number { get; } = number;

    public int Session { get; } = session;

    /// <summary>How many signals the group has had.</summary>
    public ulong Epoch { get; private set; }

    public IReadOnlyList<GroupMember> Members => _members;

    public void Add(int pid, NodeRef node)
    {
        var at = Find(pid);
        if (at < 0) _members.Insert(~at, new GroupMember(pid, node));
        else _members[at] = new GroupMember(pid, node);
    }

    public void Remove(int pid)
    {
        var at = Find(pid);
        if (at >= 0) _members.RemoveAt(at);
    }

    /// <summary>A node will do nothing any more.</summary>
    public void RemoveNode(NodeRef node)
    {
        _members.RemoveAll(member => member.Node == node);
        _joining?.RemoveAll(waiting => waiting.Node == node);
        _signalling?.RemoveAll(signalled => signalled == node);
    }

    /// <summary>A signal begins.</summary>
    public ulong NextEpoch() => ++Epoch;

    /// <summary>A node was sent a signal for its members.</summary>
    public void SignalSent(NodeRef node) => (_signalling ??= []).Add(node);

    /// <summary>A node has acted upon a signal.</summary>
    public void SignalActedUpon(NodeRef node)
    {
        _signalling?.Remove(node);
        if (_joining is null || IsSignalling(node)) return;
        var ready = _joining.FindAll(waiting => waiting.Node == node);
        _joining.RemoveAll(waiting => waiting.Node == node);
        foreach (var (_, then) in ready) then();
    }

    /// <summary>Runs the action once the node has acted upon every signal that it was sent.</summary>
    public void WhenActedUpon(NodeRef node, Action then)
    {
        if (IsSignalling(node)) (_joining ??= []).Add((node, then));
        else then();
    }

    private bool IsSignalling(NodeRef node) => _signalling is not null && _signalling.Contains(node);

    private int Find(int pid)
    {
        var (low, high) = (0, _members.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var found = _members[middle].Pid;
            if (found == pid) return middle;
            if (found < pid) low = middle + 1;
            else high = middle - 1;
        }
        return ~low;
    }
}

/// <summary>The groups whose numbers are of this node.</summary>
internal sealed class GroupTable
{
    private readonly SortedDictionary<int, Group> _groups = [];

    public Group? Find(int number) => _groups.GetValueOrDefault(number);

    public Group Create(int number, int session) => _groups[number] = new Group(number, session);

    /// <summary>A process left: true when the group is gone with it.</summary>
    public bool Leave(int number, int pid)
    {
        if (!_groups.TryGetValue(number, out var group)) return false;
        group.Remove(pid);
        return group.Members.Count == 0 && _groups.Remove(number);
    }

    /// <summary>A node was removed: gives the groups that are gone with it.</summary>
    public List<int> RemoveNode(NodeRef node)
    {
        foreach (var group in _groups.Values) group.RemoveNode(node);
        var gone = _groups.Where(pair => pair.Value.Members.Count == 0).Select(pair => pair.Key).ToList();
        foreach (var number in gone) _groups.Remove(number);
        return gone;
    }
}
