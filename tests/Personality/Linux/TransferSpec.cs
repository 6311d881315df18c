using System.Buffers.Binary;

using K42.Contracts;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Bytes through descriptors, on real volumes and pipes.</summary>
public sealed class TransferSpec
{
    private const int CreateReadWrite = 0x42, WriteOnly = 1, NonBlock = 0x800, Append = 0x400;
    private const int Long = 300_003;

    [Fact]
    public void Transfers_larger_than_a_call_arrive_whole() => TaskWorld.Run(async (_, task) =>
    {
        var bytes = Pattern(1_000_003);
        var fd = await task.Must("open", "/big", CreateReadWrite, 0x1A4);
        Assert.Equal(bytes.Length, await task.Write(fd, bytes));
        Assert.Equal(0, await task.Must("lseek", fd, 0, 0));
        Assert.Equal(bytes, await task.Read(fd, bytes.Length + 5));
        Assert.Empty(await task.Read(fd, 10));

        var room = new Room(bytes.Length);
        Assert.Equal(bytes.Length - 7, await task.Must("pread64", fd, room, bytes.Length, 7));
        Assert.Equal(bytes[7..], room.Bytes);
        Assert.Equal(bytes.Length, await task.Must("pwrite64", fd, bytes, bytes.Length, 100_000));
        Assert.Equal(bytes.Length, await task.Must("lseek", fd, 0, 1));
        Assert.Equal(bytes.Length + 100_000, await task.Must("lseek", fd, 0, 2));
        await task.Must("pread64", fd, room, bytes.Length, 100_000);
        Assert.Equal(bytes, room.Bytes);
    });

    [Fact]
    public void A_long_write_is_one_to_who_shares_the_offset() => TaskWorld.Run(async world =>
    {
        var parent = await world.NewTask(TaskWorld.Root, await world.AddNode());
        var fd = await parent.Must("open", "/f", CreateReadWrite, 0x1A4);
        var child = await Fork(parent);
        await BothWrite(parent, fd, child, fd);
        Assert.Equal(2 * Long, await parent.Must("lseek", fd, 0, 1));
    });

    [Fact]
    public void Long_appends_by_two_who_opened_a_file_do_not_mix() => TaskWorld.Run(async world =>
    {
        var one = await world.NewTask(TaskWorld.Root, await world.AddNode());
        var other = await world.NewTask(TaskWorld.Root, await world.AddNode());
        var first = await one.Must("open", "/f", CreateReadWrite | Append, 0x1A4);
        var second = await other.Must("open", "/f", CreateReadWrite | Append, 0x1A4);
        await BothWrite(one, first, other, second);
    });

    [Fact]
    public void Long_reads_at_a_shared_offset_take_a_part_each() => TaskWorld.Run(async world =>
    {
        var parent = await world.NewTask(TaskWorld.Root, await world.AddNode());
        var fd = await parent.Must("open", "/f", CreateReadWrite, 0x1A4);
        var bytes = Pattern((2 * Long) - 5);
        await parent.Write(fd, bytes);
        await parent.Must("lseek", fd, 0, 0);
        var child = await Fork(parent);
        var reads = new[] { parent.Read(fd, Long), child.Read(fd, Long) };
        var seen = (await Task.WhenAll(reads)).OrderByDescending(static read => read.Length).ToArray();
        Assert.Equal(bytes[..Long], seen[0]);
        Assert.Equal(bytes[Long..], seen[1]);
        Assert.Equal(bytes.Length, await child.Must("lseek", fd, 0, 1));
        Assert.Empty(await parent.Read(fd, Long));
    });

    [Fact]
    public void A_write_beyond_what_is_written_as_one_arrives_whole() => TaskWorld.Run(async (_, task) =>
    {
        var bytes = Pattern((8 << 20) + 70_000);
        var fd = await task.Must("open", "/big", CreateReadWrite, 0x1A4);
        Assert.Equal(bytes.Length, await task.Write(fd, bytes));
        Assert.Equal(bytes.Length, await task.Must("pwrite64", fd, bytes, bytes.Length, 3));
        Assert.Equal(bytes.Length, await task.Must("lseek", fd, 0, 1));
        await task.Must("lseek", fd, 3, 0);
        Assert.Equal(bytes, await task.Read(fd, bytes.Length + 1));
        await task.Fails(Errno.EINVAL, "pwrite64", fd, bytes, bytes.Length, long.MaxValue - 70_000);
        await task.Fails(Errno.EINVAL, "pread64", fd, new Room(70_001), 70_001, long.MaxValue - 70_000);
    });

    [Fact]
    public void Duplicates_share_an_offset_and_the_file_lives_to_the_last_of_them() => TaskWorld.Run(
        async (_, task) =>
    {
        var fd = await task.Must("open", "/f", CreateReadWrite, 0x1A4);
        var copy = await task.Must("dup", fd);
        await task.Write(fd, "abcdef"u8.ToArray());
        Assert.Equal(6, await task.Must("lseek", copy, 0, 1));
        await task.Must("unlink", "/f");
        await task.Must("close", fd);
        await task.Fails(Errno.EBADF, "lseek", fd, 0, 0);
        await task.Must("lseek", copy, 2, 0);
        Assert.Equal("cdef"u8.ToArray(), await task.Read(copy, 10));
    });

    [Fact]
    public void Errors_come_in_linuxs_order() => TaskWorld.Run(async (_, task) =>
    {
        var file = await task.Must("open", "/f", CreateReadWrite, 0x1A4);
        var writeOnly = await task.Must("open", "/f", WriteOnly, 0);
        var directory = await task.Must("open", "/", 0, 0);
        var ends = new Room(8);
        await task.Must("pipe", ends);
        var (reader, writer) = Ends(ends);
        var room = new Room(8);
        await task.Fails(Errno.EBADF, "read", 99, 0, 1);
        await task.Fails(Errno.EBADF, "read", writeOnly, room, 1);
        await task.Fails(Errno.EFAULT, "read", file, room, -1L);
        Assert.Equal(0, await task.Must("read", file, 0, 10));
        await task.Fails(Errno.EFAULT, "write", file, 0, 10);
        await task.Fails(Errno.EISDIR, "read", directory, room, 0);
        await task.Fails(Errno.EISDIR, "read", directory, 0, 10);
        await task.Fails(Errno.EINVAL, "pread64", 99, room, 1, -1L);
        await task.Fails(Errno.ESPIPE, "pread64", writer, room, 1, 0);
        await task.Fails(Errno.ESPIPE, "pread64", reader, room, 1, 0);
        await task.Fails(Errno.EBADF, "pread64", writeOnly, room, 1, 0);
        await task.Fails(Errno.EINVAL, "lseek", reader, 0, 9);
        await task.Fails(Errno.ESPIPE, "lseek", reader, 0, 0);
        await task.Fails(Errno.EINVAL, "ftruncate", 99, -1L);
        await task.Fails(Errno.EINVAL, "ftruncate", directory, 0);
        await task.Fails(Errno.EINVAL, "fsync", reader);
        await task.Fails(Errno.ENOTDIR, "getdents64", writeOnly, room, 8);
        await task.Fails(Errno.EINVAL, "getdents64", directory, room, 4);
        Assert.Equal(0, await task.Must("write", writer, 0, 0));
    });

    [Fact]
    public void A_vector_of_ranges_is_checked_before_anything_moves() => TaskWorld.Run(async (_, task) =>
    {
        var file = await task.Must("open", "/f", CreateReadWrite, 0x1A4);
        var writeOnly = await task.Must("open", "/f", WriteOnly, 0);
        await task.Fails(Errno.EBADF, "readv", writeOnly, 0, -1L);
        await task.Fails(Errno.EINVAL, "readv", file, 0, -1L);
        await task.Fails(Errno.EINVAL, "readv", file, 0, 1_025);
        await task.Fails(Errno.EFAULT, "readv", file, 8, 1);
        await task.Fails(Errno.EINVAL, "readv", file, Vector((0, -1)), 1);
        Assert.Equal(0, await task.Must("readv", file, 0, 0));
        await task.Fails(Errno.EFAULT, "writev", file, Vector((0, 4)), 1);
        Assert.Equal(0, await task.Must("writev", file, Vector((0, 0), (0, 0)), 2));
    });

    [Fact]
    public void A_write_to_a_broken_pipe_is_EPIPE_and_SIGPIPE() => TaskWorld.Run(async (_, task) =>
    {
        var ends = new Room(8);
        await task.Must("pipe", ends);
        var (reader, writer) = Ends(ends);
        await task.Must("rt_sigaction", 13, Action(0x1000), 0, 8);
        await task.Must("close", reader);
        await task.Fails(Errno.EPIPE, "write", writer, "x"u8.ToArray(), 1);
        Assert.True(task.Task.TryNextEvent(out var signal));
        Assert.Equal(13, signal.Signal.Number);
        await task.Must("rt_sigaction", 13, Action(0), 0, 8);
        await task.Fails(Errno.EPIPE, "write", writer, "x"u8.ToArray(), 1);
        Assert.True(task.Task.HasEnded);
        await task.Fails(Errno.ESRCH, "getpid");
    });

    [Fact]
    public void A_pipe_gives_what_it_has_and_EAGAIN_only_when_asked_not_to_wait() => TaskWorld.Run(
        async (_, task) =>
    {
        var ends = new Room(8);
        await task.Must("pipe2", ends, NonBlock);
        var (reader, writer) = Ends(ends);
        await task.Fails(Errno.EAGAIN, "read", reader, new Room(4), 4);
        await task.Write(writer, "abc"u8.ToArray());
        Assert.Equal("abc"u8.ToArray(), await task.Read(reader, 1_000_000));
        Assert.Equal(65_536, await task.Write(writer, new byte[200_000]));
        await task.Fails(Errno.EAGAIN, "write", writer, new byte[1], 1);
        await task.Must("fcntl", reader, 4, 0);
        Assert.Equal(0, await task.Must("fcntl", reader, 3, 0));
        await task.Must("close", writer);
        Assert.Equal(65_536, (await task.Read(reader, 1_000_000)).Length);
        Assert.Empty(await task.Read(reader, 10));
    });

    [Fact]
    public void A_blocking_write_larger_than_the_pipe_ends_when_all_is_read() => TaskWorld.Run(
        async (_, task) =>
    {
        var ends = new Room(8);
        await task.Must("pipe", ends);
        var (reader, writer) = Ends(ends);
        var bytes = Pattern(300_000);
        var written = task.Write(writer, bytes);
        var read = new List<byte>();
        while (read.Count < bytes.Length) read.AddRange(await task.Read(reader, 100_000));
        Assert.Equal(bytes.Length, await written);
        Assert.Equal(bytes, read);
    });

    [Fact]
    public void Appending_goes_to_the_end_whatever_the_offset() => TaskWorld.Run(async (_, task) =>
    {
        var fd = await task.Must("open", "/f", CreateReadWrite | Append, 0x1A4);
        await task.Write(fd, "one"u8.ToArray());
        await task.Must("lseek", fd, 0, 0);
        await task.Write(fd, "two"u8.ToArray());
        await task.Must("lseek", fd, 0, 0);
        Assert.Equal("onetwo"u8.ToArray(), await task.Read(fd, 10));
        Assert.Equal(CreateReadWrite & 3 | Append | 0x8000, await task.Must("fcntl", fd, 3, 0));
    });

    [Fact]
    public void The_memory_devices_are_opened_through_their_nodes() => TaskWorld.Run(async (_, task) =>
    {
        if (await task.Call("access", "/dev", 0) < 0) await task.Must("mkdir", "/dev", 0x1ED);
        await task.Must("mknod", "/dev/spec-full", 0x21B6, 0x107);
        await task.Must("mknod", "/dev/spec-zero", 0x21B6, 0x105);
        await task.Must("mknod", "/dev/spec-none", 0x21B6, 0x763);
        var full = await task.Must("open", "/dev/spec-full", 2, 0);
        await task.Fails(Errno.ENOSPC, "write", full, new byte[1], 1);
        var zero = await task.Must("open", "/dev/spec-zero", 0, 0);
        Assert.Equal(new byte[200_000], await task.Read(zero, 200_000));
        await task.Fails(Errno.ENXIO, "open", "/dev/spec-none", 0, 0);
    });

    private static async Task<SpecTask> Fork(SpecTask parent) =>
        new(parent.Task.TakeChild((int)await parent.Must("fork"))!);

    // Each writes its letter, at the same time.
    private static async Task BothWrite(SpecTask first, long firstFd, SpecTask second, long secondFd)
    {
        byte[][] texts = [new byte[Long], new byte[Long]];
        for (var i = 0; i < texts.Length; i++) texts[i].AsSpan().Fill((byte)('a' + i));
        var written = await Task.WhenAll(first.Write(firstFd, texts[0]), second.Write(secondFd, texts[1]));
        Assert.All(written, static count => Assert.Equal(Long, count));
        var room = new Room(2 * Long);
        Assert.Equal(2 * Long, await first.Must("pread64", firstFd, room, 2 * Long, 0));
        var order = room.Bytes[0] == 'a' ? texts : [texts[1], texts[0]];
        Assert.Equal([.. order[0], .. order[1]], room.Bytes);
    }

    internal static byte[] Action(long handler, ulong flags = 0)
    {
        var action = new byte[32];
        BinaryPrimitives.WriteInt64LittleEndian(action, handler);
        BinaryPrimitives.WriteUInt64LittleEndian(action.AsSpan(8), flags);
        return action;
    }

    internal static (long Reader, long Writer) Ends(Room room) =>
        (BitConverter.ToInt32(room.Bytes), BitConverter.ToInt32(room.Bytes, 4));

    private static byte[] Vector(params (long Address, long Count)[] ranges)
    {
        var words = ranges.SelectMany(static range => new[] { range.Address, range.Count });
        return [.. words.SelectMany(BitConverter.GetBytes)];
    }

    private static byte[] Pattern(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = (byte)(i * 31 + i / 251);
        return bytes;
    }
}
