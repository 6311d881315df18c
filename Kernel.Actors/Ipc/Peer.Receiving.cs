using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc;

internal sealed partial class Peer
{
    private void ReceiveCall(ref WireReader reader)
    {
        var header = CallHeader.Read(ref reader);
        var errno = Identify(header, out var caller);
        if (errno != Errno.None)
        {
            SendRefusal(header.CallId, errno);
            return;
        }
        var request = _options.Requests(header.Contract, header.Method);
        if (request is null)
        {
            SendRefusal(header.CallId, Errno.ENOSYS);
            return;
        }
        try
        {
            request.ReadArguments(ref reader);
        }
        catch (WireException)
        {
            SendRefusal(header.CallId, Errno.E2BIG);
            return;
        }
        request.Begin();
        (request.Caller, request.CallId, request.Sink) = (caller, header.CallId, this);
        var target = new ObjectHandle(_node.Node, header.Index, header.Sequence);
        Track(header.CallId, request);
        _node.Deliver(target, request, inline: ReaderTurn.MayRun);
    }

    private void Track(ulong id, Request request)
    {
        if (id == 0) return;
        lock (_lock) _taken[id] = new Taken(request, request.Generation);
    }

    private Errno Identify(CallHeader header, out CallerIdentity? caller)
    {
        lock (_lock)
        {
            if (!_introducedHere.TryGetValue(header.Pid, out caller) || caller.Version < header.Version)
            {
                _node.RefusedFrame(
                    Link.Peer, null, $"process {header.Pid} v{header.Version} was not introduced");
                return Errno.EPERM;
            }
        }
        if (caller.Version > header.Version) return RefuseOutdated(caller, header.Version);
        // The home ends the process then; this does not wait to hear of it.
        if (caller.Principal.ExpiresNs != 0 && caller.Principal.HasExpired(_options.Clock.RealtimeNs))
            caller.Revoke(Revocation.Expired);
        if (caller.Revoked)
        {
            _node.RefusedFrame(Link.Peer, caller, $"{caller} is no longer valid ({caller.Revocation})");
            return caller.Refusal;
        }
        if (caller.IsKernel) return Errno.None;
        var home = _options.Blocks?.HomeOf(header.Pid / IBlockMap.BlockSize) ?? default;
        if (home == Link.Peer) return Errno.None;
        // The block may be so new that this node has not heard of it: then the caller tries again.
        if (home.IsNone && header.Pid >= IBlockMap.BlockSize) return Errno.Overloaded;
        _node.RefusedFrame(Link.Peer, null, $"process {header.Pid} has its home on {home}");
        return Errno.EPERM;
    }

    private Errno RefuseOutdated(CallerIdentity now, uint version)
    {
        var before = new CallerIdentity(now.Pid, version, now.Home, now.Principal);
        before.Revoke(Revocation.Outdated);
        _node.RefusedFrame(Link.Peer, before, $"process {now.Pid} has credentials v{now.Version} by now");
        return before.Refusal;
    }

    private void ReceiveReply(ref WireReader reader)
    {
        var (id, errno) = (reader.UInt64(), (Errno)reader.Int16());
        Sent call;
        lock (_lock)
        {
            if (!_sent.Remove(id, out call)) return;
        }
        try
        {
            if (errno == Errno.None) call.Request.ReadResult(ref reader);
        }
        catch
        {
            // The link ends by this, and knows the call no more.
            call.Request.Fail(call.Generation, Errno.MayHaveRun);
            throw;
        }
        call.Request.CompleteFromWire(call.Generation, errno);
    }

    private void ReceiveCancel(ulong id)
    {
        Taken call;
        lock (_lock)
        {
            // It never overtakes its call: when that is not here any more, it was answered.
            if (!_taken.TryGetValue(id, out call)) return;
        }
        IpcNode.CancelLocal(call.Request, call.Generation, Errno.EINTR);
    }

    private void ReceiveIdentity(CallerIdentity identity)
    {
        lock (_lock)
        {
            // Another link has followed: what is introduced by this one holds for nothing.
            if (_ended) return;
            if (_introducedHere.Count >= IdentitiesMax) throw new WireException(
                "too many identities introduced");
            if (_introducedHere.TryGetValue(identity.Pid, out var known))
            {
                // One version of a process's credentials never changes.
                if (known.Version >= identity.Version) return;
                known.Revoke(Revocation.Outdated);
            }
            _introducedHere[identity.Pid] = identity;
        }
        _node.Introduced(identity);
    }

    private void ReceiveDeath(int pid)
    {
        lock (_lock)
        {
            if (_introducedHere.Remove(pid, out var identity)) identity.Revoke(Revocation.Ended);
        }
        // A node speaks for its own processes only.
        if (pid >= IBlockMap.BlockSize
            && _options.Blocks?.HomeOf(pid / IBlockMap.BlockSize) == Link.Peer) _node.DropOwner(pid);
    }
}
