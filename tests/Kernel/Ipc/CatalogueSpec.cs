using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;
using K42.TestKit.Simulation;

using Xunit;

namespace K42.Kernel.Tests.Ipc;

/// <summary>Nodes of different versions: what each understands is told when a link opens.</summary>
public sealed class CatalogueSpec
{
    private static readonly ContractRow Ours =
        ContractCatalogue.Contracts.Single(row => row.Id == ProbeContract.ContractId);

    private static readonly ContractRow WithoutEcho = Ours with
    {
        Calls = [.. Ours.Calls.Where(call => call.Name != "Echo")],
    };

    private static readonly ContractRow Newer = new()
    {
        Id = 65_000,
        Name = "NewerContract",
        Calls = [new CallRow { Number = 1, Name = "Anything", Result = "Nothing" }],
    };

    [Fact]
    public void A_call_that_the_peer_lacks_is_ENOSYS_without_being_sent() =>
        Run(node => node.Name == "node-2" ? [WithoutEcho] : [Ours], async (client, _) =>
        {
            Assert.Equal(2, (await client.Add(1, 1)).Value);
            // The object there would answer it: only the catalogue says that it can't.
            Assert.Equal(Errno.ENOSYS, (await client.Echo(new byte[3])).Errno);
            Assert.Equal(4, (await client.Add(2, 2)).Value);
            var self = client.Context.Identity.Pid;
            Assert.Equal(Errno.None, (await client.GiveAccess(self, Rights.Read, Rights.None)).Errno);
        });

    [Fact]
    public void A_contract_of_a_newer_peer_is_no_obstacle() =>
        Run(node => node.Name == "node-2" ? [Ours, Newer] : [WithoutEcho], async (client, _) =>
        {
            Assert.Equal(2, (await client.Add(1, 1)).Value);
            Assert.Equal(3, (await client.Echo(new byte[3])).Value.Length);
        });

    [Fact]
    public void What_a_peer_has_is_heard_again_after_a_reconnect() =>
        Run(node => node.Name == "node-2" ? [WithoutEcho] : [Ours], async (client, cluster) =>
        {
            Assert.Equal(2, (await client.Add(1, 1)).Value);
            cluster.Network.Cut(cluster.Nodes[0].Member.Node, cluster.Nodes[1].Member.Node);
            await cluster.Elapse(TimeSpan.FromSeconds(5));
            Assert.Equal(2, (await client.Add(1, 1)).Value);
            Assert.Equal(Errno.ENOSYS, (await client.Echo(new byte[3])).Errno);
        });

    [Fact]
    public void A_catalogue_travels_whole_and_its_hash_tells_it_from_others()
    {
        var all = PeerCatalogue.Encode(ContractCatalogue.Contracts);
        var read = PeerCatalogue.Decode(all.Span);
        Assert.Equal(ContractCatalogue.Contracts.Sum(row => row.Calls.Count), read.CallCount);
        foreach (var row in ContractCatalogue.Contracts)
        {
            Assert.All(row.Calls, call => Assert.True(read.Has(row.Id, call.Number)));
            Assert.False(read.Has(row.Id, 65_000));
        }
        Assert.Equal(read.Hash, PeerCatalogue.Decode(all.Span).Hash);
        Assert.NotEqual(read.Hash, PeerCatalogue.Decode(PeerCatalogue.Encode([WithoutEcho]).Span).Hash);
    }

    [Fact]
    public void A_catalogue_that_was_damaged_is_refused_and_an_absent_one_excludes_nothing()
    {
        var bytes = PeerCatalogue.Encode([Ours]).ToArray();
        Assert.Throws<WireException>(() => PeerCatalogue.Decode(bytes.AsSpan(0, bytes.Length - 1)));
        Assert.Throws<WireException>(() => PeerCatalogue.Decode(bytes.AsSpan(0, bytes.Length - 2)));
        bytes[^1] ^= 1;
        Assert.Throws<WireException>(() => PeerCatalogue.Decode(bytes));
        Assert.True(PeerCatalogue.Decode("1"u8).Has(1, 1));
        Assert.True(PeerCatalogue.Decode(default).Has(1, 1));
    }

    private static void Run(
        Func<Member, ContractRow[]> contracts, Func<ProbeClient, SimulatedCluster, Task> scenario)
    {
        using var cluster = new SimulatedCluster(41, ContractCatalogue.NewRequest)
        {
            CatalogueOf = node => Catalogues.ForLinks(contracts(node)),
        };
        var (one, two) = (cluster.AddNode(), cluster.AddNode());
        cluster.Run(async () =>
        {
            var up = new TaskCompletionSource<Probe>();
            two.System.ActorOf(ProbeActor.Of(two.Ipc, up.SetResult));
            var probe = await up.Task;
            var leased = new TaskCompletionSource<Outcome<int>>();
            one.Grantor.LeaseBlock(leased.SetResult);
            var pid = (await leased.Task).Value * IBlockMap.BlockSize;
            var alice = new Principal("alice", 1_000, 1_000, [], Authentication.ClientCertificate);
            var client = new ProbeClient(one.Ipc.Admit(pid, alice), probe.Export(pid, Rights.All));
            await scenario(client, cluster);
        });
    }
}
