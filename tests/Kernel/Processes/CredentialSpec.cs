using K42.Contracts;
using K42.Contracts.Kernel;

using Xunit;

namespace K42.Kernel.Tests.Processes;

/// <summary>Credentials that change, and credentials that expire. What Linux does is compared with the host's
/// kernel in tests/Conformance.</summary>
public sealed class CredentialSpec
{
    private const uint Same = uint.MaxValue;

    [Fact]
    public void A_process_that_changed_its_ids_is_counted_for_its_new_user() => Run(async nodes =>
    {
        var root = await nodes.Begin(ProcessNodes.Root);
        Assert.Equal(Errno.None, (await root.Self.ChangeIds(Id(1_000))).Errno);
        Assert.Equal((1_000u, "root"), ((await root.Info()).Uid, (await root.Info()).User));
        Assert.Equal(Errno.EPERM, (await root.Self.ChangeIds(Id(0))).Errno);
        await root.Exit();
    });

    [Fact]
    public void A_child_on_another_node_has_all_ids_of_its_parent_and_tells_of_its_own() => Run(async nodes =>
    {
        var parent = await nodes.Begin(ProcessNodes.Root);
        var ids = new IdChange(IdRule.RealEffectiveAndSaved, false, 1_000, 0, 1_002);
        await parent.Self.ChangeIds(ids);
        await parent.Self.SetGroups([9, 5]);
        var child = await parent.Spawn(nodes.Two);
        var who = child.Hosted.Context.Identity.Principal;
        Assert.Equal(new LinuxIds(1_000, 0, 1_002, 0), who.UserIds);
        Assert.Equal([5u, 9u], who.Groups);
        await child.Self.ChangeIds(new IdChange(IdRule.RealEffectiveAndSaved, false, 1_003, Same, Same));
        await child.Exit(4);
        var ended = (await parent.WaitOf(child)).Value;
        Assert.Equal((child.Pid, 1_003u), (ended.Pid, ended.Uid));
    });

    [Fact]
    public void A_child_is_claimed_by_the_user_who_logged_in_whatever_its_ids_are() => Run(async nodes =>
    {
        var parent = await nodes.Begin(ProcessNodes.Root);
        await parent.Self.ChangeIds(Id(1_000));
        var spawned = (await parent.Self.Spawn(nodes.Two.Member.Node.Id)).Value;
        var host = nodes.Host(nodes.Two);
        Assert.Equal(Errno.EPERM, (await host.Claim(ProcessNodes.Alice, spawned.Pid, spawned.Token)).Errno);
        Assert.Equal(
            spawned.Pid, (await host.Claim(ProcessNodes.Root, spawned.Pid, spawned.Token)).Value.Pid);
    });

    [Fact]
    public void When_a_credential_expires_its_processes_are_hung_up_on_every_node() => Run(async nodes =>
    {
        var parent = await nodes.Begin();
        var mortal = ProcessNodes.Alice with { ExpiresNs = nodes.One.Clock.RealtimeNs + 60_000_000_000 };
        var watcher = await nodes.Begin(ProcessNodes.Root);
        var (first, deaf) = (await nodes.Begin(mortal), await nodes.Begin(mortal));
        await deaf.Disposition(1, 1);
        var child = await first.Spawn(nodes.Two);

        await nodes.Elapse(59);
        Assert.Equal((byte)'S', (await first.Info()).State);
        Assert.Equal((byte)'S', (await child.Info()).State);
        await nodes.Elapse(2);

        foreach (var ended in new[] { first, deaf, child })
        {
            Assert.Equal(Errno.ESRCH, await watcher.Kill(ended.Pid, 0));
            Assert.Equal(Revocation.Expired, ended.Hosted.Context.Identity.Revocation);
            Assert.Equal(Errno.EKEYEXPIRED, (await ended.Lookup(parent.Pid)).Errno);
        }
        Assert.Equal(3, nodes.One.Ipc.ExpiredCount + nodes.Two.Ipc.ExpiredCount);
        Assert.Equal((byte)'S', (await parent.Info()).State);
    });

    [Fact]
    public void With_an_expired_credential_no_process_begins() => Run(async nodes =>
    {
        var mortal = ProcessNodes.Alice with { ExpiresNs = nodes.One.Clock.RealtimeNs + 1_000_000_000 };
        await nodes.Elapse(1);
        var refused = await nodes.Host(nodes.One).Begin(mortal, "late");
        Assert.Equal(Errno.EKEYEXPIRED, refused.Errno);
    });

    [Fact]
    public void Whoever_claims_a_child_lends_it_a_credential_of_its_own() => Run(async nodes =>
    {
        var now = nodes.One.Clock.RealtimeNs;
        var parent = await nodes.Begin(ProcessNodes.Alice with { ExpiresNs = now + 10_000_000_000 });
        var spawned = (await parent.Self.Spawn(nodes.Two.Member.Node.Id)).Value;
        var renewed = ProcessNodes.Alice with { ExpiresNs = now + 30_000_000_000 };
        var host = nodes.Host(nodes.Two);
        var child = new Program(
            nodes, nodes.Two, (await host.Claim(renewed, spawned.Pid, spawned.Token)).Value);
        await nodes.Elapse(20);
        Assert.Equal((byte)'S', (await child.Info()).State);
        await nodes.Elapse(11);
        Assert.Equal(Errno.EKEYEXPIRED, (await child.Lookup(1)).Errno);
    });

    [Fact]
    public void A_credential_that_holds_for_hours_expires_on_time() => Run(async nodes =>
    {
        var clock = nodes.One.Clock;
        var expires = clock.RealtimeNs + (long)TimeSpan.FromHours(5.5).TotalNanoseconds;
        var process = await nodes.Begin(ProcessNodes.Alice with { ExpiresNs = expires });
        await nodes.Cluster.Elapse(TimeSpan.FromHours(5.4));
        Assert.Equal((byte)'S', (await process.Info()).State);
        await nodes.Cluster.Elapse(TimeSpan.FromHours(0.2));
        Assert.Equal(Errno.EKEYEXPIRED, (await process.Lookup(1)).Errno);
    });

    private static IdChange Id(uint id) => new(IdRule.Id, false, id, 0, 0);

    private static void Run(Func<ProcessNodes, Task> scenario)
    {
        using var nodes = new ProcessNodes(nodes: 2);
        nodes.Run(() => scenario(nodes));
    }
}
