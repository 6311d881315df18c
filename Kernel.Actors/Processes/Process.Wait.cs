using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>wait4(2) and waitid(2), and what happens to a child at its parent.</summary>
internal sealed partial class Process
{
    private List<Waiter>? _waiters;
    private long _childrensProcessorNs;

    /// <summary>The children, oldest first.</summary>
    public ChildList Children { get; } = new();

    public override void Wait(WaitFor which, int id, int options, Reply<WaitResult> reply)
    {
        var badId = which switch
        {
            WaitFor.Any => false,
            WaitFor.Process => id <= 0,
            WaitFor.Group => id < 0,
            _ => true,
        };
        if (badId || (options & ~WaitOptions.Known) != 0 || (options & WaitOptions.States) == 0)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        // "My group" is the group at the time of the call, even if it changes while waiting.
        if (which == WaitFor.Group && id == 0) id = Group;
        var waiter = new Waiter(which, id, options, reply);
        if (TryAnswer(waiter)) return;
        (_waiters ??= new List<Waiter>(1)).Add(waiter);
        reply.WhenCancelled(cancelled =>
        {
            _waiters?.Remove(waiter);
            cancelled.Fail(Errno.EINTR);
        });
    }

    /// <summary>A child ended: status, SIGCHLD and waiting parents in one turn.</summary>
    public void ChildEnded(Child child, int status)
    {
        child.Ended(status);
        var autoReaped = IgnoresChildren || _noChildWait;
        PostChild(child, WaitOptions.CodeOf(status), WaitOptions.ValueOf(status));
        // The signal may have ended this process; then the child is process 1's.
        if (HasEnded) return;
        if (autoReaped) _table.Reap(child);
        WakeWaiters();
    }

    /// <summary>A child was stopped.</summary>
    public void ChildStopped(Child child, int signal)
    {
        child.Stopped(signal);
        if (!_noChildStop) PostChild(child, WaitOptions.CodeStopped, signal);
        WakeWaiters();
    }

    /// <summary>A stopped child was continued.</summary>
    public void ChildContinued(Child child)
    {
        child.Continued();
        if (!_noChildStop) PostChild(child, WaitOptions.CodeContinued, Signals.Continue);
        WakeWaiters();
    }

    /// <summary>A child left for another group, or was taken away: who waits for it may have to hear
    /// ECHILD.</summary>
    public void WakeWaiters()
    {
        if (_waiters is null) return;
        // In the order in which they came; an answer may reap the child that the next one waits for.
        for (var at = 0; _waiters is not null && at < _waiters.Count;)
        {
            if (_waiters[at].Reply.Abandoned || TryAnswer(_waiters[at])) _waiters.RemoveAt(at);
            else at++;
        }
        if (_waiters is { Count: 0 }) _waiters = null;
    }

    private void PostChild(Child child, int code, int value)
    {
        if (!IgnoresChildren)
            Post(new SignalInfo(Signals.Child, child.Pid, child.Uid, code, value, false));
    }

    private bool TryAnswer(Waiter waiter)
    {
        var isCandidate = false;
        for (var child = Children.First; child is not null; child = child.Next)
        {
            if (!waiter.Selects(child)) continue;
            // As on Linux, a zombie keeps nobody waiting who does not want it.
            isCandidate |= !child.IsZombie;
            if (child.Report(waiter.Options) is not { } result) continue;
            if ((waiter.Options & WaitOptions.NoWait) == 0) Told(child);
            waiter.Reply.Ok(result);
            return true;
        }
        if (!isCandidate) waiter.Reply.Fail(Errno.ECHILD);
        else if ((waiter.Options & WaitOptions.NoHang) != 0) waiter.Reply.Ok(default);
        else return false;
        return true;
    }

    private void Told(Child child)
    {
        if (!child.IsZombie) child.Told();
        else
        {
            _childrensProcessorNs += child.ProcessorNs;
            _table.Reap(child);
        }
    }

    private void FailWaiters(Errno errno)
    {
        var waiters = _waiters;
        _waiters = null;
        if (waiters is null) return;
        foreach (var waiter in waiters) waiter.Reply.Fail(errno);
    }

    private sealed record Waiter(WaitFor Which, int Id, int Options, Reply<WaitResult> Reply)
    {
        public bool Selects(Child child)
        {
            // Every child here signals SIGCHLD when it ends, so none is a "clone" child.
            if ((Options & WaitOptions.Clone) != 0 && (Options & WaitOptions.All) == 0) return false;
            return Which switch
            {
                WaitFor.Process => child.Pid == Id,
                WaitFor.Group => child.Group == Id,
                _ => true,
            };
        }
    }
}
