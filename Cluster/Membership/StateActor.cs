using Akka.Actor;
using Akka.Event;

namespace K42.Cluster.Membership;

/// <summary>Brings changes of node.json to the disk, and again later when there is no room.</summary>
/// <remarks>Parent: <see cref="ClusterRoot"/>; path /user/cluster/state; a thread of its own, because a disk
/// may take its time and membership must not. Calls: nobody. What it writes while the node runs are hints for
/// its next life: a disk that takes nothing ends no node. On failure: the node ends.</remarks>
internal sealed class StateActor : ReceiveActor, IWithTimers
{
    public const string Name = "state";
    public const string Dispatcher = "k42-state-dispatcher";

    private sealed class Write
    {
        public static readonly Write Instance = new();
    }

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly NodeDirectory _directory;
    private readonly TimeSpan _retryAfter;
    private bool _hasFailed;

    public StateActor(NodeDirectory directory, TimeSpan retryAfter)
    {
        _directory = directory;
        _retryAfter = retryAfter;
        Receive<Write>(_ => TryWrite());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        var self = Self;
        _directory.Changed = () => self.Tell(Write.Instance, ActorRefs.NoSender);
        Timers.StartPeriodicTimer(Write.Instance, Write.Instance, _retryAfter);
    }

    protected override void PostStop()
    {
        _directory.Changed = null;
        TryWrite();
    }

    private void TryWrite()
    {
        try
        {
            _directory.Write();
            _hasFailed = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_hasFailed) _log.Warning("node.json can't be written, and is tried again: {0}", e.Message);
            _hasFailed = true;
        }
    }
}
