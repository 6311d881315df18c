using Akka.Actor;
using Akka.Event;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using K42.Kernel.Processes;

namespace K42.Kernel.Ipc;

/// <summary>Everything a node's IPC needs from outside.</summary>
/// <param name="Node">This node.</param>
/// <param name="Clock">Its clock.</param>
/// <param name="Executor">Where continuations run.</param>
/// <param name="Randomness">Its source of chance.</param>
/// <param name="Blocks">Which node is home to which process numbers; null for a node alone.</param>
/// <param name="Requests">Makes requests of a contract's call for frames from links.</param>
/// <param name="InlineLinks">Whether a link's reader may run short turns and continuations itself; false in
/// simulations, where everything goes through the executor.</param>
public sealed record IpcNodeOptions(
    NodeRef Node, IClock Clock, IExecutor Executor, IRandomness Randomness, IBlockMap? Blocks,
    Func<ushort, ushort, Request?> Requests, bool InlineLinks = true)
{
    /// <summary>What one process may take.</summary>
    public IpcSettings Settings { get; init; } = new();
}

/// <summary>One node's IPC: its handle table, its identities, and the way to objects here and
/// elsewhere.</summary>
public sealed class IpcNode : IpcPort, IIdentities, ILinkReceiver, ILinkGreeter, IDisposable
{
    private readonly IpcNodeOptions _options;
    private readonly HandleTable _handles;
    private readonly IdentityTable _identities = new();
    private readonly OwnerCheck _owners;
    private readonly PeerTable _peers;
    private readonly ILoggingAdapter _log;
    private readonly LogLimit _refusals;
    private long _refused;
    private long _outdated;
    private long _expired;

    /// <summary>The IPC of a node whose objects live in an actor system.</summary>
    public IpcNode(ActorSystem system, IpcNodeOptions options)
    {
        _options = options;
        _log = Logging.GetLogger(system, nameof(IpcNode));
        _handles = new HandleTable(options.Node, options.Blocks, options.Settings.HandlesMax);
        _refusals = new LogLimit(options.Clock);
        _owners = new OwnerCheck(options.Node, options.Blocks, options.Clock, _identities);
        var self = new Principal("system", 0, 0, [0], Authentication.Node);
        Kernel = new CallContext(this, new CallerIdentity(0, 1, options.Node, self));
        _peers = new PeerTable(this, options);
        new DeadLetterAnswers().Subscribe(system);
    }

    /// <inheritdoc/>
    public override NodeRef Node => _options.Node;

    /// <inheritdoc/>
    public override IClock Clock => _options.Clock;

    /// <inheritdoc/>
    public override IExecutor Executor => _options.Executor;

    /// <inheritdoc/>
    public override IRandomness Randomness => _options.Randomness;

    /// <inheritdoc/>
    public override CallContext Kernel { get; }

    /// <summary>Calls refused for their identity since the start.</summary>
    public long RefusedCount => Interlocked.Read(ref _refused);

    /// <summary>Those of them whose caller has other credentials since.</summary>
    public long OutdatedCount => Interlocked.Read(ref _outdated);

    /// <summary>Those of them whose caller's proof has expired.</summary>
    public long ExpiredCount => Interlocked.Read(ref _expired);

    /// <summary>Handles that are out.</summary>
    public int HandleCount => _handles.Count;

    /// <summary>Gives the way to other nodes; before it, calls to them fail with EIO.</summary>
    public void Connect(ILinkTable links) => _peers.Links = links;

    /// <summary>Makes the identity of a process of this node.</summary>
    public CallContext Admit(int pid, Principal principal)
    {
        var context = new CallContext(this, _identities.Add(new CallerIdentity(pid, 1, Node, principal)));
        _owners.Lives(pid);
        return context;
    }

    /// <inheritdoc/>
    public void Change(CallContext context, Principal principal) => _identities.Replace(context, principal);

    /// <inheritdoc/>
    public void Expire(CallContext context)
    {
        context.Identity.Revoke(Revocation.Expired);
        _log.Info("The credential of {0} has expired", context.Identity);
    }

    /// <summary>Ends the identity of a process: from here on its calls are refused, and its handles, here and
    /// on every node that it called, are dropped.</summary>
    public void Dismiss(CallContext context)
    {
        _identities.Remove(context.Identity);
        DropOwner(context.Identity.Pid);
        _peers.AnnounceDeath(context.Identity.Pid);
    }

    /// <summary>Drops every handle that objects of this node made for a process that is dead, and those that
    /// calls which are under way will make for it.</summary>
    public void DropOwner(int pid)
    {
        // Before the look at what there is: what is made from now on finds it.
        _owners.Died(pid);
        // The object hears of it in a turn; calls by the handle are refused from now on, as their caller is
        // dead.
        foreach (var row in _handles.OwnedBy(pid)) row.Home.Actor.Tell(new DropTurn(row), ActorRefs.NoSender);
    }

    /// <summary>Drops every handle that was made for a process of a node that is gone, and those that calls
    /// which are under way will make for its processes.</summary>
    internal void DropOwnersOf(NodeRef node, IEnumerable<int> callers)
    {
        foreach (var pid in callers)
        {
            // A node could have introduced others' processes: it speaks for its own only. A removed node has
            // none any more.
            var home = HomeOf(pid);
            if (pid >= IBlockMap.BlockSize && (home.IsNone || home == node)) _owners.Died(pid);
        }
        foreach (var pid in _handles.OwnersOf(node)) DropOwner(pid);
    }

    /// <summary>A peer has introduced a process of its own: it lives.</summary>
    internal void Introduced(CallerIdentity identity)
    {
        if (HomeOf(identity.Pid) == identity.Home) _owners.Lives(identity.Pid);
    }

    private uint UserOf(int pid)
    {
        if (pid == 0) return 0;
        var identity = _identities.Find(pid) ?? _peers.Find(HomeOf(pid), pid);
        return identity?.Principal.UserIds.Real ?? 0;
    }

    private NodeRef HomeOf(int pid) => _options.Blocks?.HomeOf(pid / IBlockMap.BlockSize) ?? default;

    /// <inheritdoc/>
    /// <remarks>The actors may go on for a while, and calls to those that end are answered to the last: dead
    /// letters are followed until the actor system itself is no more.</remarks>
    public void Dispose() => _peers.Dispose();

    void ILinkGreeter.Greeted(ILink link, ulong features, ReadOnlyMemory<byte> catalogue) =>
        _peers.Greeted(link, catalogue.Span);

    void ILinkReceiver.BatchBegins(ILink link) => _peers.BatchBegins();

    void ILinkReceiver.Frame(ILink link, FrameClass frameClass, ReadOnlySpan<byte> frame) =>
        _peers.Frame(link, frame);

    void ILinkReceiver.BatchEnds(ILink link) => _peers.BatchEnds();

    void ILinkReceiver.Ended(ILink link, LinkEnd reason) => _peers.Ended(link, reason);

    internal override void Send(CallContext context, ObjectHandle target, Request request)
    {
        request.Caller = context.Identity;
        if (target.Node == Node) Deliver(target, request, inline: true);
        else _peers.Send(context.Identity, target, request);
    }

    internal override void Cancel(CallContext context, ObjectHandle target, Request request, long generation)
    {
        if (target.Node != Node) _peers.Cancel(target.Node, request, generation);
        else CancelLocal(request, generation, Errno.EINTR);
    }

    internal override void GiveUp(ObjectHandle target, Request request, long generation)
    {
        if (target.Node != Node) _peers.GiveUp(target.Node, request, generation);
        else request.Row?.Home.Actor.Tell(
            new CancelTurn(request, generation, Errno.ETIMEDOUT), ActorRefs.NoSender);
    }

    /// <summary>Asks the actor that has a request to give up on it. The handle that it came by may be stale
    /// by now, so the request itself says where that is.</summary>
    internal static void CancelLocal(Request request, long generation, Errno errno)
    {
        var row = request.Row;
        // The row is this use's only if the use is still unanswered after it was read.
        if (row is not null && request.IsPending(generation))
            row.Home.Actor.Tell(new CancelTurn(request, generation, errno), ActorRefs.NoSender);
    }

    internal override HandleRow Export(ServerObject target, int owner, Rights matched, Rights unmatched) =>
        Export(target, owner, matched, unmatched, owner);

    internal override HandleRow Export(
        ServerObject target, int owner, Rights matched, Rights unmatched, int charged)
    {
        var row = _handles.Add(target, owner, matched, unmatched, charged, UserOf(charged));
        // Looked at only now: a death before it has not seen the row, one after it does.
        if (_owners.IsDead(owner)) row.Home.Actor.Tell(new DropTurn(row), ActorRefs.NoSender);
        return row;
    }

    internal override Errno CheckOwner(int process) => _owners.Check(process);

    internal override bool HasRoomForHandle(int process, Principal principal) =>
        _handles.HasRoom(process, principal.UserIds.Real, _options.Settings);

    internal override int ParkedPerProcessMax => _options.Settings.ParkedPerProcessMax;

    internal override HandleRow ExportFactory(ServerObject target, ushort contract) =>
        _handles.AddFactory(target, contract);

    internal override void Drop(HandleRow row) => _handles.Drop(row);

    internal override void Refused(Request request, string reason)
    {
        Count(request.Caller);
        if (!MayLogRefusal()) return;
        _log.Warning(
            "Refused call {0}.{1} by {2}: {3}", request.Contract, request.Method,
            request.Caller?.ToString() ?? "nobody", reason);
    }

    internal void RefusedFrame(NodeRef peer, CallerIdentity? caller, string reason)
    {
        Count(caller);
        if (MayLogRefusal()) _log.Warning("Refused a call from {0}: {1}", peer, reason);
    }

    /// <summary>Hands a request to the actor of its object; it is answered with EIO when the handle is
    /// stale.</summary>
    internal void Deliver(ObjectHandle target, Request request, bool inline)
    {
        var row = _handles.Find(target.Index, target.Sequence);
        if (row is null)
        {
            request.Fail(request.Generation, Errno.EIO);
            return;
        }
        request.Row = row;
        var home = row.Home;
        if (inline && home.Cell is { Dispatcher: PpcDispatcher ppc } cell && ppc.TryRun(cell, request))
            return;
        if (home.TryQueue(request)) home.Actor.Tell(request, ActorRefs.NoSender);
        else request.Fail(request.Generation, Errno.Overloaded);
    }

    // Any program can cause these.
    private bool MayLogRefusal()
    {
        if (!_refusals.MayWrite(out var unsaid)) return false;
        if (unsaid > 0) _log.Warning("{0} more refusals were not written", unsaid);
        return true;
    }

    private void Count(CallerIdentity? caller)
    {
        Interlocked.Increment(ref _refused);
        if (caller?.Revocation == Revocation.Outdated) Interlocked.Increment(ref _outdated);
        if (caller?.Revocation == Revocation.Expired) Interlocked.Increment(ref _expired);
    }
}
