using System.Collections.Concurrent;

using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

using K42.Contracts;

namespace K42.Kernel.Ipc;

/// <summary>Makes the queues of actors on the <see cref="PpcDispatcher"/>, from HOCON: <c>mailbox-type =
/// "K42.Kernel.Ipc.PpcMailbox, K42.Kernel"</c>.</summary>
/// <param name="settings">The actor system's.</param>
/// <param name="config">The mailbox's own; nothing is read from it.</param>
internal sealed class PpcMailbox(Settings settings, Config config)
    : MailboxType(settings, config), IProducesMessageQueue<PpcQueue>
{
    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new PpcQueue();
}

/// <summary>An actor's queue, which a call that its caller's thread runs at once goes round.</summary>
/// <remarks>
/// Such a call is <em>offered</em>: Akka registers the actor for execution as for any message, and the run
/// that this starts, if it is the caller's own, finds the call here without its having been queued. Messages
/// that were queued before go first; then the offer is declined and the caller queues the call.
/// </remarks>
internal sealed class PpcQueue : IMessageQueue, IUnboundedMessageQueueSemantics
{
    private readonly ConcurrentQueue<Envelope> _queue = new();
    private PpcTurn? _turn;
    private volatile IMessageQueue? _closed;

    /// <inheritdoc/>
    public bool HasMessages => !_queue.IsEmpty;

    /// <inheritdoc/>
    public int Count => _queue.Count;

    /// <summary>Says whose run comes next: an inline one, which takes one message, or the pool's. To be
    /// called by the thread that registered the mailbox for execution.</summary>
    public void Begin(PpcTurn? turn)
    {
        // Usually the same thread's again, and a look costs less than a write.
        if (_turn != turn) _turn = turn;
    }

    /// <inheritdoc/>
    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        if (envelope.Message is Request { Offered: true }) return;
        _queue.Enqueue(envelope);
        // Akka has closed the mailbox between the sender's look and here: nobody will come for it.
        if (_closed is { } deadLetters) Drain(receiver, deadLetters);
    }

    /// <inheritdoc/>
    public bool TryDequeue(out Envelope envelope)
    {
        var turn = _turn;
        if (turn is null) return _queue.TryDequeue(out envelope);
        if (turn.Served)
        {
            envelope = default;
            return false;
        }
        turn.Served = true;
        if (!_queue.IsEmpty) return _queue.TryDequeue(out envelope);
        envelope = new Envelope(turn.Take(), ActorRefs.NoSender);
        return true;
    }

    /// <inheritdoc/>
    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        _closed = deadletters;
        // Whoever has queued before and has not seen this yet is seen here.
        Interlocked.MemoryBarrier();
        Drain(owner, deadletters);
    }

    private void Drain(IActorRef owner, IMessageQueue deadLetters)
    {
        while (_queue.TryDequeue(out var envelope)) deadLetters.Enqueue(owner, envelope);
    }
}

/// <summary>One inline run: the call that is offered to it.</summary>
internal sealed class PpcTurn
{
    private Request? _offer;

    /// <summary>True once the run took its one message.</summary>
    public bool Served { get; set; }

    public bool IsTaken => _offer is null;

    public void Offer(Request request)
    {
        (_offer, Served, request.Offered) = (request, false, true);
    }

    /// <summary>Forgets the offer without touching the request, which somebody else may have by
    /// now.</summary>
    public void Withdraw() => _offer = null;

    public Request Take()
    {
        var taken = _offer!;
        _offer = null;
        taken.Offered = false;
        return taken;
    }
}
