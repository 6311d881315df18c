using System.Collections.Immutable;
using Akka.Actor;
using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Cluster.Membership;

/// <summary>The membership port over Akka.Cluster: what <see cref="MembershipActor"/> learned, for all
/// threads.</summary>
/// <remarks>Listeners are called by whichever thread brought the news, one at a time and in order, outside
/// any lock. A listener must not block and must not throw.</remarks>
public sealed class AkkaMembership : IMembership
{
    private readonly TimeProvider _time;
    private readonly Lock _guard = new();
    private readonly List<IMembershipListener> _listeners = [];
    private readonly Queue<Action> _news = new();
    private readonly Member _self;
    private ImmutableSortedDictionary<NodeRef, (Member Member, Address Address)> _members =
        ImmutableSortedDictionary<NodeRef, (Member, Address)>.Empty;
    private IReadOnlyList<Member> _list = [];
    private long _servesUntil = long.MinValue;
    private bool _isTelling;

    internal AkkaMembership(Member self, TimeProvider time)
    {
        _self = self;
        _time = time;
    }

    /// <inheritdoc/>
    public Member Self => _self;

    /// <inheritdoc/>
    public IReadOnlyList<Member> Members => Volatile.Read(ref _list);

    /// <inheritdoc/>
    public bool MayServe => _time.GetTimestamp() < Volatile.Read(ref _servesUntil);

    /// <inheritdoc/>
    public void Subscribe(IMembershipListener listener)
    {
        lock (_guard)
        {
            _listeners.Add(listener);
            foreach (var (member, _) in _members.Values) _news.Enqueue(() => listener.MemberUp(member));
        }
        Tell();
    }

    internal void ServeUntil(long timestamp) => Volatile.Write(ref _servesUntil, timestamp);

    internal Address? AddressOf(NodeRef node)
    {
        lock (_guard) return _members.TryGetValue(node, out var found) ? found.Address : null;
    }

    internal void Add(Member member, Address address)
    {
        lock (_guard)
        {
            _members = _members.Add(member.Node, (member, address));
            Publish();
            foreach (var listener in _listeners) _news.Enqueue(() => listener.MemberUp(member));
        }
        Tell();
    }

    internal void Remove(NodeRef node)
    {
        lock (_guard)
        {
            if (!_members.ContainsKey(node)) return;
            _members = _members.Remove(node);
            Publish();
            foreach (var listener in _listeners) _news.Enqueue(() => listener.MemberRemoved(node));
        }
        Tell();
    }

    private void Publish() => Volatile.Write(ref _list, [.. _members.Values.Select(entry => entry.Member)]);

    /// <summary>Tells what is queued, unless another thread, or a caller further up this stack, already
    /// does.</summary>
    private void Tell()
    {
        while (true)
        {
            Action news;
            lock (_guard)
            {
                if (_isTelling || !_news.TryDequeue(out news!)) return;
                _isTelling = true;
            }
            try
            {
                news();
            }
            finally
            {
                lock (_guard) _isTelling = false;
            }
        }
    }
}
