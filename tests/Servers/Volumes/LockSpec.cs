using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;
using K42.Servers.Volumes;

using Xunit;

namespace K42.Servers.Tests.Volumes;

/// <summary>Locks of a volume's files. What Linux says is compared in tests/Conformance; here is what can't
/// be seen there: limits, models, other nodes and their death.</summary>
public sealed class LockSpec
{
    private const int CreateNew = OpenFlags.O_CREAT | OpenFlags.O_RDWR;
    private const int Read = 0, Write = 1, Unlock = 2;

    [Fact]
    public void Locks_stay_what_a_byte_by_byte_model_says() => Run(new VolumeSettings(), async nodes =>
    {
        const int bytes = 24, steps = 600, owners = 3;
        var random = new Random(7);
        var files = new List<FileClient>();
        var first = await Share(nodes, owners, files);
        var model = new int[owners, bytes];
        for (var owner = 0; owner < owners; owner++)
        {
            for (var at = 0; at < bytes; at++) model[owner, at] = Unlock;
        }
        for (var step = 0; step < steps; step++)
        {
            var (owner, type) = (random.Next(owners), random.Next(3));
            var start = random.Next(bytes);
            var length = 1 + random.Next(bytes - start);
            var free = Enumerable.Range(0, owners).All(other => other == owner || Enumerable
                .Range(start, length).All(at => type == Unlock || model[other, at] == Unlock
                    || (type == Read && model[other, at] == Read)));
            var set = await Set(files[owner], type, start, length);
            Assert.Equal(free ? Errno.None : Errno.EAGAIN, set.Errno);
            for (var at = start; free && at < start + length; at++) model[owner, at] = type;
            await Compare(files, model, bytes);
        }
        GC.KeepAlive(first);
    });

    [Fact]
    public void A_wait_takes_no_turn_and_is_granted_in_order() => Run(new VolumeSettings(), async nodes =>
    {
        var files = new List<FileClient>();
        await Share(nodes, 3, files);
        Assert.Equal(Errno.None, (await Set(files[0], Write, 0, 0)).Errno);
        var order = new List<int>();
        var second = Wait(files[1], 1);
        var third = Wait(files[2], 2);
        // The volume goes on meanwhile.
        Assert.Equal(4, (await files[1].Write("data"u8.ToArray(), 0)).Value);
        Assert.False(second.IsCompleted || third.IsCompleted);
        await Set(files[0], Unlock, 0, 0);
        await Task.WhenAll(second, third);
        Assert.Equal([1, 2], order);

        async Task Wait(FileClient file, int name)
        {
            Assert.Equal(Errno.None, (await Set(file, Write, 0, 0, wait: true)).Errno);
            order.Add(name);
            await Set(file, Unlock, 0, 0);
        }
    });

    [Fact]
    public void A_cancelled_wait_is_interrupted_and_leaves_nothing() => Run(
        new VolumeSettings(), async nodes =>
    {
        var files = new List<FileClient>();
        await Share(nodes, 2, files);
        await Set(files[0], Write, 0, 0);
        using var signal = new CancellationTokenSource();
        var wait = files[1].Lock(
            new RecordLock(Write, 0, 0, 0, 0), LockScope.Process, true, signal.Token).AsTask();
        signal.Cancel();
        Assert.Equal(Errno.EINTR, (await wait).Errno);
        await Set(files[0], Unlock, 0, 0);
        Assert.Equal(Errno.None, (await Set(files[0], Write, 0, 0)).Errno);
    });

    [Fact]
    public void Locks_and_waits_beyond_the_limits_get_ENOLCK() => Run(
        new VolumeSettings { Locks = new LockLimits(LocksMax: 6, FileLocksMax: 4, FileWaitersMax: 1) },
        async nodes =>
    {
        var files = new List<FileClient>();
        var root = await Share(nodes, 3, files);
        for (var at = 0; at < 3; at++)
        {
            Assert.Equal(Errno.None, (await Set(files[0], Write, at * 10, 5)).Errno);
        }
        Assert.Equal(Errno.ENOLCK, (await Set(files[0], Write, 90, 5)).Errno);
        var other = await root.Open("other", CreateNew);
        Assert.Equal(Errno.None, (await Set(other, Write, 0, 5)).Errno);
        Assert.Equal(Errno.None, (await Set(other, Write, 10, 5)).Errno);
        Assert.Equal(Errno.ENOLCK, (await Set(other, Write, 20, 5)).Errno);
        var wait = Set(files[1], Write, 0, 5, wait: true);
        Assert.Equal(Errno.ENOLCK, (await Set(files[2], Write, 0, 5, wait: true)).Errno);
        // To give all back needs no room.
        Assert.Equal(Errno.None, (await Set(files[0], Unlock, 0, 0)).Errno);
        Assert.Equal(Errno.None, (await wait).Errno);
    });

    [Fact]
    public void Nobody_locks_by_a_handle_that_is_not_its_own() => Run(new VolumeSettings(), async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var file = await root.Open("f", CreateNew);
        // A handle of its owner's that everybody may look things up by.
        var pid = file.Context.Identity.Pid;
        var shared = (await file.GiveAccess(pid, Rights.Read | Rights.Write, Rights.Lookup)).Value;
        var stranger = new FileClient(nodes.Process(ServerNodes.Bob), shared);
        foreach (var scope in new[] { LockScope.Process, LockScope.Description, LockScope.Whole })
        {
            var wanted = new RecordLock(Write, 0, 0, 0, 0);
            Assert.Equal(Errno.EPERM, (await stranger.Lock(wanted, scope, false)).Errno);
        }
        Assert.Equal(Errno.None, (await Set(file, Write, 0, 0)).Errno);
    });

    [Fact]
    public void One_user_leaves_places_for_locks_of_others() => Run(
        new VolumeSettings { Locks = new LockLimits(UserLocksMax: 6, UserFileLocksMax: 4) }, async nodes =>
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        var first = await root.Open("first", CreateNew);
        var bobs = await Give(first, nodes.Process(ServerNodes.Bob));
        for (var at = 0; at < 3; at++) Assert.Equal(Errno.None, (await Set(first, Read, at * 10, 5)).Errno);
        Assert.Equal(Errno.ENOLCK, (await Set(first, Read, 90, 5)).Errno);
        Assert.Equal(Errno.None, (await Set(bobs, Read, 90, 5)).Errno);
        var second = await root.Open("second", CreateNew);
        for (var at = 0; at < 2; at++) Assert.Equal(Errno.None, (await Set(second, Read, at * 10, 5)).Errno);
        Assert.Equal(Errno.ENOLCK, (await Set(second, Read, 90, 5)).Errno);
        Assert.Equal(Errno.None, (await Set(first, Unlock, 0, 0)).Errno);
        Assert.Equal(Errno.None, (await Set(second, Read, 90, 5)).Errno);
        Assert.Equal(Errno.None, (await Set(bobs, Unlock, 0, 0)).Errno);
    });

    [Fact]
    public void Giving_back_needs_room_only_where_it_cuts_a_lock_in_two() => Run(
        new VolumeSettings { Locks = new LockLimits(LocksMax: 100, FileLocksMax: 4) }, async nodes =>
    {
        var files = new List<FileClient>();
        await Share(nodes, 2, files);
        for (var at = 0; at < 3; at++) await Set(files[0], Read, at * 10, 5);
        Assert.Equal(Errno.None, (await Set(files[0], Unlock, 12, 1)).Errno);
        // Full: 0-4, 10-11, 13-14, 20-24.
        Assert.Equal(Errno.ENOLCK, (await Set(files[0], Unlock, 2, 1)).Errno);
        Assert.Equal(Errno.None, (await Set(files[0], Unlock, 4, 1)).Errno);
        Assert.Equal(Errno.None, (await Set(files[0], Unlock, 13, 5)).Errno);
        Assert.Equal(Errno.None, (await Set(files[1], Unlock, 0, 5)).Errno);
        Assert.Equal(Errno.None, (await Set(files[0], Unlock, 2, 1)).Errno);
    });

    [Fact]
    public void A_circle_of_many_waits_is_found() => Run(new VolumeSettings(), async nodes =>
    {
        // Linux looks ten waits far; here the search has no end but the circle's.
        const int many = 40;
        var files = new List<FileClient>();
        await Share(nodes, many, files);
        for (var i = 0; i < many; i++) await Set(files[i], Write, i, 1);
        var waits = new List<Task<Outcome<Nothing>>>();
        for (var i = 0; i < many - 1; i++) waits.Add(Set(files[i], Write, i + 1, 1, wait: true));
        Assert.Equal(Errno.EDEADLK, (await Set(files[many - 1], Write, 0, 1, wait: true)).Errno);
        Assert.DoesNotContain(waits, static wait => wait.IsCompleted);
        await Set(files[many - 1], Unlock, 0, 0);
        Assert.Equal(Errno.None, (await waits[^1]).Errno);
    });

    [Fact]
    public void A_retry_that_would_close_a_circle_ends_the_wait() => Run(new VolumeSettings(), async nodes =>
    {
        var files = new List<FileClient>();
        await Share(nodes, 3, files);
        var (one, two, three) = (files[0], files[1], files[2]);
        await Set(one, Read, 0, 2);
        await Set(two, Read, 0, 1);
        await Set(three, Write, 9, 1);
        // Three waits for one, who stands before two.
        var third = Set(three, Write, 0, 2, wait: true);
        var second = Set(two, Write, 9, 1, wait: true);
        Assert.False(second.IsCompleted);
        await Set(one, Unlock, 0, 2);
        Assert.Equal(Errno.EDEADLK, (await third).Errno);
        await Set(three, Unlock, 9, 1);
        Assert.Equal(Errno.None, (await second).Errno);
    });

    [Fact]
    public void The_death_of_the_holders_node_grants_the_waiter() => Run(new VolumeSettings(), async nodes =>
    {
        var two = nodes.Cluster.AddNode();
        var three = nodes.Cluster.AddNode();
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        nodes.Start(two);
        nodes.Start(three);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        var owner = nodes.Process(ServerNodes.Alice);
        var file = await (await nodes.NewVolume(owner)).Open("f", CreateNew);
        var holder = await Give(file, nodes.Process(ServerNodes.Alice, two));
        var waiter = await Give(file, nodes.Process(ServerNodes.Alice, three));
        Assert.Equal(Errno.None, (await Set(holder, Write, 0, 0)).Errno);
        var found = (await waiter.FindLock(new RecordLock(Read, 0, 5, 1, 0), LockScope.Process)).Value;
        Assert.Equal((Write, holder.Context.Identity.Pid), (found.Type, found.Pid));
        var wait = Set(waiter, Write, 0, 0, wait: true);
        nodes.Cluster.Kill(two);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        // A node that is only silent may still hold it.
        Assert.False(wait.IsCompleted);
        nodes.Cluster.Remove(two);
        Assert.Equal(Errno.None, (await wait).Errno);
        found = (await file.FindLock(new RecordLock(Read, 0, 0, 0, 0), LockScope.Process)).Value;
        Assert.Equal(waiter.Context.Identity.Pid, found.Pid);
    });

    [Fact]
    public void The_death_of_the_waiters_node_takes_its_wait_along() => Run(
        new VolumeSettings(), async nodes =>
    {
        var two = nodes.Cluster.AddNode();
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        nodes.Start(two);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        var file = await (await nodes.NewVolume(nodes.Process(ServerNodes.Alice))).Open("f", CreateNew);
        var waiter = await Give(file, nodes.Process(ServerNodes.Alice, two));
        await Set(file, Write, 0, 0);
        _ = Set(waiter, Write, 0, 0, wait: true);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        nodes.Cluster.Kill(two);
        nodes.Cluster.Remove(two);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        await Set(file, Unlock, 0, 0);
        var local = await Give(file, nodes.Process(ServerNodes.Bob));
        Assert.Equal(Errno.None, (await Set(local, Write, 0, 0)).Errno);
    });

    private static async Task Compare(List<FileClient> files, int[,] model, int bytes)
    {
        var (owners, last) = (files.Count, files.Count - 1);
        for (var at = 0; at < bytes; at++)
        {
            for (var asker = 0; asker < owners; asker += last)
            {
                var wanted = new RecordLock(Write, 0, at, 1, 0);
                var found = (await files[asker].FindLock(wanted, LockScope.Process)).Value;
                var others = Enumerable.Range(0, owners)
                    .Where(other => other != asker && model[other, at] != Unlock).ToArray();
                Assert.Equal(others.Length == 0, found.Type == Unlock);
                if (others.Length == 0) continue;
                var holder = files.FindIndex(file => file.Context.Identity.Pid == found.Pid);
                Assert.Contains(holder, others);
                Assert.Equal(model[holder, at], found.Type);
                for (var held = found.Start; held < found.Start + found.Length; held++)
                {
                    Assert.Equal(found.Type, model[holder, held]);
                }
                // Neighbours of one type are one lock.
                var before = found.Start - 1;
                var behind = found.Start + found.Length;
                Assert.True(before < 0 || model[holder, before] != found.Type);
                Assert.True(behind >= bytes || model[holder, behind] != found.Type);
            }
        }
    }

    /// <summary>One open file, shared by some processes.</summary>
    private static async Task<DirectoryClient> Share(ServerNodes nodes, int count, List<FileClient> files)
    {
        var root = await nodes.NewVolume(nodes.Process(ServerNodes.Alice));
        files.Add(await root.Open("f", CreateNew));
        while (files.Count < count) files.Add(await Give(files[0], nodes.Process(ServerNodes.Alice)));
        return root;
    }

    private static async Task<FileClient> Give(FileClient file, CallContext process)
    {
        const Rights rights = Rights.Read | Rights.Write | Rights.Lookup;
        var handle = await file.GiveAccess(process.Identity.Pid, rights, Rights.None);
        return new FileClient(process, handle.Value);
    }

    private static Task<Outcome<Nothing>> Set(
        FileClient file, int type, long start, long length, bool wait = false) =>
        file.Lock(
            new RecordLock(type, 0, start, length, 0), LockScope.Process, wait,
            TestContext.Current.CancellationToken).AsTask();

    private static void Run(VolumeSettings settings, Func<ServerNodes, Task> scenario)
    {
        using var nodes = new ServerNodes { VolumeSettings = settings };
        nodes.Run(scenario);
    }
}
