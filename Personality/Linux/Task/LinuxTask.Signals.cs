using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux;

/// <remarks>
/// The kernel keeps what is pending, decides what a default action does, and gives the library the signals
/// that have handlers. Here they interrupt the calls that wait, and become events for whoever runs the
/// program.
/// </remarks>
public sealed partial class LinuxTask
{
    /// <summary>How many events wait for the host; beyond it a signal that waits already is not added
    /// again.</summary>
    public const int EventsMax = 1_024;

    // Null while all are the default. Never changed in place: forked tasks share it.
    private SignalAction[]? _actions;
    private readonly Queue<TaskEvent> _events = new();
    private Interruption _interruption = new();
    private readonly Turnstile _eventAdded;
    private readonly Turnstile _pumped;
    private readonly Turnstile _taken;
    private ulong _pumpedStamp;
    private ulong _signalMask;
    private ulong _takenStamp;
    private volatile bool _stopped;

    /// <summary>The next event; waits for it. After Ended there is none, and cancelling throws.</summary>
    public async ValueTask<TaskEvent> NextEvent(CancellationToken cancel)
    {
        while (true)
        {
            Task added;
            lock (_lock)
            {
                if (_events.TryDequeue(out var next)) return next;
                added = _eventAdded.Next;
            }
            await added.WaitAsync(cancel);
        }
    }

    /// <summary>The next event if there is one now.</summary>
    public bool TryNextEvent(out TaskEvent next)
    {
        lock (_lock) return _events.TryDequeue(out next);
    }

    internal Interruption Interruption => Volatile.Read(ref _interruption);

    internal ulong SignalMask => Volatile.Read(ref _signalMask);

    internal SignalAction ActionOf(int signal)
    {
        lock (_lock) return _actions?[signal] ?? default;
    }

    /// <summary>Sets a disposition here and at the kernel.</summary>
    internal async ValueTask<Errno> SetAction(int signal, SignalAction action)
    {
        var disposition = action.Handler <= Signal.Ignore ? (int)action.Handler : Signal.Handler;
        var set = await Patient(
            (Process, signal, disposition, Flags: (uint)action.Flags),
            static ask => ask.Process.SetDisposition(ask.signal, ask.disposition, ask.Flags));
        if (set.Failed) return set.Errno;
        lock (_lock) Put(signal, action);
        return Errno.None;
    }

    /// <summary>Sets the mask; a signal that this lets through has become an event when it returns.</summary>
    internal async ValueTask<Errno> SetMask(ulong mask)
    {
        mask &= ~Signal.Unblockable;
        var opens = (Volatile.Read(ref _signalMask) & ~mask) != 0;
        var pending = await Patient(
            (Process, mask), static ask => ask.Process.SetSignalMask(ask.mask));
        if (pending.Failed) return pending.Errno;
        Volatile.Write(ref _signalMask, mask);
        if (opens) await SignalsTaken();
        return Errno.None;
    }

    /// <summary>The signals that are blocked and pending.</summary>
    internal ValueTask<Outcome<ulong>> Pending() => Patient(
        (Process, Mask: SignalMask), static ask => ask.Process.SetSignalMask(ask.Mask));

    /// <summary>Sends itself a signal, as the kernel does for SIGPIPE.</summary>
    internal async ValueTask Raise(int signal)
    {
        await Patient(
            (Table: ProcessesOf(Pid), Pid, signal),
            static ask => ask.Table.Kill(ask.Pid, ask.signal));
        await SignalsTaken();
    }

    /// <summary>Returns when every signal that was deliverable before has become an event: Linux delivers a
    /// signal to oneself before kill(2) or sigprocmask(2) returns.</summary>
    internal async ValueTask SignalsTaken()
    {
        var state = await Patient(Process, static process => process.NextSignals(0));
        if (state.Failed) return;
        Take(state.Value);
        while (!HasEnded)
        {
            Task pumped;
            lock (_lock)
            {
                if (_pumpedStamp >= state.Value.Stamp) return;
                pumped = _pumped.Next;
            }
            await pumped;
        }
    }

    // Hears of signals as long as the process lives. A full queue of events does not stop it: its end must be
    // heard.
    private async Task PumpSignals()
    {
        ulong seen = 0;
        while (!HasEnded)
        {
            var state = await Patient(
                (Process, seen), static ask => ask.Process.NextSignals(ask.seen));
            if (state.Failed)
            {
                // A process that can't be asked any more is gone; how it went, its parent knows.
                if (state.Errno != Errno.EINTR) End(Signal.SIGKILL);
                if (state.Errno != Errno.EINTR) return;
                continue;
            }
            seen = state.Value.Stamp;
            Take(state.Value);
            Pumped(seen);
        }
        Pumped(ulong.MaxValue);
    }

    private void Pumped(ulong stamp)
    {
        lock (_lock) _pumpedStamp = Math.Max(_pumpedStamp, stamp);
        _pumped.Open();
    }

    private void Take(SignalState state)
    {
        var (interrupts, restart) = (false, true);
        foreach (var signal in state.Signals ?? [])
        {
            if (signal.Dropped || signal.Number is < 1 or > Signal.NumberMax) continue;
            var action = ActionOf(signal.Number);
            interrupts = true;
            restart &= (action.Flags & Signal.SA_RESTART) != 0;
            if ((action.Flags & Signal.SA_RESETHAND) != 0) Reset(signal.Number);
            AddEvent(new TaskEvent(TaskEventKind.Signal, signal, 0));
        }
        if (state.Ended) End(state.ExitStatus);
        else if (interrupts) Interrupt(restart);
        lock (_lock)
        {
            // Answers may overtake each other; only the newest tells how things are.
            if (state.Stamp < _takenStamp) return;
            (_takenStamp, _stopped) = (state.Stamp, state.Stopped);
        }
        _taken.Open();
    }

    private void Interrupt(bool restart) =>
        Interlocked.Exchange(ref _interruption, new Interruption()).Fire(restart);

    private void Reset(int signal)
    {
        // As Linux does: the handler goes, flags and mask stay to be read.
        lock (_lock) Put(signal, (_actions?[signal] ?? default) with { Handler = Signal.Default });
        _ = Process.SetDisposition(signal, Signal.Default, 0).AsTask();
    }

    private void Put(int signal, SignalAction action)
    {
        var changed = new SignalAction[Signal.NumberMax + 1];
        _actions?.CopyTo(changed, 0);
        changed[signal] = action;
        _actions = changed;
    }

    private void AddEvent(TaskEvent added)
    {
        lock (_lock)
        {
            var full = _events.Count >= EventsMax && added.Kind == TaskEventKind.Signal;
            if (full && Waits(added.Signal.Number)) return;
            _events.Enqueue(added);
        }
        _eventAdded.Open();
    }

    private bool Waits(int signal)
    {
        foreach (var waiting in _events)
        {
            if (waiting.Kind == TaskEventKind.Signal && waiting.Signal.Number == signal) return true;
        }
        return false;
    }
}
