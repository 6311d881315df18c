using System.Collections.Concurrent;

using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc;

/// <summary>The calls between this node and its peers, a <see cref="Peer"/> per link.</summary>
/// <remarks>A link may begin before the one that it follows has told its end: then nothing of the earlier one
/// holds for the later, and what comes late touches the earlier only.</remarks>
internal sealed class PeerTable(IpcNode node, IpcNodeOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<NodeRef, Peer> _peers = new();

    // Those whose link is followed by another and has not told its end yet.
    private readonly Dictionary<ILink, Peer> _followed = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>The links; null for a node alone.</summary>
    public ILinkTable? Links { get; set; }

    /// <summary>The identity of another node's process, when that has introduced it.</summary>
    public CallerIdentity? Find(NodeRef home, int pid) =>
        _peers.TryGetValue(home, out var peer) ? peer.Find(pid) : null;

    /// <summary>Sends a call to an object of another node.</summary>
    public void Send(CallerIdentity caller, ObjectHandle target, Request request)
    {
        var peer = To(target.Node, out var isKnown);
        if (peer is not null) peer.Send(caller, target, request);
        else request.Fail(request.Generation, isKnown ? Errno.Overloaded : Errno.EIO);
    }

    /// <summary>Gives up on a call that was sent.</summary>
    public void Cancel(NodeRef to, Request request, long generation)
    {
        if (_peers.TryGetValue(to, out var peer)) peer.Cancel(request, generation);
    }

    /// <summary>Forgets a call that was answered without its object, and gives up on it.</summary>
    public void GiveUp(NodeRef to, Request request, long generation)
    {
        if (_peers.TryGetValue(to, out var peer)) peer.GiveUp(request, generation);
    }

    /// <summary>Tells every node that a process is dead: any of them may have handles that were given to
    /// it.</summary>
    public void AnnounceDeath(int pid)
    {
        if (Links is null) return;
        foreach (var link in Links.All) Of(link)?.AnnounceDeath(pid);
    }

    /// <summary>A peer tells what it understands, at each connection.</summary>
    public void Greeted(ILink link, ReadOnlySpan<byte> catalogue)
    {
        if (Of(link) is { } peer) peer.Catalogue = PeerCatalogue.Decode(catalogue);
    }

    public void BatchBegins() => ReaderTurn.Begin(options.InlineLinks);

    public void BatchEnds() => ReaderTurn.End();

    public void Frame(ILink link, ReadOnlySpan<byte> frame) => Of(link)?.Receive(frame);

    public void Ended(ILink link, LinkEnd reason)
    {
        Peer? peer;
        lock (_lock)
        {
            if (!_followed.Remove(link, out peer)
                && (!_peers.TryGetValue(link.Peer, out peer) || peer.Link != link)) return;
            // Before another can begin: what that one brings must not be taken for this one's.
            peer.Close();
            _peers.TryRemove(new KeyValuePair<NodeRef, Peer>(link.Peer, peer));
        }
        peer.Ended();
    }

    /// <summary>No link says anything any more: what was sent and is not answered is answered now. What was
    /// taken is the actors' as long as they live.</summary>
    public void Dispose()
    {
        Peer[] ended;
        lock (_lock)
        {
            _disposed = true;
            ended = [.. _followed.Values.Concat(_peers.Values).OrderBy(static peer => peer.Link.Peer)];
            _followed.Clear();
            _peers.Clear();
        }
        foreach (var peer in ended) peer.FailSent();
    }

    private Peer? To(NodeRef to, out bool isKnown)
    {
        isKnown = true;
        if (_peers.TryGetValue(to, out var known) && !known.Link.HasEnded) return known;
        var link = Links?.To(to);
        isKnown = link is not null && !Volatile.Read(ref _disposed);
        return link is null ? null : Of(link);
    }

    /// <summary>The peer of a link; null when the link is over and has no calls any more.</summary>
    private Peer? Of(ILink link) =>
        _peers.TryGetValue(link.Peer, out var known) && known.Link == link ? known : Begin(link);

    private Peer? Begin(ILink link)
    {
        lock (_lock)
        {
            if (_peers.TryGetValue(link.Peer, out var known) && known.Link == link) return known;
            if (_followed.TryGetValue(link, out var followed)) return followed;
            // Its end was told, or is told once this lock is free.
            if (link.HasEnded || _disposed) return null;
            if (known is not null)
            {
                known.Close();
                _followed[known.Link] = known;
            }
            return _peers[link.Peer] = new Peer(node, options, link);
        }
    }
}
