using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using K42.TestKit.Links;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>Nodes 1 and 2 (and more on request) over simulated links in virtual time.</summary>
internal sealed class SimulatedCluster
{
    private readonly LinkOptions? _options;

    public SimulatedCluster(int seed, LinkOptions? options = null, SimulatedLinkSettings? settings = null)
    {
        _options = options;
        Chance = new SeededRandomness(seed);
        Network = new SimulatedLinks(Time, Chance, settings);
        One = Add(LinkNode.Describe(1));
        Two = Add(LinkNode.Describe(2));
        Introduce(One, Two);
    }

    public VirtualTime Time { get; } = new();

    public SeededRandomness Chance { get; }

    public SimulatedLinks Network { get; }

    public LinkNode One { get; }

    public LinkNode Two { get; }

    public ILink OneToTwo => One.Table.To(Two.Member.Node)!;

    public ILink TwoToOne => Two.Table.To(One.Member.Node)!;

    public LinkNode Add(Member member, string? certifiedName = null, string cluster = "spec") =>
        new(member, Network.For(member, certifiedName), Time, Time, Chance, _options, cluster);

    public static void Introduce(LinkNode one, LinkNode two)
    {
        one.Membership.Up(two.Member);
        two.Membership.Up(one.Member);
    }

    public int Below(int bound) => (int)(Chance.Next() % (ulong)bound);

    public void Cut() => Network.Cut(One.Member.Node, Two.Member.Node);

    public bool Connected => Network.Connections > 0 && ((LinkSession)OneToTwo).IsConnected;

    public void Connect() =>
        Assert.True(Time.RunUntil(() => Connected, TimeSpan.FromSeconds(5)), "no connection");

    public void AssertNothingWrong()
    {
        Assert.Empty(One.Receiver.Wrong);
        Assert.Empty(Two.Receiver.Wrong);
        var broken = One.Log.Lines.Concat(Two.Log.Lines)
            .FirstOrDefault(line => line.Contains("broken protocol", StringComparison.Ordinal));
        Assert.True(broken is null, broken);
        Assert.Equal(0, One.Counters.ProtocolErrors + Two.Counters.ProtocolErrors);
    }
}
