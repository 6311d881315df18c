using System.Collections.Concurrent;
using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

/// <summary>The links of this node: one session per peer incarnation.</summary>
/// <remarks>Of two nodes the lower <see cref="NodeRef"/> dials, as soon as it hears of the other, so each
/// pair has one connection and no tie to break. A session that ends while its peer stays a member is followed
/// by a fresh one; the old one's end was told first or is about to be.</remarks>
public sealed class LinkTable : ILinkTable, IMembershipListener, IDisposable
{
    private sealed class Entry(Member member)
    {
        public readonly Member Member = member;
        public volatile LinkSession? Session;
    }

    private readonly ConcurrentDictionary<NodeRef, Entry> _entries = new();
    private readonly Dictionary<ushort, uint> _newestSeen = [];
    private readonly Lock _lock = new();
    private int _sessions;
    private bool _closed;

    /// <summary>Makes an empty table; <see cref="Start"/> brings it to life.</summary>
    public LinkTable(LinkContext context, ILinkTransport transport, Member self)
    {
        context.Options.Checked();
        Context = context;
        Transport = transport;
        Self = self;
    }

    /// <summary>What all links share.</summary>
    public LinkContext Context { get; }

    /// <summary>This node.</summary>
    public Member Self { get; }

    internal ILinkTransport Transport { get; }

    /// <summary>Accepts connections and follows the membership from now on.</summary>
    public void Start(IMembership membership)
    {
        Transport.Start(this);
        membership.Subscribe(this);
    }

    /// <inheritdoc/>
    public ILink? To(NodeRef peer)
    {
        if (!_entries.TryGetValue(peer, out var entry)) return null;
        return entry.Session is { IsOver: false } session ? session : Renew(entry);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ILink> All => [.. _entries.Keys.Order().Select(To).OfType<ILink>()];

    /// <summary>The sessions there are, for status pages.</summary>
    public IReadOnlyList<LinkSession> Sessions =>
        [.. _entries.Values.Select(entry => entry.Session).OfType<LinkSession>().OrderBy(link => link.Peer)];

    /// <inheritdoc/>
    public void MemberUp(Member member)
    {
        if (member.Node == Self.Node) return;
        Entry entry;
        lock (_lock)
        {
            if (_closed) return;
            _newestSeen[member.Node.Id] =
                Math.Max(member.Node.Incarnation, _newestSeen.GetValueOrDefault(member.Node.Id));
            entry = new Entry(member);
            if (!_entries.TryAdd(member.Node, entry)) return;
        }
        if (Dials(member.Node)) Renew(entry);
    }

    /// <inheritdoc/>
    public void MemberRemoved(NodeRef node)
    {
        Entry? entry;
        lock (_lock)
        {
            _newestSeen[node.Id] = Math.Max(node.Incarnation, _newestSeen.GetValueOrDefault(node.Id));
            if (!_entries.TryRemove(node, out entry)) return;
        }
        entry.Session?.End(LinkEnd.PeerRemoved);
    }

    /// <summary>Ends every link with <see cref="LinkEnd.Closed"/>.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed) return;
            _closed = true;
        }
        foreach (var entry in _entries.Values) entry.Session?.End(LinkEnd.Closed);
        _entries.Clear();
        Transport.Dispose();
    }

    /// <summary>The session that an accepted connection is for.</summary>
    /// <exception cref="LinkRefusedException">There is none that it may have.</exception>
    internal LinkSession Accept(LinkHello hello, string certifiedName)
    {
        if (hello.ClusterId != Context.Identity.ClusterId)
            throw new LinkRefusedException(LinkRefusal.OtherCluster, "it belongs to another cluster");
        if (hello.To != Self.Node)
            throw new LinkRefusedException(LinkRefusal.WrongTarget,
                $"it looks for {hello.To}, this is {Self.Node}");
        var entry = Find(hello.From);
        if (entry.Member.Name != certifiedName)
            throw new LinkRefusedException(LinkRefusal.WrongCertificateName,
                $"{hello.From} is {entry.Member.Name}, its certificate is {certifiedName}'s");
        if (Dials(hello.From))
            throw new LinkRefusedException(LinkRefusal.WrongDirection, $"{Self.Node} dials {hello.From}");
        CheckProtocol(hello);
        lock (_lock)
        {
            // Again, now that no removal can come between.
            if (_closed || Find(hello.From) != entry)
                throw new LinkRefusedException(LinkRefusal.RemovedPeer, $"{hello.From} was removed");
            var session = entry.Session is { IsOver: false } live ? live : null;
            if (hello.PeerSession != 0 && hello.PeerSession != session?.Id)
                throw new LinkRefusedException(LinkRefusal.SessionGone, "the session has ended here");
            if (session is null || session.PeerId is var known && (known == 0 || known == hello.Session))
                return session ?? Make(entry);
            if (hello.Session < known)
                throw new LinkRefusedException(LinkRefusal.Stale, "the peer has begun a later session since");
            // The peer gave its session up and began another; what ours sent may have been seen.
            session.End(LinkEnd.ResumeExpired);
            return Make(entry);
        }
    }

    /// <summary>Checks the Hello with which a dialled peer answers.</summary>
    /// <exception cref="LinkProtocolException">It is not the answer of the peer that was dialled.</exception>
    internal static void CheckAnswer(LinkSession session, LinkHello hello, LinkIdentity identity)
    {
        if (hello.ClusterId != identity.ClusterId || hello.From != session.Peer
            || hello.PeerSession != session.Id || hello.Attempt != session.Attempt
                || hello.To != session.Self)
            throw new LinkProtocolException($"{hello.From} answered for {session.Peer}, or another session");
        CheckProtocol(hello);
    }

    /// <summary>A session told its end: a dialler begins the next one, since its peer can't; at once, or
    /// after a pause when this one did not live long.</summary>
    internal void SessionEnded(LinkSession session, LinkEnd reason)
    {
        if (!_entries.TryGetValue(session.Peer, out var entry) || entry.Session != session) return;
        if (reason is not (LinkEnd.Closed or LinkEnd.PeerRemoved) && Dials(session.Peer)) Renew(entry);
    }

    /// <summary>An id for a session of ours: greater than all before, and not to be guessed.</summary>
    internal ulong NextSessionId() =>
        (ulong)Interlocked.Increment(ref _sessions) << 32 | Context.Randomness.Next() >> 32;

    private bool Dials(NodeRef peer) => Self.Node < peer;

    private static void CheckProtocol(LinkHello hello)
    {
        if (hello.ProtocolMin > LinkWire.ProtocolMax || hello.ProtocolMax < LinkWire.ProtocolMin)
            throw new LinkRefusedException(LinkRefusal.NoCommonProtocol,
                $"it speaks {hello.ProtocolMin} to {hello.ProtocolMax}, "
                + $"this node {LinkWire.ProtocolMin} to {LinkWire.ProtocolMax}");
    }

    private Entry Find(NodeRef peer)
    {
        if (_entries.TryGetValue(peer, out var entry)) return entry;
        lock (_lock)
        {
            throw _newestSeen.GetValueOrDefault(peer.Id) >= peer.Incarnation
                ? new LinkRefusedException(LinkRefusal.RemovedPeer, $"{peer} was removed from the cluster")
                : new LinkRefusedException(LinkRefusal.UnknownPeer, $"{peer} is not a member yet");
        }
    }

    private LinkSession? Renew(Entry entry)
    {
        lock (_lock)
        {
            if (_closed || !_entries.TryGetValue(entry.Member.Node, out var current) || current != entry)
                return null;
            return entry.Session is { IsOver: false } live ? live : Make(entry);
        }
    }

    private LinkSession Make(Entry entry)
    {
        var failures = entry.Session?.FailuresForNext ?? 0;
        var session = new LinkSession(this, entry.Member, Dials(entry.Member.Node), failures);
        entry.Session = session;
        session.StartDialling();
        return session;
    }
}
