using System.Text.Json;

using K42.Contracts;
using K42.Personality.Linux;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>The table against the kernel's own list (asm/unistd_64.h of Linux 6.1).</summary>
public sealed class SyscallTableSpec
{
    private static readonly (int Number, string Name)[] Kernel =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "kernel-6.1-calls.txt"))
            .Select(static line => line.Split(' '))
            .Select(static parts => (int.Parse(parts[0]), parts[1])),
    ];

    [Fact]
    public void Every_call_of_the_kernels_header_has_one_row_of_its_name()
    {
        Assert.True(Kernel.Length > 350);
        foreach (var (number, name) in Kernel) Assert.Equal(name, SyscallTable.Find(number)?.Name);
        Assert.Equal(SyscallTable.Rows.Count, SyscallTable.Rows.Select(row => row.Number).Distinct().Count());
        Assert.Equal(SyscallTable.Rows.Count, SyscallTable.Rows.Select(row => row.Name).Distinct().Count());
    }

    [Fact]
    public void No_row_up_to_the_headers_last_number_is_unknown_to_it()
    {
        var known = Kernel.Select(call => call.Number).ToHashSet();
        // Linux 6.11 took these two numbers below the others' range.
        int[] later = [335, 336];
        var unknown = SyscallTable.Rows.Select(row => row.Number).Where(number => number <= Kernel[^1].Number)
            .Where(number => !known.Contains(number));
        Assert.Equal(later, unknown);
    }

    [Fact]
    public void Whatever_is_not_full_says_why()
    {
        foreach (var row in SyscallTable.Rows)
        {
            // A full row may still say what it means here.
            Assert.True(row.Support == Support.Full || row.Note.Length > 0, row.Name);
            Assert.Equal(row.Support == Support.Refused, row.Handler is null);
            Assert.Equal(row.Support == Support.Refused, row.Errno != Errno.None);
        }
    }

    [Fact]
    public void The_printed_tables_have_every_row()
    {
        using var json = JsonDocument.Parse(SyscallTable.ToJson());
        var rows = json.RootElement.EnumerateArray().ToArray();
        Assert.Equal(
            SyscallTable.Rows.Select(row => row.Name),
            rows.Select(row => row.GetProperty("name").GetString()));
        Assert.Equal("EPERM", rows[103].GetProperty("errno").GetString());
        Assert.Equal("full", rows[0].GetProperty("support").GetString());
        var lines = SyscallTable.ToText().Split('\n');
        Assert.StartsWith("   0  read ", lines[0]);
        Assert.True(lines.Length > SyscallTable.Rows.Count);
    }

    [Fact]
    public void Refused_and_unknown_calls_answer_their_errors() => TaskWorld.Run(async (_, task) =>
    {
        await task.Fails(Errno.ENOSYS, "socket", 1, 1, 0);
        await task.Fails(Errno.EPERM, "reboot", 0);
        var memory = new K42.Personality.Linux.Memory.MessageMemory();
        foreach (var number in new[] { -1, 337, 423, 470, int.MaxValue, int.MinValue })
        {
            Assert.Equal(Errno.ENOSYS, (await task.Task.Call(number, new SyscallArgs(memory))).Errno);
        }
    });

    [Fact]
    public void No_call_with_hostile_registers_throws_or_ends_the_task() => TaskWorld.Run(async (_, task) =>
    {
        // Calls that wait or end the task by design.
        string[] spared =
            ["exit", "exit_group", "pause", "rt_sigsuspend", "wait4", "waitid", "kill", "fork", "vfork"];
        long[] values = [0, -1, long.MinValue, long.MaxValue, int.MinValue, 0xFFFF_FFFF, 3, 1L << 32];
        var memory = new K42.Personality.Linux.Memory.MessageMemory();
        memory.In(new byte[16]);
        foreach (var row in SyscallTable.Rows)
        {
            if (row.Handler is null || spared.Contains(row.Name)) continue;
            for (var seed = 0; seed < 64; seed++)
            {
                long At(int index) => values[(seed * 7 + index * (seed + 3)) % values.Length];
                var args = new SyscallArgs(memory, At(0), At(1), At(2), At(3), At(4), At(5));
                await task.Task.Call(row.Number, args);
            }
        }
        Assert.False(task.Task.HasEnded);
        Assert.True(await task.Must("getpid") > 0);
    });
}
