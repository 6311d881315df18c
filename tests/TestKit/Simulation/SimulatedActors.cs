using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;

using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

using K42.Kernel.Ipc;

namespace K42.TestKit.Simulation;

/// <summary>Actor systems whose mailboxes and timers run in a simulation's loop.</summary>
public static class SimulatedActors
{
    private static readonly ConcurrentDictionary<int, (SimulationLoop Loop, NodeLife Life)> s_homes = new();
    private static int s_lastHome;

    /// <summary>Makes an actor system that lives in the loop.</summary>
    public static ActorSystem Create(string name, SimulationLoop loop, NodeLife life, string extraHocon = "")
    {
        var home = Interlocked.Increment(ref s_lastHome);
        s_homes[home] = (loop, life);
        var dispatcher = TypeName(typeof(SimulatedDispatcherConfigurator));
        var hocon = $"""
            {IpcHocon.Text}
            akka.loggers = []
            akka.stdout-logger-class = "{TypeName(typeof(SilentLogger))}"
            akka.log-dead-letters = off
            akka.scheduler.implementation = "{TypeName(typeof(SimulatedScheduler))}"
            akka.actor.default-dispatcher.type = "{dispatcher}"
            akka.actor.internal-dispatcher.type = "{dispatcher}"
            akka.actor.default-blocking-io-dispatcher.type = "{dispatcher}"
            akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
            akka.coordinated-shutdown.run-by-actor-system-terminate = off
            akka.coordinated-shutdown.exit-clr = off
            k42.simulation.home = {home.ToString(CultureInfo.InvariantCulture)}
            {extraHocon}
            """;
        return ActorSystem.Create(name, ConfigurationFactory.ParseString(hocon));
    }

    internal static (SimulationLoop Loop, NodeLife Life) HomeOf(Config settings) =>
        s_homes[settings.GetInt("k42.simulation.home", 0)];

    private static string TypeName(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";
}

/// <summary>Queues mailboxes in the loop, keyed by the order in which actors were created. A generated call
/// to an idle actor runs inline or queues, as the loop's seed decides.</summary>
internal sealed class SimulatedDispatcher : PpcDispatcher
{
    private readonly ConditionalWeakTable<Mailbox, object> _keys = [];
    private readonly SimulationLoop _loop;
    private readonly NodeLife _life;

    public SimulatedDispatcher(
        MessageDispatcherConfigurator configurator, SimulationLoop loop, NodeLife life) : base(configurator)
    {
        (_loop, _life) = (loop, life);
        // One message per run, so that the loop may put another actor's turn between any two.
        ThroughputDeadlineTime = 0;
    }

    public override void Attach(ActorCell cell)
    {
        _keys.AddOrUpdate(cell.Mailbox!, _loop.NextNumber());
        base.Attach(cell);
    }

    protected override bool MayRunInline() =>
        !_life.Ended && _loop.OwnsCurrentTask && _loop.ChoosesInline();

    protected override void Queue(IRunnable run)
    {
        var key = run is Mailbox mailbox
            && _keys.TryGetValue(mailbox, out var number) ? (long)number : _loop.NextNumber();
        _loop.Add(key, _life, static state => ((IRunnable)state!).Run(), run);
    }
}

/// <summary>Makes the dispatcher from HOCON.</summary>
internal sealed class SimulatedDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly SimulatedDispatcher _dispatcher;

    public SimulatedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        var (loop, life) = SimulatedActors.HomeOf(prerequisites.Settings.Config);
        _dispatcher = new SimulatedDispatcher(this, loop, life);
    }

    public override MessageDispatcher Dispatcher() => _dispatcher;
}

/// <summary>Akka's timers in virtual time.</summary>
internal sealed class SimulatedScheduler : SchedulerBase
{
    private readonly SimulationLoop _loop;
    private readonly NodeLife _life;

    public SimulatedScheduler(Config config, ILoggingAdapter log) : base(config, log) =>
        (_loop, _life) = SimulatedActors.HomeOf(config);

    public override TimeSpan MonotonicClock => TimeSpan.FromTicks(_loop.NowNs / 100);

    public override TimeSpan HighResMonotonicClock => MonotonicClock;

    protected override DateTimeOffset TimeNow => DateTimeOffset.UnixEpoch + MonotonicClock;

    protected override void InternalScheduleTellOnce(
        TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Once(delay, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender,
        ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) =>
        Once(delay, action, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) =>
        Once(delay, action.Run, cancelable);

    protected override void InternalScheduleRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, action, cancelable);

    protected override void InternalScheduleRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, action.Run, cancelable);

    private void Once(TimeSpan delay, Action action, ICancelable? cancelable) =>
        _loop.AddTimer(
            delay, _life, _ =>
            {
                if (cancelable is not { IsCancellationRequested: true }) action();
            },
            null);

    private void Repeatedly(TimeSpan delay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Once(
            delay, () =>
            {
                action();
                Repeatedly(interval, interval, action, cancelable);
            },
            cancelable);
}

/// <summary>Says nothing: Akka's own logger would post from threads of its own.</summary>
internal sealed class SilentLogger : MinimalLogger
{
    protected override void Log(object message)
    {
    }
}
