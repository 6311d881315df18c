using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Pipes;
using K42.Servers.Volumes;

using Xunit;

namespace K42.Servers.Tests.Pipes;

public sealed class PipeSpec
{
    private const int Capacity = 65_536;

    [Fact]
    public void Bytes_come_out_in_the_order_in_which_they_went_in() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        Assert.Equal(3, (await writer.Write("abc"u8.ToArray(), -1)).Value);
        Assert.Equal(2, (await writer.Write("de"u8.ToArray(), -1)).Value);
        Assert.Equal("abcd"u8.ToArray(), (await reader.Read(4, -1)).Value.ToArray());
        Assert.Equal("e"u8.ToArray(), (await reader.Read(4, -1)).Value.ToArray());
    });

    [Fact]
    public void An_interrupted_reader_takes_no_bytes() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        using var signal = new CancellationTokenSource();
        var interrupted = reader.Read(4, -1, signal.Token);
        signal.Cancel();
        Assert.Equal(Errno.EINTR, (await interrupted).Errno);
        var patient = reader.Read(4, -1);
        await writer.Write("abcdef"u8.ToArray(), -1);
        Assert.Equal("abcd"u8.ToArray(), (await patient).Value.ToArray());
    });

    [Fact]
    public void Readers_that_wait_are_served_in_order() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        var first = reader.Read(2, -1);
        var second = reader.Read(2, -1);
        // One turn of its own, so that both calls are parked before the write.
        await reader.Status();
        await writer.Write("abcd"u8.ToArray(), -1);
        Assert.Equal("ab"u8.ToArray(), (await first).Value.ToArray());
        Assert.Equal("cd"u8.ToArray(), (await second).Value.ToArray());
    });

    [Fact]
    public void A_write_up_to_PIPE_BUF_goes_in_whole_or_waits() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        await writer.Write(new byte[Capacity - 100], -1);
        await writer.SetFlags(OpenFlags.O_NONBLOCK, 0);
        Assert.Equal(Errno.EAGAIN, (await writer.Write(new byte[4_096], -1)).Errno);
        await writer.SetFlags(0, 0);
        var waiting = writer.Write(new byte[4_096], -1);
        Assert.Equal(4_096, (await reader.Read(4_096, -1)).Value.Length);
        Assert.Equal(4_096, (await waiting).Value);
    });

    [Fact]
    public void A_large_write_without_waiting_takes_what_fits() => Run(async nodes =>
    {
        var (_, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice), OpenFlags.O_NONBLOCK);
        Assert.Equal(Capacity - 4_096, (await writer.Write(new byte[Capacity - 4_096], -1)).Value);
        Assert.Equal(4_096, (await writer.Write(new byte[10_000], -1)).Value);
        Assert.Equal(Errno.EAGAIN, (await writer.Write(new byte[1], -1)).Errno);
    });

    [Fact]
    public void A_user_with_many_pages_gets_small_pipes_and_none_that_grow() => Run(async nodes =>
    {
        const int megabyte = 1 << 20, small = 2 * 4_096;
        var alice = nodes.Process(ServerNodes.Alice);
        var pipes = new List<FileClient>();
        // 16,384 pages (pipe-user-pages-soft) are 64 MiB.
        for (var count = 0; count < 64; count++)
        {
            var (_, writer) = await nodes.NewPipe(alice);
            Assert.Equal(megabyte, (await writer.Capacity(megabyte)).Value);
            pipes.Add(writer);
        }
        var (_, last) = await nodes.NewPipe(alice);
        Assert.Equal(small, (await last.Capacity(FileContract.SameCapacity)).Value);
        Assert.Equal(Errno.EPERM, (await last.Capacity(Capacity)).Errno);
        Assert.Equal(4_096, (await last.Capacity(4_096)).Value);
        var (_, bobs) = await nodes.NewPipe(nodes.Process(ServerNodes.Bob));
        Assert.Equal(Capacity, (await bobs.Capacity(FileContract.SameCapacity)).Value);
        var (_, roots) = await nodes.NewPipe(nodes.Process(ServerNodes.Root));
        Assert.Equal(megabyte, (await roots.Capacity(megabyte)).Value);
        // What is given back can be had again.
        foreach (var pipe in pipes.Take(40)) await pipe.Capacity(4_096);
        Assert.Equal(megabyte, (await last.Capacity(megabyte)).Value);
    });

    [Fact]
    public void Writes_that_wait_hold_so_many_bytes_of_a_user_and_no_more()
    {
        var settings = new PipeSettings(Actors: 2) { UserWaitingBytesMax = 4 * Capacity };
        using var nodes = new ServerNodes { PipeSettings = settings };
        nodes.Run(async _ =>
        {
            var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
            var waiting = new List<Task<Outcome<int>>>();
            for (var count = 0; count < 5; count++)
                waiting.Add(writer.Write(new byte[Capacity], -1).AsTask());
            Assert.Equal(Errno.Overloaded, (await writer.Write(new byte[1], -1)).Errno);
            // Neither does another pipe hold more for her, but it does for others.
            var (_, second) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
            await second.Write(new byte[Capacity - 4_096], -1);
            Assert.Equal(4_096, (await second.Write(new byte[Capacity], -1)).Value);
            var (_, bobs) = await nodes.NewPipe(nodes.Process(ServerNodes.Bob));
            await bobs.Write(new byte[Capacity], -1);
            Assert.False(bobs.Write(new byte[Capacity], -1).AsTask().IsCompleted);
            Assert.Equal(Capacity, (await reader.Read(Capacity, -1)).Value.Length);
            Assert.Equal(Capacity, (await waiting[1]).Value);
            Assert.False(waiting[4].IsCompleted);
            Assert.False(writer.Write(new byte[Capacity], -1).AsTask().IsCompleted);
        });
    }

    [Fact]
    public void A_pipe_is_full_where_Linuxs_is_when_writes_do_not_fill_pages() => Run(async nodes =>
    {
        // Four writes of 1,000 bytes to a page of 4,096: 64 of them, not 65.
        var (_, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice), OpenFlags.O_NONBLOCK);
        var writes = 0;
        while (!(await writer.Write(new byte[1_000], -1)).Failed) writes++;
        Assert.Equal(64, writes);
        Assert.Equal(96, (await writer.Write(new byte[96], -1)).Value);
    });

    [Fact]
    public void A_writer_interrupted_after_a_part_gets_the_parts_length() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        await writer.Write(new byte[Capacity - 4_096], -1);
        using var signal = new CancellationTokenSource();
        var partial = writer.Write(new byte[10_000], -1, signal.Token);
        await reader.Status();
        signal.Cancel();
        Assert.Equal(4_096, (await partial).Value);
        Assert.Equal(Capacity, (await reader.Read(Capacity, -1)).Value.Length);
    });

    [Fact]
    public void A_writer_interrupted_before_any_byte_gets_EINTR_and_leaves_none() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        await writer.Write(new byte[Capacity], -1);
        using var signal = new CancellationTokenSource();
        var waiting = writer.Write(new byte[10], -1, signal.Token);
        await reader.Status();
        signal.Cancel();
        Assert.Equal(Errno.EINTR, (await waiting).Errno);
        Assert.Equal(Capacity, (await reader.Read(Capacity, -1)).Value.Length);
        await reader.SetFlags(OpenFlags.O_NONBLOCK, 0);
        Assert.Equal(Errno.EAGAIN, (await reader.Read(1, -1)).Errno);
    });

    [Fact]
    public void Readers_see_the_end_when_the_last_writer_is_gone() => Run(async nodes =>
    {
        var parent = nodes.Process(ServerNodes.Alice);
        var child = nodes.Process(ServerNodes.Alice);
        var (reader, writer) = await nodes.NewPipe(parent);
        var given = await writer.GiveAccess(child.Identity.Pid, Rights.Write | Rights.Lookup, Rights.None);
        var childs = new K42.Contracts.Servers.FileClient(child, given.Value);
        writer.Release();
        await childs.Write("x"u8.ToArray(), -1);
        Assert.Equal(1, (await reader.Read(10, -1)).Value.Length);
        var waiting = reader.Read(10, -1);
        await reader.Status();
        nodes.One.Ipc.Dismiss(child);
        Assert.Empty((await waiting).Value.ToArray());
        Assert.Empty((await reader.Read(10, -1)).Value.ToArray());
    });

    [Fact]
    public void Bytes_written_before_the_end_are_read_before_the_end() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        await writer.Write("last"u8.ToArray(), -1);
        writer.Release();
        Assert.Equal("last"u8.ToArray(), (await reader.Read(10, -1)).Value.ToArray());
        Assert.Empty((await reader.Read(10, -1)).Value.ToArray());
    });

    [Fact]
    public void Writers_get_EPIPE_when_the_last_reader_is_gone() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        await writer.Write(new byte[Capacity], -1);
        var waiting = writer.Write(new byte[10], -1);
        await writer.Status();
        reader.Release();
        Assert.Equal(Errno.EPIPE, (await waiting).Errno);
        Assert.Equal(Errno.EPIPE, (await writer.Write(new byte[1], -1)).Errno);
        Assert.Equal(0, (await writer.Write(ReadOnlyMemory<byte>.Empty, -1)).Value);
    });

    [Fact]
    public void Pipes_have_no_offsets_no_size_and_no_entries() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        Assert.Equal(Errno.ESPIPE, (await reader.Seek(0, 0)).Errno);
        Assert.Equal(Errno.EINVAL, (await reader.Seek(0, 99)).Errno);
        Assert.Equal(Errno.ESPIPE, (await reader.Read(1, 0)).Errno);
        Assert.Equal(Errno.EINVAL, (await reader.Read(1, -3)).Errno);
        Assert.Equal(Errno.ESPIPE, (await writer.Write(new byte[1], 0)).Errno);
        Assert.Equal(Errno.EINVAL, (await writer.Truncate(0)).Errno);
        Assert.Equal(Errno.EINVAL, (await writer.Sync()).Errno);
        Assert.Equal(Errno.ENOTDIR, (await reader.ReadDirectory(100)).Errno);
        var status = (await reader.Status()).Value;
        Assert.Equal((0x1180u, 1u, 0L, 4_096), (status.Mode, status.Links, status.Size, status.BlockSize));
    });

    [Fact]
    public void Each_end_does_only_what_its_handle_allows() => Run(async nodes =>
    {
        var alice = nodes.Process(ServerNodes.Alice);
        var (reader, writer) = await nodes.NewPipe(alice);
        Assert.Equal(Errno.EPERM, (await reader.Write(new byte[1], -1)).Errno);
        Assert.Equal(Errno.EPERM, (await writer.Read(1, -1)).Errno);
        var stranger = new K42.Contracts.Servers.FileClient(nodes.Process(ServerNodes.Bob), reader.Handle);
        Assert.Equal(Errno.EPERM, (await stranger.Read(1, -1)).Errno);
    });

    [Fact]
    public void Flags_belong_to_one_end() => Run(async nodes =>
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice), OpenFlags.O_NONBLOCK);
        Assert.Equal(0x800, (await reader.Flags()).Value);
        Assert.Equal(0x801, (await writer.Flags()).Value);
        await writer.SetFlags(0, 0);
        Assert.Equal(0x800, (await reader.Flags()).Value);
        Assert.Equal(1, (await writer.Flags()).Value);
    });

    [Fact]
    public void A_listing_shows_bytes_moved_and_who_holds_the_ends() => Run(async nodes =>
    {
        var alice = nodes.Process(ServerNodes.Alice);
        var (reader, writer) = await nodes.NewPipe(alice);
        await writer.Write("hello"u8.ToArray(), -1);
        await reader.Read(3, -1);
        var listed = Assert.Single((await nodes.Pipes(alice).List()).Value);
        Assert.Equal((3L, 2, 1, 1), (listed.BytesMoved, listed.BytesHeld, listed.Readers, listed.Writers));
        Assert.Equal((alice.Identity.Pid, alice.Identity.Pid), (listed.ReaderPid, listed.WriterPid));
        reader.Release();
        writer.Release();
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        Assert.Empty((await nodes.Pipes(alice).List()).Value);
    });

    [Fact]
    public void Unknown_flags_are_EINVAL() => Run(async nodes =>
    {
        var pipes = nodes.Pipes(nodes.Process(ServerNodes.Alice));
        Assert.Equal(Errno.EINVAL, (await pipes.Create(OpenFlags.O_APPEND)).Errno);
    });

    [Fact]
    public void A_user_with_too_many_pipes_gets_ENFILE_until_one_is_closed()
    {
        using var nodes = new ServerNodes { PipeSettings = new(UserPipesMax: 2, Actors: 1) };
        nodes.Run(async _ =>
        {
            var alice = nodes.Process(ServerNodes.Alice);
            var (reader, writer) = await nodes.NewPipe(alice);
            await nodes.NewPipe(alice);
            Assert.Equal(Errno.ENFILE, (await nodes.Pipes(alice).Create(0)).Errno);
            Assert.False((await nodes.Pipes(nodes.Process(ServerNodes.Bob)).Create(0)).Failed);
            reader.Release();
            writer.Release();
            await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
            Assert.False((await nodes.Pipes(alice).Create(0)).Failed);
        });
    }

    [Fact]
    public void Pipes_whose_actor_ends_answer_EIO_and_new_ones_work() => Run(async nodes =>
    {
        var alice = nodes.Process(ServerNodes.Alice);
        var (first, _) = await nodes.NewPipe(alice);
        var (second, _) = await nodes.NewPipe(alice);
        var waiting = first.Read(1, -1);
        await first.Status();
        nodes.One.System.ActorSelection("/user/pipes/pipes-0").Tell(PoisonPill.Instance);
        await nodes.Cluster.Elapse(TimeSpan.FromSeconds(1));
        Assert.Equal(Errno.EIO, (await waiting).Errno);
        Assert.Equal(Errno.EIO, (await first.Read(1, -1)).Errno);
        Assert.False((await second.Status()).Failed);
        Assert.Single((await nodes.Pipes(alice).List()).Value);
        for (var i = 0; i < 4; i++)
        {
            var (reader, writer) = await nodes.NewPipe(alice);
            await writer.Write(new byte[1], -1);
            Assert.Equal(1, (await reader.Read(1, -1)).Value.Length);
        }
    });

    private static void Run(Func<ServerNodes, Task> scenario)
    {
        using var nodes = new ServerNodes();
        nodes.Run(scenario);
    }
}
