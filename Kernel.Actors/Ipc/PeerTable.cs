using System.Collections.Concurrent;

using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc;

/// <summary>The calls between this node and its peers, a <see cref="Peer"/> per link.</summary>
internal sealed class PeerTable(IpcNode node, IpcNodeOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<NodeRef, Peer> _peers = new();

    /// <summary>The links; null for a node alone.</summary>
    public ILinkTable? Links { get; set; }

    /// <summary>Sends a call to an object of another node.</summary>
    public void Send(CallerIdentity caller, ObjectHandle target, Request request)
    {
        var peer = To(target.Node);
        if (peer is null) request.Fail(request.Generation, Errno.EIO);
        else peer.Send(caller, target, request);
    }

    /// <summary>Gives up on a call that was sent.</summary>
    public void Cancel(NodeRef to, Request request, long generation)
    {
        if (_peers.TryGetValue(to, out var peer)) peer.Cancel(request, generation);
    }

    /// <summary>Tells every node that a process is dead: any of them may have handles that were given to
    /// it.</summary>
    public void AnnounceDeath(int pid)
    {
        if (Links is null) return;
        foreach (var link in Links.All) Of(link).AnnounceDeath(pid);
    }

    /// <summary>A peer tells what it understands, at each connection.</summary>
    public void Greeted(ILink link, ReadOnlySpan<byte> catalogue) =>
        Of(link).Catalogue = PeerCatalogue.Decode(catalogue);

    public void BatchBegins() => ReaderTurn.Begin(options.InlineLinks);

    public void BatchEnds() => ReaderTurn.End();

    public void Frame(ILink link, ReadOnlySpan<byte> frame) => Of(link).Receive(frame);

    public void Ended(ILink link, LinkEnd reason)
    {
        if (_peers.TryRemove(link.Peer, out var peer)) peer.Ended();
    }

    public void Dispose() => _peers.Clear();

    private Peer? To(NodeRef to)
    {
        if (_peers.TryGetValue(to, out var known)) return known;
        var link = Links?.To(to);
        return link is null || link.HasEnded ? null : Of(link);
    }

    private Peer Of(ILink link) =>
        _peers.GetOrAdd(
            link.Peer, static (_, made) =>
                new Peer(made.node, made.options, made.link), (node, options, link));
}
