using Akka.Actor;
using Akka.Event;

using K42.Kernel.Ipc.Links;

namespace K42.Node.Hosting;

/// <summary>What links tell an operator, in the node's log.</summary>
internal sealed class AkkaLinkLog(ActorSystem system) : ILinkLog
{
    private readonly ILoggingAdapter _log = Logging.GetLogger(system, "links");

    public void Info(string message) => _log.Info("{0}", message);

    public void Warning(string message) => _log.Warning("{0}", message);
}
