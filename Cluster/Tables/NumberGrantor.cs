using Akka.Actor;
using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Cluster.Tables;

/// <summary>The number port: forwards to <see cref="LeaseActor"/> and brings answers to the
/// executor.</summary>
internal sealed class NumberGrantor(IActorRef leases, IExecutor executor) : INumberGrantor
{
    /// <inheritdoc/>
    public void LeaseBlock(Action<Outcome<int>> done) => leases.Tell(
        new LeaseActor.WantBlock(outcome => executor.Post(_ => done(outcome), null)), ActorRefs.NoSender);
}
