using System.Collections.Concurrent;
using System.Diagnostics;
using K42.Client;
using K42.Node.Demo;
using K42.Node.Hosting;

namespace K42.Cluster.Tests.Nodes;

/// <summary>What has to do with node 2 when that is killed: its own callers, and processes elsewhere that are
/// related to its processes and pipes.</summary>
internal sealed class DoomedLoad : IAsyncDisposable
{
    private const int PipeBytes = 32_768;
    private const int SigPipe = 13;
    private const int SigKill = 9;

    // What a death may take to be published, at the timings of the demonstration.
    private static readonly TimeSpan PublishedMax = TimeSpan.FromSeconds(15);

    private readonly LocalCluster _cluster;
    private readonly Tally _tally;
    private readonly int _round;
    private readonly List<IAsyncDisposable> _open = [];
    private readonly List<(string What, Task<Exception> Ends)> _callers = [];
    private readonly List<(string What, Task<bool> Right)> _consequences = [];
    private readonly ConcurrentQueue<int> _acknowledged = new();
    private readonly TaskCompletionSource _flowing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DoomedLoad(LocalCluster cluster, Tally tally, int round) =>
        (_cluster, _tally, _round) = (cluster, tally, round);

    /// <summary>Begins, and returns when calls are on their way everywhere.</summary>
    public static async Task<DoomedLoad> StartAsync(
        LocalCluster cluster, Tally tally, int round, CancellationToken cancel)
    {
        var load = new DoomedLoad(cluster, tally, round);
        try
        {
            await load.BeginRelativesAsync(cancel);
            await load.BeginCallersAsync(cancel);
            await Tally.Within(load._flowing.Task, "the first bytes and files");
            return load;
        }
        catch
        {
            await load.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for each consequence of the death, and checks it; gives how long the slowest
    /// took.</summary>
    public async Task<TimeSpan> SufferAsync(Stopwatch sinceDeath)
    {
        foreach (var (what, right) in _consequences)
            _tally.Count(await Tally.Within(right, what), $"round {_round}: {what}");
        var slowest = sinceDeath.Elapsed;
        _tally.Count(slowest < PublishedMax, $"round {_round}: published after {slowest.TotalSeconds:0.0} s");
        return slowest;
    }

    /// <summary>Waits until everyone who called node 2 has a definite error.</summary>
    public async Task EndCallersAsync()
    {
        foreach (var (what, ends) in _callers) _ = await Tally.Within(ends, $"an error for {what}");
    }

    /// <summary>Checks that what node 2 had acknowledged is there, and nothing strange.</summary>
    public async Task CompareFilesAsync(K42Task reader)
    {
        foreach (var at in _acknowledged)
        {
            var seen = await Files.ReadAsync(reader, PathOf(at));
            _tally.Count(seen.AsSpan().SequenceEqual(ContentOf(at)), $"{PathOf(at)}: {seen.Length} bytes");
            await Tally.Within(reader.UnlinkAsync(PathOf(at)), $"unlink {PathOf(at)}");
        }
        // The one that was on its way: not there, or a beginning of it.
        try
        {
            var last = await Files.ReadAsync(reader, PathOf(_acknowledged.Count));
            var whole = ContentOf(_acknowledged.Count);
            _tally.Count(whole.AsSpan().StartsWith(last), $"round {_round}: a strange beginning");
        }
        catch (K42Exception e) when (e.Errno == Errno.ENOENT)
        {
            _tally.Count(right: true, "");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var one in _open.AsEnumerable().Reverse()) await one.DisposeAsync();
    }

    private string Gateway(int node) => _cluster.Node($"node-{node}").Started.Gateway;

    private string PathOf(int at) => $"/doomed/{_round}-{at}";

    private byte[] ContentOf(int at) => new Pattern(_round).Bytes(at, 1 + (at * 7_919 % 60_000));

    // Pipe one: from node 2 to node 1. Pipe two: from node 3 to node 2.
    // Pipe three lives on node 2, and node 1 has both its ends too.
    private async Task BeginRelativesAsync(CancellationToken cancel)
    {
        var parent = Keep(await DemoProcess.BeginAsync(Gateway(1), _cluster.Credential, "parent", cancel));
        var (oneRead, oneWrite) = await parent.Task.PipeAsync(cancellation: cancel);
        var (twoRead, twoWrite) = await parent.Task.PipeAsync(cancellation: cancel);
        var second = Keep(await SpawnAsync(parent, "node-2", "second", cancel));
        var third = Keep(await SpawnAsync(parent, "node-3", "third", cancel));
        await CloseAsync(parent, oneWrite, twoRead, twoWrite);
        await CloseAsync(second, oneRead, twoWrite);
        await CloseAsync(third, oneRead, oneWrite, twoRead);
        var (threeRead, threeWrite) = await second.Task.PipeAsync(cancellation: cancel);
        var grandchild = Keep(await SpawnAsync(second, "node-1", "grandchild", cancel));
        await CloseAsync(grandchild, oneWrite, twoRead);
        foreach (var writer in new[] { third, grandchild })
        {
            await writer.Task.SetSignalActionAsync(
                SigPipe, Linux.V1.Disposition.Ignore, cancellation: cancel);
        }

        long written = 0;
        _callers.Add(("a writer on node 2", _tally.UntilError(async () => written +=
            await second.Task.WriteAsync(oneWrite, new Pattern(1).Bytes(written, PipeBytes)))));
        long fed = 0;
        _callers.Add(("a reader on node 2", _tally.UntilError(async () =>
        {
            var bytes = await second.Task.ReadAsync(twoRead, PipeBytes);
            _tally.Count(new Pattern(2).Fits(bytes.Span, fed), $"round {_round}: bytes read on node 2");
            fed += bytes.Length;
        })));
        _consequences.Add(("wait4 tells SIGKILL", StatusAsync(parent.Task, second.Pid)));
        _consequences.Add(("a reader of a writer on node 2 sees the end", EndAsync(parent.Task, oneRead)));
        _consequences.Add(("a writer to a reader on node 2 gets EPIPE", BrokenAsync(third.Task, twoWrite)));
        _consequences.Add((
            "of a pipe on node 2 a reader sees the end and a writer EPIPE",
            GoneAsync(grandchild.Task, threeRead, threeWrite)));
    }

    private async Task BeginCallersAsync(CancellationToken cancel)
    {
        var files = Keep(await DemoProcess.BeginAsync(Gateway(2), _cluster.Credential, "files", cancel));
        var idle = Keep(await DemoProcess.BeginAsync(Gateway(2), _cluster.Credential, "idle", cancel));
        var connection = Keep(await K42Connection.ConnectAsync(Gateway(2), _cluster.Credential, cancel));
        var once = new K42SessionOptions { Name = "once", Resumable = false };
        var numbers = Keep(await connection.BeginSessionAsync(once, cancel));
        _callers.Add(("a writer of files", _tally.UntilError(async () =>
        {
            var at = _acknowledged.Count;
            await Files.WriteAsync(files.Task, PathOf(at), ContentOf(at));
            _acknowledged.Enqueue(at);
            if (_acknowledged.Count == 20) _flowing.TrySetResult();
        })));
        _callers.Add(("batches of getpid", _tally.UntilError(async () =>
        {
            var batch = numbers.NewBatch();
            for (var i = 0; i < 16; i++) _ = batch.Add(SystemCalls.Getpid());
            foreach (var answer in await batch.SendAsync())
            {
                _tally.Count(
                    answer.Errno == 0 && answer.Result == numbers.Pid, $"getpid on node 2: {answer.Result}");
            }
        })));
        var (emptyRead, _) = await idle.Task.PipeAsync(cancellation: cancel);
        _callers.Add(("a reader of nothing", _tally.UntilError(() => idle.Task.ReadAsync(emptyRead, 1))));
    }

    private static async Task<bool> StatusAsync(K42Task parent, int child)
    {
        var (pid, status) = await parent.WaitAsync(child);
        return pid == child && status == SigKill;
    }

    private async Task<bool> EndAsync(K42Task task, int fd)
    {
        for (long read = 0; ;)
        {
            var bytes = await task.ReadAsync(fd, PipeBytes);
            if (bytes.IsEmpty) return read > 0;
            if (!new Pattern(1).Fits(bytes.Span, read)) return false;
            read += bytes.Length;
        }
    }

    private static async Task<bool> BrokenAsync(K42Task task, int fd)
    {
        long written = 0;
        try
        {
            while (true) written += await task.WriteAsync(fd, new Pattern(2).Bytes(written, PipeBytes));
        }
        catch (K42Exception e)
        {
            return written > 0 && e.Errno == Errno.EPIPE;
        }
    }

    private static async Task<bool> GoneAsync(K42Task task, int reader, int writer)
    {
        if (!(await task.ReadAsync(reader, PipeBytes)).IsEmpty) return false;
        try
        {
            await task.WriteAsync(writer, new Pattern(3).Bytes(0, PipeBytes));
            return false;
        }
        catch (K42Exception e)
        {
            return e.Errno == Errno.EPIPE;
        }
    }

    // A node that has just come back is not known everywhere at once.
    private async Task<DemoProcess> SpawnAsync(
        DemoProcess parent, string node, string name, CancellationToken cancel)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await parent.SpawnAsync(node, _cluster.Credential, name, cancel);
            }
            catch (K42Exception e) when (e.Errno is Errno.ENODEV or Errno.EAGAIN
                && since.Elapsed < Tally.CallTimeMax)
            {
                _tally.Count(e);
            }
        }
    }

    private static async Task CloseAsync(DemoProcess process, params int[] descriptors)
    {
        foreach (var fd in descriptors) await process.Task.CloseAsync(fd);
    }

    private T Keep<T>(T one) where T : IAsyncDisposable
    {
        _open.Add(one);
        return one;
    }
}
