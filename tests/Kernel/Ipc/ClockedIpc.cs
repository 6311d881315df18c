using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Tests.Ipc;

/// <summary>A node's IPC with another clock.</summary>
internal sealed class ClockedIpc(IpcPort inner, IClock clock) : IpcPort
{
    public override NodeRef Node => inner.Node;

    public override IClock Clock => clock;

    public override IExecutor Executor => inner.Executor;

    public override IRandomness Randomness => inner.Randomness;

    public override CallContext Kernel => inner.Kernel;

    internal override void Send(CallContext context, ObjectHandle target, Request request) =>
        inner.Send(context, target, request);

    internal override void Cancel(
        CallContext context, ObjectHandle target, Request request, long generation) =>
        inner.Cancel(context, target, request, generation);

    internal override void GiveUp(ObjectHandle target, Request request, long generation) =>
        inner.GiveUp(target, request, generation);

    internal override HandleRow Export(ServerObject target, int owner, Rights matched, Rights unmatched) =>
        inner.Export(target, owner, matched, unmatched);

    internal override HandleRow ExportFactory(ServerObject target, ushort contract) =>
        inner.ExportFactory(target, contract);

    internal override void Drop(HandleRow row) => inner.Drop(row);

    internal override void Refused(Request request, string reason) => inner.Refused(request, reason);
}
