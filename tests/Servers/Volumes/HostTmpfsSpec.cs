using CsCheck;

using K42.Contracts;
using K42.Tests;

using Xunit;

namespace K42.Servers.Tests.Volumes;

/// <summary>The ramfs and the host's tmpfs are given the same calls and must agree on every errno and
/// status.</summary>
public sealed class HostTmpfsSpec
{
    private const string Levels = "1/2/3/4";

    private static int s_runs;

    [Fact]
    public void Every_sequence_of_calls_ends_as_on_the_hosts_tmpfs()
    {
        var users = Users();
        FileOperation.Any(users.Length).Array[1, 60].Check(
            calls => OnOwnThread(() => Compare(calls, users)), 3_000);
    }

    [Fact]
    public void Paths_and_links_at_their_limits_end_as_on_the_hosts_tmpfs()
    {
        var users = Users();
        var calls = new List<FileOperation> { Call(FileCall.MakeDirectory, "a", 0x1FF) };
        for (var links = 0; links < 42; links++)
        {
            var target = links == 0 ? "a" : $"l{links - 1}";
            calls.Add(new FileOperation(FileCall.Symlink, 0, $"l{links}", target, 0, 0));
            calls.Add(Call(FileCall.Status, $"l{links}"));
            calls.Add(Call(FileCall.LinkStatus, $"l{links}/"));
        }
        foreach (var length in new[] { 4_094, 4_095, 4_096, 4_097 })
        {
            calls.Add(Call(FileCall.Status, new string('/', length - 1).Insert(0, "a")));
            calls.Add(new FileOperation(FileCall.Symlink, 0, $"t{length}", new string('t', length), 0, 0));
            calls.Add(Call(FileCall.LinkStatus, $"t{length}"));
            calls.Add(Call(FileCall.Status, $"t{length}"));
        }
        foreach (var target in new[] { "", new string('s', 126), new string('s', 127), new string('s', 128) })
        {
            calls.Add(new FileOperation(FileCall.Symlink, 0, $"s{target.Length}", target, 0, 0));
            calls.Add(Call(FileCall.LinkStatus, $"s{target.Length}"));
        }
        calls.Add(new FileOperation(FileCall.Symlink, 0, "loop", "loop", 0, 0));
        calls.Add(Call(FileCall.Status, "loop"));
        calls.Add(Call(FileCall.LinkStatus, "loop/"));
        calls.Add(new FileOperation(FileCall.Open, 0, "loop", "", 0x40, 0x1B6));
        OnOwnThread(() => Compare([.. calls], users));
    }

    private static FileOperation Call(FileCall call, string path, int number = 0) =>
        new(call, 0, path, "", number, 0);

    private static Principal[] Users() =>
        HostFiles.IsRoot
            ? [ServerNodes.Root, ServerNodes.Alice, ServerNodes.Bob]
            : [ServerNodes.Root with { UserIds = LinuxIds.All((uint)Environment.ProcessId) }];

    private static void Compare(FileOperation[] calls, Principal[] users)
    {
        var name = $"k42-ramfs-{Environment.ProcessId}-{Interlocked.Increment(ref s_runs)}";
        using var host = new HostFiles(name, Levels);
        var ram = new RamFiles(Levels, users[0], HostFiles.Umask);
        for (var i = 0; i < calls.Length; i++)
        {
            var who = users[calls[i].User];
            var (expected, actual) = (host.Run(calls[i], who), ram.Run(calls[i], who));
            if (ram.Left) return;
            if (calls[i].Call == FileCall.Link && !HostFiles.LinksAreProtected && !who.IsRoot) return;
            if (expected == actual) continue;
            throw new InvalidOperationException(Difference(calls, i, expected, actual));
        }
        Assert.Equal(Snapshot(one => host.Run(one, users[0])), Snapshot(one => ram.Run(one, users[0])));
    }

    /// <summary>The whole tree: a line per name.</summary>
    private static string Snapshot(Func<FileOperation, string> run)
    {
        var lines = new List<string>();
        Visit(".");
        return string.Join('\n', lines);

        void Visit(string path)
        {
            lines.Add($"{path}: {run(Call(FileCall.LinkStatus, path))}");
            var listed = run(Call(FileCall.List, path));
            if (!listed.Contains(".:4", StringComparison.Ordinal)) return;
            foreach (var entry in listed.Split(' '))
            {
                var name = entry[..entry.LastIndexOf(':')];
                if (name is "." or "..") continue;
                if (entry.EndsWith(":4", StringComparison.Ordinal)) Visit($"{path}/{name}");
                else lines.Add($"{path}/{name}: {run(Call(FileCall.LinkStatus, $"{path}/{name}"))}");
            }
        }
    }

    private static string Difference(FileOperation[] calls, int at, string expected, string actual) =>
        string.Join('\n', calls[..(at + 1)].Select(static one => one.ToString()))
        + $"\nhost: {expected}\nramfs: {actual}";

    // The host's users are ids of a thread, which must not go back to a pool with them.
    private static void OnOwnThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException(failure.Message, failure);
    }
}
