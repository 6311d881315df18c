using System.Runtime.CompilerServices;

using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

using K42.Contracts;

namespace K42.Kernel.Ipc;

/// <summary>Protected procedure call: the caller's thread runs the idle target's turn, without a queue
/// between.</summary>
/// <remarks>
/// Only a generated call may run inline: its thread names the target's mailbox, and only that mailbox, if it
/// registers for execution now, is run. Tell, system messages, actor creation and timers always queue. An
/// inline run takes one message and hands the mailbox over; nesting is bounded and the stack is checked.
/// </remarks>
public class PpcDispatcher : MessageDispatcher
{
    /// <summary>How deep calls may nest on one thread before they are queued.</summary>
    public const int DepthMax = 16;

    private static readonly ExecutionContext? s_empty = EmptyContext();

    [ThreadStatic]
    private static Nesting? t_nesting;

    /// <summary>Made by Akka from the configuration.</summary>
    public PpcDispatcher(MessageDispatcherConfigurator configurator) : base(configurator)
    {
        // Each of the pool's turns takes two messages; an inline run takes one, see PpcQueue.
        Throughput = 1;
    }

    /// <summary>Runs a call's turn here and now if its target is idle; otherwise says false, and the call
    /// is to be queued.</summary>
    internal bool TryRun(ActorCell target, Request request)
    {
        var nesting = t_nesting ??= new Nesting();
        if (nesting.Depth >= DepthMax || !nesting.HasStack()
            || target.Mailbox is not { MessageQueue: PpcQueue } mailbox || !MayRunInline())
            return false;
        var turn = nesting.Turns[nesting.Depth];
        // Taken first: once answered, the request may belong to another call.
        var generation = request.Generation;
        // With a sink, others know of the call already: a deadline, or a link.
        request.Unshared = request.Sink is null;
        turn.Offer(request);
        nesting.Wanted = mailbox;
        // With a sender, because the actor may end just now: then this makes a dead letter of the call.
        base.Dispatch(target, new Envelope(request, ActorRefs.Nobody));
        // A busy target's ExecuteTask is never called: the wish must not outlive this call.
        nesting.Wanted = null;
        if (turn.IsTaken) return true;
        if (!request.IsPending(generation))
        {
            // A dead letter, which was answered as such.
            turn.Withdraw();
            return true;
        }
        turn.Take();
        request.Unshared = false;
        return false;
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run)
    {
        var nesting = t_nesting;
        var inline = nesting?.Wanted is { } wanted && ReferenceEquals(run, wanted);
        if (run is Mailbox { MessageQueue: PpcQueue queue })
            queue.Begin(inline ? nesting!.Turns[nesting.Depth] : null);
        if (inline) RunInline(run, nesting!);
        else Queue(run);
    }

    /// <summary>Whether the caller may run a turn itself at all: not from within a scheduler of somebody
    /// else, such as an actor's own. A simulation lets its seed choose.</summary>
    protected virtual bool MayRunInline() => TaskScheduler.Current == TaskScheduler.Default;

    /// <summary>Has a mailbox run later.</summary>
    protected virtual void Queue(IRunnable run) =>
        ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: false);

    /// <inheritdoc/>
    protected override void Shutdown()
    {
    }

    // Neither the caller's AsyncLocals nor its synchronisation context may reach the target.
    private static void RunInline(IRunnable run, Nesting nesting)
    {
        nesting.Wanted = null;
        nesting.Depth++;
        var synchronization = SynchronizationContext.Current;
        var context = ExecutionContext.Capture();
        try
        {
            if (synchronization is not null) SynchronizationContext.SetSynchronizationContext(null);
            if (context is not null && !ReferenceEquals(context, s_empty)) ExecutionContext.Restore(s_empty!);
            run.Run();
        }
        finally
        {
            if (context is not null && !ReferenceEquals(context, s_empty)) ExecutionContext.Restore(context);
            if (synchronization is not null) SynchronizationContext.SetSynchronizationContext(
                synchronization);
            nesting.Depth--;
        }
    }

    private static ExecutionContext? EmptyContext()
    {
        ExecutionContext? empty = null;
        var thread = new Thread(() => empty = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return empty;
    }

    /// <summary>The calls that run within each other on one thread.</summary>
    private sealed class Nesting
    {
        private nuint _deepestKnown = nuint.MaxValue;

        public int Depth;

        public Mailbox? Wanted;

        public readonly PpcTurn[] Turns = [.. Enumerable.Range(0, DepthMax).Select(_ => new PpcTurn())];

        /// <summary>Whether there is stack enough for another turn. The runtime is asked only where the stack
        /// is deeper than it was found good before.</summary>
        public unsafe bool HasStack()
        {
            byte here;
            var at = (nuint)(&here);
            if (at >= _deepestKnown) return true;
            if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) return false;
            _deepestKnown = at;
            return true;
        }
    }
}

/// <summary>Makes the dispatcher from HOCON: <c>type = "K42.Kernel.Ipc.PpcDispatcherConfigurator,
/// K42.Kernel"</c>.</summary>
public sealed class PpcDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly PpcDispatcher _dispatcher;

    /// <summary>Made by Akka.</summary>
    public PpcDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites) : base(
        config, prerequisites) =>
        _dispatcher = new PpcDispatcher(this);

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => _dispatcher;
}
