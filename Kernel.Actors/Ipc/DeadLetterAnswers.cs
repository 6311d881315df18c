using Akka.Actor;
using Akka.Event;

using K42.Contracts;

namespace K42.Kernel.Ipc;

/// <summary>Answers calls that reached an actor after its end, or were queued when it ended: EIO.</summary>
internal sealed class DeadLetterAnswers : MinimalActorRef
{
    private ActorSystem? _system;

    public override ActorPath Path => new RootActorPath(Address.AllSystems) / "k42-dead-letters";

    public override IActorRefProvider Provider => ((ExtendedActorSystem)_system!).Provider;

    public void Subscribe(ActorSystem system)
    {
        _system = system;
        system.EventStream.Subscribe(this, typeof(DeadLetter));
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is DeadLetter { Message: Request request }) request.Fail(request.Generation, Errno.EIO);
    }
}
