using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>Dispositions, mask and pending signals; default actions.</summary>
internal sealed partial class Process
{
    private const uint NoChildStopFlag = 1;
    private const uint NoChildWaitFlag = 2;
    private const int DispositionsMax = 2;
    private const int GivenMax = 64;

    private ulong _mask;
    private ulong _ignored;
    private ulong _handled;
    private ulong _pending;
    private bool _noChildStop;
    private bool _noChildWait;
    private List<SignalInfo>? _queue;
    private List<Reply<SignalState>>? _signalWaiters;
    private ulong _stamp = 1;

    // Set while other nodes are asked whether the group is orphaned, and a terminal's stop is in vain.
    private object? _stopConsidered;

    /// <summary>Stopped, or about to be: a stop by a terminal's signal is being considered.</summary>
    public bool IsStopped => Life == ProcessLife.Stopped || _stopConsidered is not null;

    private ulong Unblocked => ~_mask | Signals.Unblockable;

    /// <summary>Pending signals that the library's handlers are to get now.</summary>
    private ulong Deliverable => Life == ProcessLife.Running ? _pending & Unblocked & _handled : 0;

    private bool IgnoresChildren => (_ignored & Signals.Bit(Signals.Child)) != 0;

    public override void SetSignalMask(ulong mask, Reply<ulong> reply)
    {
        _mask = mask & ~Signals.Unblockable;
        reply.Ok(_pending & _mask);
        Act();
    }

    public override void SetDisposition(int signal, int disposition, uint flags, Reply<Nothing> reply)
    {
        if (!Signals.IsSignal(signal) || (Signals.Bit(signal) & Signals.Unblockable) != 0
            || disposition is < 0 or > DispositionsMax)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        var bit = Signals.Bit(signal);
        _ignored = disposition == 1 ? _ignored | bit : _ignored & ~bit;
        _handled = disposition == 2 ? _handled | bit : _handled & ~bit;
        if (signal == Signals.Child)
            (_noChildStop, _noChildWait) = ((flags & NoChildStopFlag) != 0, (flags & NoChildWaitFlag) != 0);
        // As on Linux, what was pending of a signal that is now ignored is forgotten, blocked or not.
        if (IsDropped(bit)) Forget(bit);
        reply.Ok();
        // What the library was to handle may now have to be done here.
        Act();
    }

    public override void NextSignals(ulong seenStamp, Reply<SignalState> reply)
    {
        if (seenStamp != _stamp || Deliverable != 0)
        {
            reply.Ok(TakeState());
            return;
        }
        _signalWaiters ??= new List<Reply<SignalState>>(1);
        _signalWaiters.RemoveAll(static waiting => waiting.Abandoned);
        _signalWaiters.Add(reply);
    }

    /// <summary>A signal arrives; who may send it was checked. False when its queue is full.</summary>
    public bool Post(SignalInfo info)
    {
        if (HasEnded) return true;
        var (signal, bit) = (info.Number, Signals.Bit(info.Number));
        if ((bit & Signals.StopSet) != 0) Forget(Signals.Bit(Signals.Continue));
        if (signal == Signals.Continue)
        {
            Forget(Signals.StopSet);
            _stopConsidered = null;
            Continue();
        }
        if ((bit & Unblocked) != 0 && IsDropped(bit)) return true;
        var isPending = (_pending & bit) != 0;
        if (isPending && signal < Signals.RealTimeFirst) return true;
        if (isPending && _queue?.Count >= _table.Settings.QueuedSignalsMax) return false;
        (_queue ??= new List<SignalInfo>(1)).Add(info);
        _pending |= bit;
        Act();
        return true;
    }

    /// <summary>Does what pending signals do by default, and tells the library of the others.</summary>
    private void Act()
    {
        if (Life == ProcessLife.Embryo || HasEnded) return;
        if ((_pending & Signals.Bit(Signals.Kill)) != 0)
        {
            End(Signals.Kill);
            return;
        }
        while (Life == ProcessLife.Running)
        {
            var acted = _pending & Unblocked & ~_handled;
            if (acted == 0) break;
            var signal = Signals.Lowest(acted);
            Take(signal);
            if (IsDropped(Signals.Bit(signal))) continue;
            if (signal == Signals.Stop) Stop(signal);
            else if ((Signals.Bit(signal) & Signals.StopSet) != 0) ConsiderStop(signal);
            else
            {
                End(signal);
                return;
            }
        }
        if (Deliverable == 0) return;
        _stamp++;
        AnswerSignalWaiters();
    }

    // Nobody could continue an orphaned group: a terminal's stop does nothing there. Whether it is may be a
    // question to other nodes; meanwhile the process runs on, and SIGCONT cancels the stop.
    private void ConsiderStop(int signal)
    {
        if (_stopConsidered is not null) return;
        var (considered, group) = (new object(), Group);
        _stopConsidered = considered;
        _table.AskOrphaned(group, hangUp: false, isOrphaned =>
        {
            if (_stopConsidered != considered) return;
            _stopConsidered = null;
            if (group != Group) ConsiderStop(signal);
            else if (!isOrphaned) Stop(signal);
            else DoWhatWaitedForContinue();
        });
    }

    private void Stop(int signal)
    {
        (Life, _stopConsidered) = (ProcessLife.Stopped, null);
        _stamp++;
        AnswerSignalWaiters();
        _table.TellParent(this, WaitOptions.StoppedStatus(signal), WaitOptions.CodeStopped);
    }

    private void Continue()
    {
        if (Life == ProcessLife.Stopped)
        {
            Life = ProcessLife.Running;
            _stamp++;
            AnswerSignalWaiters();
            _table.TellParent(this, WaitOptions.ContinuedStatus, WaitOptions.CodeContinued);
            Act();
        }
        DoWhatWaitedForContinue();
    }

    /// <summary>SIG_IGN, or a default action that is nothing.</summary>
    private bool IsDropped(ulong bit) =>
        (bit & (_ignored | (Signals.IgnoredByDefault & ~_handled))) != 0;

    private void AnswerSignalWaiters()
    {
        if (_signalWaiters is null) return;
        var waiters = _signalWaiters;
        _signalWaiters = null;
        foreach (var waiter in waiters)
        {
            // Checked before taking: signals given to a caller who gave up would be lost.
            if (!waiter.Abandoned) waiter.Ok(TakeState());
        }
    }

    private SignalState TakeState()
    {
        var taken = new List<SignalInfo>();
        for (var set = Deliverable; set != 0 && taken.Count < GivenMax; set = Deliverable)
            taken.Add(Take(Signals.Lowest(set)));
        return new SignalState(
            _stamp, HasEnded, HasEnded ? Self.Status : 0, [.. taken], Life == ProcessLife.Stopped);
    }

    private SignalInfo Take(int signal)
    {
        var at = _queue!.FindIndex(info => info.Number == signal);
        var info = _queue[at];
        _queue.RemoveAt(at);
        if (signal < Signals.RealTimeFirst || !_queue.Exists(other => other.Number == signal))
            _pending &= ~Signals.Bit(signal);
        if (_queue.Count == 0) _queue = null;
        return info;
    }

    private void Forget(ulong set)
    {
        if ((_pending & set) == 0) return;
        _pending &= ~set;
        _queue!.RemoveAll(info => (Signals.Bit(info.Number) & set) != 0);
        if (_queue.Count == 0) _queue = null;
    }
}
