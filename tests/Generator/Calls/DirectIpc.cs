using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Generator.Tests.Calls;

/// <summary>The shortest IPC: every call runs at once, on the object it was made for, as the given
/// process.</summary>
internal sealed class DirectIpc : IpcPort
{
    private readonly HandleRow _row;

    /// <summary>An IPC around one object.</summary>
    /// <param name="caller">The process that every call is stamped with; 0 for a kernel.</param>
    /// <param name="matched">What process 7 may do with the object; others may do nothing.</param>
    public DirectIpc(ServerObject target, Rights matched, int caller = 7)
    {
        Home = new ObjectHome(this, ActorRefs.Nobody);
        Home.Adopt(target);
        _row = new HandleRow(new ObjectHandle(Node, 70_000, 1), target, Home, owner: 7, matched, Rights.None);
        var principal = new Principal("mia", 1_000, 1_000, [], Authentication.PeerUid);
        Identity = new CallerIdentity(caller, 1, Node, principal);
        Context = new CallContext(this, Identity);
    }

    public ObjectHome Home { get; }

    public CallerIdentity Identity { get; }

    public CallContext Context { get; }

    public ObjectHandle Handle => _row.Handle;

    /// <summary>Why calls were refused.</summary>
    public List<string> Refusals { get; } = [];

    /// <summary>How many requests were sent.</summary>
    public int Sent { get; private set; }

    /// <summary>The last request that was sent.</summary>
    public Request? Last { get; private set; }

    /// <summary>Does something to a request on its way, as a peer that does not check would.</summary>
    public Action<Request>? OnTheWay { get; set; }

    public override NodeRef Node { get; } = new(1, 1);

    public override IClock Clock => throw new NotSupportedException();

    public override IExecutor Executor => null!;

    public override IRandomness Randomness => throw new NotSupportedException();

    public override CallContext Kernel => Context;

    internal override void Send(CallContext context, ObjectHandle target, Request request)
    {
        Sent++;
        Last = request;
        (request.Caller, request.Row) = (Identity, _row);
        OnTheWay?.Invoke(request);
        request.Invoke(_row.Object!);
    }

    internal override void Cancel(
        CallContext context, ObjectHandle target, Request request, long generation) =>
        request.Fail(generation, Errno.EINTR);

    internal override HandleRow Export(ServerObject target, int owner, Rights matched, Rights unmatched) =>
        throw new NotSupportedException();

    internal override HandleRow ExportFactory(ServerObject target, ushort contract) =>
        throw new NotSupportedException();

    internal override void Drop(HandleRow row)
    {
    }

    internal override void Refused(Request request, string reason) => Refusals.Add(reason);
}
