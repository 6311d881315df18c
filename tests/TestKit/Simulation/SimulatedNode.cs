using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.Kernel.Ipc.Links;
using K42.TestKit.Links;

namespace K42.TestKit.Simulation;

/// <summary>One node of a simulated cluster: IPC and links of its own, in the cluster's loop.</summary>
public sealed class SimulatedNode
{
    internal SimulatedNode(SimulatedCluster cluster, Member member)
    {
        (Member, Life) = (member, new NodeLife(member.Name));
        Executor = new SimulatedExecutor(cluster.Loop, Life);
        Clock = new SimulatedClock(cluster.Loop, Life);
        Randomness = new SimulatedRandomness(cluster.Randomness.Next());
        System = SimulatedActors.Create("k42", cluster.Loop, Life);
        Membership = cluster.Board.ViewOf(member, Life);
        Grantor = cluster.Tables.GrantorOf(member.Node, Executor);
        Table = cluster.Tables.TableOf(Executor);
        Ipc = new IpcNode(System, new IpcNodeOptions(
            member.Node, Clock, Executor, Randomness, cluster.Tables.Blocks, cluster.Requests,
                InlineLinks: false) { Settings = cluster.IpcSettings });
        var context = new LinkContext(
            cluster.LinkOptions, cluster.LinkIdentityOf(
                member), Clock, Executor, Randomness, Ipc, SilentLinkLog.Instance);
        Links = new LinkTable(context, cluster.Network.For(member), member);
        Ipc.Connect(Links);
    }

    /// <summary>What the cluster knows of it.</summary>
    public Member Member { get; }

    /// <summary>This life of it.</summary>
    public NodeLife Life { get; }

    /// <summary>Its actors.</summary>
    public ActorSystem System { get; }

    /// <summary>Its IPC.</summary>
    public IpcNode Ipc { get; }

    /// <summary>Its links.</summary>
    public LinkTable Links { get; }

    /// <summary>Its executor.</summary>
    public IExecutor Executor { get; }

    /// <summary>Its clock, in virtual time.</summary>
    public IClock Clock { get; }

    /// <summary>Its chance.</summary>
    public IRandomness Randomness { get; }

    /// <summary>Its view of the membership.</summary>
    public SimulatedMembership Membership { get; }

    /// <summary>Its grantor of process numbers.</summary>
    public INumberGrantor Grantor { get; }

    /// <summary>Its replicated table.</summary>
    public IReplicatedTable Table { get; }
}

/// <summary>Says nothing; what links did is in their counters.</summary>
internal sealed class SilentLinkLog : ILinkLog
{
    public static readonly SilentLinkLog Instance = new();

    public void Info(string message)
    {
    }

    public void Warning(string message)
    {
    }
}
