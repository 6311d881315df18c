using System.Runtime.CompilerServices;

using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace K42.Kernel.Ipc;

/// <summary>Protected procedure call: the caller's thread runs the idle target's turn, without a queue
/// between.</summary>
/// <remarks>
/// Only a generated call may run inline: it names itself in a thread-static slot before it is told, and only
/// the mailbox that receives that very message is run. Tell, system messages, actor creation and timers
/// always queue. An inline run takes one message and hands the mailbox over; nesting is bounded and the stack
/// is checked. </remarks>
public sealed partial class PpcDispatcher : MessageDispatcher
{
    /// <summary>How deep calls may nest on one thread before they are queued.</summary>
    public const int DepthMax = 16;

    private static readonly ExecutionContext? s_empty = EmptyContext();

    [ThreadStatic]
    private static object? t_wanted;

    [ThreadStatic]
    private static Mailbox? t_mailbox;

    [ThreadStatic]
    private static int t_depth;

    /// <summary>Made by Akka from the configuration.</summary>
    public PpcDispatcher(MessageDispatcherConfigurator configurator) : base(configurator)
    {
        // Exactly one message per inline run: with a positive deadline Akka runs a second one.
        Throughput = 1;
        ThroughputDeadlineTime = 0;
    }

    /// <summary>Sends a call, and runs it here if the target is idle.</summary>
    internal static void Call(IActorRef target, object message)
    {
        t_wanted = message;
        target.Tell(message, ActorRefs.NoSender);
        // A busy target's ExecuteTask is never called: the wish must not outlive this call.
        t_wanted = null;
        t_mailbox = null;
    }

    /// <inheritdoc/>
    public override void Dispatch(ActorCell cell, Envelope envelope)
    {
        if (t_wanted is { } wanted && ReferenceEquals(wanted, envelope.Message))
        {
            t_wanted = null;
            t_mailbox = cell.Mailbox;
        }
        base.Dispatch(cell, envelope);
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run)
    {
        var mailbox = t_mailbox;
        t_mailbox = null;
        if (mailbox is not null && ReferenceEquals(run, mailbox) && t_depth < DepthMax
            && TaskScheduler.Current == TaskScheduler.Default
            && RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            RunInline(run);
            return;
        }
        ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: false);
    }

    /// <inheritdoc/>
    protected override void Shutdown()
    {
    }

    // Neither the caller's AsyncLocals nor its synchronisation context may reach the target.
    private static void RunInline(IRunnable run)
    {
        t_depth++;
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
            t_depth--;
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
