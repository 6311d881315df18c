using Akka.Actor;

namespace K42.Cluster.Membership;

/// <summary>Knocks at the seeds, one after the other, until a member lets this node in.</summary>
/// <remarks>Parent: the user guardian. Calls: the seeds' <see cref="GreeterActor"/>. On failure: the start
/// fails.</remarks>
internal sealed class KnockActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private sealed class Again
    {
        public static readonly Again Instance = new();
    }

    private readonly Knock _knock;
    private readonly IReadOnlyList<Address> _seeds;
    private readonly TaskCompletionSource<KnockAnswer> _answer;
    private int _next;

    public KnockActor(Knock knock, IReadOnlyList<Address> seeds, TaskCompletionSource<KnockAnswer> answer)
    {
        _knock = knock;
        _seeds = seeds;
        _answer = answer;
        Receive<Again>(_ => KnockAtNext());
        Receive<KnockAnswer>(Answered);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() =>
        Timers.StartPeriodicTimer(Again.Instance, Again.Instance, TimeSpan.Zero, Interval);

    protected override void PostStop() =>
        _answer.TrySetException(new ClusterStartException("The node was stopped before it was let in."));

    private void KnockAtNext()
    {
        var seed = _seeds[_next++ % _seeds.Count];
        Context.ActorSelection(new RootActorPath(seed) / "user" / ClusterRoot.Name / GreeterActor.Name)
            .Tell(_knock, Self);
    }

    private void Answered(KnockAnswer answer)
    {
        if (answer.Refusal != "" && answer.MayRetry) return;
        _answer.TrySetResult(answer);
        Context.Stop(Self);
    }
}
