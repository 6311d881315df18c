using System.Buffers.Binary;

using K42.Contracts;
using K42.Personality.Linux;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Fork, exit, signals and time, on real processes.</summary>
public sealed class ProcessSpec
{
    private const int Usr1 = 10, Usr2 = 12, Restart = 0x1000_0000, CreateReadWrite = 0x42;

    [Fact]
    public void A_child_shares_open_files_and_offsets_but_not_descriptors() => TaskWorld.Run(
        async (_, task) =>
    {
        var fd = await task.Must("open", "/f", CreateReadWrite, 0x1A4);
        var copy = await task.Must("dup2", fd, 7);
        await task.Must("mkdir", "/d", 0x1ED);
        await task.Must("chdir", "/d");
        await task.Must("umask", 0x3F);
        var pid = await task.Must("fork");
        var child = new SpecTask(task.Task.TakeChild((int)pid)!);
        Assert.Null(task.Task.TakeChild((int)pid));
        Assert.Equal(pid, await child.Must("getpid"));
        Assert.Equal("/d", await child.Cwd());
        Assert.Equal(0x3F, await child.Must("umask", 0));

        await child.Write(fd, "child"u8.ToArray());
        await task.Write(copy, "parent"u8.ToArray());
        await child.Must("close", copy);
        Assert.Equal(11, await child.Must("lseek", fd, 0, 1));
        await task.Must("lseek", fd, 0, 0);
        Assert.Equal("childparent"u8.ToArray(), await task.Read(copy, 100));
    });

    [Fact]
    public void The_pipe_of_a_child_that_exits_ends_for_its_parent() => TaskWorld.Run(async (_, task) =>
    {
        var ends = new Room(8);
        await task.Must("pipe", ends);
        var (reader, writer) = TransferSpec.Ends(ends);
        var pid = await task.Must("fork");
        var child = new SpecTask(task.Task.TakeChild((int)pid)!);
        await task.Must("close", writer);
        var read = task.Read(reader, 10);
        await child.Write(writer, "last"u8.ToArray());
        Assert.Equal("last"u8.ToArray(), await read);
        await child.Must("exit_group", 3);
        Assert.Empty(await task.Read(reader, 10));
        Assert.True(child.Task.HasEnded);
        await child.Fails(Errno.ESRCH, "getpid");

        var status = new Room(4);
        Assert.Equal(pid, await task.Must("wait4", -1, status, 0, 0));
        Assert.Equal(3 << 8, BitConverter.ToInt32(status.Bytes));
    });

    [Fact]
    public void A_child_that_nobody_took_is_abandoned_with_its_parent() => TaskWorld.Run(
        async (world, task) =>
    {
        var other = await world.NewTask(TaskWorld.Root);
        var pid = await task.Must("fork");
        await other.Must("kill", pid, 0);
        await task.Must("exit_group", 0);
        await world.Elapse(TimeSpan.FromSeconds(1));
        await other.Fails(Errno.ESRCH, "kill", pid, 0);
    });

    [Fact]
    public void A_signal_with_a_handler_interrupts_a_read_and_takes_no_bytes() => TaskWorld.Run(
        async (_, task) =>
    {
        var ends = new Room(8);
        await task.Must("pipe", ends);
        var (reader, writer) = TransferSpec.Ends(ends);
        await task.Must("rt_sigaction", Usr1, TransferSpec.Action(0x1000), 0, 8);
        var read = task.Call("read", reader, new Room(4), 4);
        await task.Must("kill", await task.Must("getpid"), Usr1);
        Assert.Equal(Errno.EINTR, new SysResult(await read).Errno);
        await task.Write(writer, "abcd"u8.ToArray());
        Assert.Equal("abcd"u8.ToArray(), await task.Read(reader, 4));
    });

    [Fact]
    public void A_call_starts_again_after_a_handler_with_SA_RESTART() => TaskWorld.Run(async (_, task) =>
    {
        var ends = new Room(8);
        await task.Must("pipe", ends);
        var (reader, writer) = TransferSpec.Ends(ends);
        await task.Must("rt_sigaction", Usr1, TransferSpec.Action(0x1000, Restart), 0, 8);
        var read = task.Read(reader, 4);
        var pause = task.Call("pause");
        await task.Must("kill", await task.Must("getpid"), Usr1);
        Assert.Equal(Errno.EINTR, new SysResult(await pause).Errno);
        Assert.False(read.IsCompleted);
        await task.Write(writer, "abcd"u8.ToArray());
        Assert.Equal("abcd"u8.ToArray(), await read);
    });

    [Fact]
    public void A_signal_to_oneself_is_an_event_before_kill_returns() => TaskWorld.Run(async (_, task) =>
    {
        var pid = await task.Must("getpid");
        await task.Must("rt_sigaction", Usr1, TransferSpec.Action(0x1000), 0, 8);
        await task.Must("rt_sigaction", Usr2, TransferSpec.Action(0x1000), 0, 8);
        for (var i = 0; i < 5; i++)
        {
            await task.Must("kill", pid, Usr1);
            Assert.True(task.Task.TryNextEvent(out var signal));
            Assert.Equal((Usr1, (int)pid), (signal.Signal.Number, signal.Signal.Sender));
        }
        await task.Must("rt_sigprocmask", 0, Set(Usr1, Usr2), 0, 8);
        await task.Must("kill", pid, Usr1);
        await task.Must("kill", pid, Usr2);
        Assert.False(task.Task.TryNextEvent(out TaskEvent _));
        var pending = new Room(8);
        await task.Must("rt_sigpending", pending, 8);
        Assert.Equal(Set(Usr1, Usr2), pending.Bytes);
        var old = new Room(8);
        await task.Must("rt_sigprocmask", 1, Set(Usr2), old, 8);
        Assert.Equal(Set(Usr1, Usr2), old.Bytes);
        Assert.True(task.Task.TryNextEvent(out var unblocked));
        Assert.Equal(Usr2, unblocked.Signal.Number);
        Assert.False(task.Task.TryNextEvent(out TaskEvent _));
    });

    [Fact]
    public void A_stopped_task_runs_nothing_until_it_is_continued() => TaskWorld.Run(async (world, task) =>
    {
        var pid = await task.Must("fork");
        var child = new SpecTask(task.Task.TakeChild((int)pid)!);
        await task.Must("kill", pid, 19);
        await world.Elapse(TimeSpan.FromMilliseconds(1));
        var call = child.Call("getpid");
        Assert.Equal(0x137F, await Waited(task, pid, 2));
        Assert.False(call.IsCompleted);
        await task.Must("kill", pid, 18);
        Assert.Equal(pid, await call);
        Assert.Equal(0xFFFF, await Waited(task, pid, 8));
        await task.Must("kill", pid, 9);
        Assert.Equal(9, await Waited(task, pid, 0));
    });

    [Fact]
    public void A_fatal_signal_ends_the_task_and_the_calls_that_wait() => TaskWorld.Run(async (_, task) =>
    {
        var pause = task.Call("pause");
        await task.Must("kill", await task.Must("getpid"), 9);
        Assert.Equal(Errno.EINTR, new SysResult(await pause).Errno);
        var end = await task.Task.NextEvent(CancellationToken.None);
        Assert.Equal((TaskEventKind.Ended, 9), (end.Kind, end.Status));
    });

    [Fact]
    public void A_sleep_that_is_interrupted_tells_what_was_left() => TaskWorld.Run(async (world, task) =>
    {
        await task.Must("rt_sigaction", Usr1, TransferSpec.Action(0x1000, Restart), 0, 8);
        var left = new Room(16);
        var sleep = task.Call("nanosleep", Timespec(10, 500_000_000), left);
        await world.Elapse(TimeSpan.FromSeconds(4));
        await task.Must("kill", await task.Must("getpid"), Usr1);
        Assert.Equal(Errno.EINTR, new SysResult(await sleep).Errno);
        var remaining = BinaryPrimitives.ReadInt64LittleEndian(left.Bytes) * 1_000_000_000L
            + BinaryPrimitives.ReadInt64LittleEndian(left.Bytes.AsSpan(8));
        Assert.InRange(remaining, 6_000_000_000, 6_500_000_000);
        await task.Must("nanosleep", Timespec(2, 0), 0);
        await task.Fails(Errno.EINVAL, "nanosleep", Timespec(0, 1_000_000_000), 0);
        await task.Fails(Errno.EINVAL, "nanosleep", Timespec(-1, 0), 0);
        await task.Fails(Errno.EFAULT, "nanosleep", 0, 0);
    });

    [Fact]
    public void Signal_calls_check_in_linuxs_order() => TaskWorld.Run(async (_, task) =>
    {
        var room = new Room(32);
        await task.Fails(Errno.EINVAL, "rt_sigaction", 9, TransferSpec.Action(0x1000), 0, 8);
        await task.Fails(Errno.EFAULT, "rt_sigaction", 99, 1, 0, 8);
        await task.Must("rt_sigaction", 9, 0, room, 8);
        await task.Fails(Errno.EINVAL, "rt_sigaction", 9, 0, 0, 4);
        await task.Must("rt_sigprocmask", 77, 0, 0, 8);
        await task.Fails(Errno.EINVAL, "rt_sigprocmask", 77, Set(Usr1), 0, 8);
        await task.Fails(Errno.EFAULT, "rt_sigprocmask", 77, 1, 0, 8);
        await task.Fails(Errno.ESRCH, "kill", 4_000_000, 1_000);
        await task.Fails(Errno.EINVAL, "kill", await task.Must("getpid"), 1_000);
        await task.Fails(Errno.ESRCH, "kill", int.MinValue, 0);
    });

    [Fact]
    public void Waiting_checks_in_linuxs_order() => TaskWorld.Run(async (_, task) =>
    {
        await task.Fails(Errno.EINVAL, "wait4", -1, 0, 0x100, 0);
        await task.Fails(Errno.ESRCH, "wait4", int.MinValue, 0, 0, 0);
        await task.Fails(Errno.EINVAL, "waitid", 0, 0, 0, 0, 0);
        await task.Fails(Errno.EINVAL, "waitid", 1, 0, 0, 4, 0);
        await task.Fails(Errno.EINVAL, "waitid", 9, 0, 0, 4, 0);
        await task.Fails(Errno.ECHILD, "wait4", -1, 0, 0, 0);
        await task.Must("fork");
        var room = new Room(128);
        Assert.Equal(0, await task.Must("waitid", 0, 0, room, 5, 0));
        Assert.Equal(new byte[128], room.Bytes);
    });

    private static async Task<int> Waited(SpecTask task, long pid, int options)
    {
        var status = new Room(4);
        Assert.Equal(pid, await task.Must("wait4", pid, status, options, 0));
        return BitConverter.ToInt32(status.Bytes);
    }

    private static byte[] Set(params int[] signals) =>
        BitConverter.GetBytes(signals.Aggregate(0UL, static (set, signal) => set | (1UL << (signal - 1))));

    private static byte[] Timespec(long seconds, long ns) =>
        [.. BitConverter.GetBytes(seconds), .. BitConverter.GetBytes(ns)];
}
