using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.TestKit.Simulation;

/// <summary>The membership of a simulated cluster, as its test decides it; every node has the same view at
/// once.</summary>
public sealed class SimulatedMembershipBoard
{
    private readonly SortedDictionary<NodeRef, Member> _members = [];
    private readonly List<(SimulatedMembership View, NodeLife Life)> _views = [];

    /// <summary>The members now, ordered by id.</summary>
    public IReadOnlyList<Member> Members => [.. _members.Values];

    /// <summary>A member's view of the membership.</summary>
    public SimulatedMembership ViewOf(Member self, NodeLife life)
    {
        var view = new SimulatedMembership(this, self);
        _views.Add((view, life));
        return view;
    }

    /// <summary>A node joins; all that live hear of it.</summary>
    public void Up(Member member)
    {
        _members.Add(member.Node, member);
        foreach (var view in Living()) view.TellUp(member);
    }

    /// <summary>A node is removed; all others that live hear of it.</summary>
    public void Remove(NodeRef node)
    {
        if (!_members.Remove(node)) return;
        foreach (var view in Living())
        {
            if (view.Self.Node != node) view.TellRemoved(node);
        }
    }

    private SimulatedMembership[] Living() =>
        [.. _views.Where(pair => !pair.Life.Ended).Select(pair => pair.View).OrderBy(view => view.Self.Node)];
}

/// <summary>One node's view of a simulated membership.</summary>
public sealed class SimulatedMembership : IMembership
{
    private readonly SimulatedMembershipBoard _board;
    private readonly List<IMembershipListener> _listeners = [];

    internal SimulatedMembership(SimulatedMembershipBoard board, Member self) =>
        (_board, Self) = (board, self);

    /// <inheritdoc/>
    public Member Self { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Member> Members => _board.Members;

    /// <inheritdoc/>
    public bool MayServe { get; set; } = true;

    /// <inheritdoc/>
    public void Subscribe(IMembershipListener listener)
    {
        _listeners.Add(listener);
        foreach (var member in Members) listener.MemberUp(member);
    }

    internal void TellUp(Member member)
    {
        foreach (var listener in _listeners) listener.MemberUp(member);
    }

    internal void TellRemoved(NodeRef node)
    {
        foreach (var listener in _listeners) listener.MemberRemoved(node);
    }
}
