using K42.Client;
using K42.Node.Demo;
using K42.Node.Hosting;

namespace K42.Cluster.Tests.Nodes;

/// <summary>What runs on nodes 1 and 3 all the time, whatever becomes of node 2: none of its calls may
/// fail.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private const int FilesKept = 16;
    private const int CallsPerBatch = 64;
    private const int PipeBytes = 32_768;
    private const int ExitCode = 7;

    private readonly Tally _tally;
    private readonly DemoProcess _one;
    private readonly DemoProcess _three;
    private readonly DemoProcess _far;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _work = [];

    private SteadyLoad(Tally tally, DemoProcess one, DemoProcess three, DemoProcess far) =>
        (_tally, _one, _three, _far) = (tally, one, three, far);

    /// <summary>Begins.</summary>
    public static async Task<SteadyLoad> StartAsync(
        LocalCluster cluster, Tally tally, CancellationToken cancel)
    {
        var one = await DemoProcess.BeginAsync(
            cluster.Node("node-1").Started.Gateway, cluster.Credential, "one", cancel);
        var three = await DemoProcess.BeginAsync(
            cluster.Node("node-3").Started.Gateway, cluster.Credential, "three", cancel);
        await one.Task.MakeDirectoryAsync("/steady", cancellation: cancel);
        var (reader, writer) = await one.Task.PipeAsync(cancellation: cancel);
        var far = await one.SpawnAsync("node-3", cluster.Credential, "far", cancel);
        await one.Task.CloseAsync(reader);
        await far.Task.CloseAsync(writer);
        var load = new SteadyLoad(tally, one, three, far);
        load._work.AddRange([
            load.FilesAsync(one.Task, three.Task, 1), load.FilesAsync(three.Task, one.Task, 3),
            load.NumbersAsync(one), load.NumbersAsync(three),
            load.ChildrenAsync(one.Task), load.ChildrenAsync(three.Task),
            load.PipeAsync(writer, reader),
        ]);
        return load;
    }

    /// <summary>Throws what ended any of it.</summary>
    public async Task CheckAsync()
    {
        foreach (var work in _work)
            if (work.IsCompleted) await work;
    }

    /// <summary>Lets all of it come to its end.</summary>
    public async Task FinishAsync()
    {
        await _stop.CancelAsync();
        await Tally.Within(Task.WhenAll(_work), "the end of the steady load");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _far.DisposeAsync();
        await _three.DisposeAsync();
        await _one.DisposeAsync();
        _stop.Dispose();
    }

    private async Task FilesAsync(K42Task writer, K42Task reader, int worker)
    {
        var sizes = new Random(worker);
        for (var at = 0; !_stop.IsCancellationRequested; at++)
        {
            var path = $"/steady/{worker}-{at % FilesKept}";
            var content = new Pattern(at).Bytes(worker, sizes.Next(Files.BytesMax));
            await Files.WriteAsync(writer, path, content);
            var seen = await Files.ReadAsync(reader, path);
            _tally.Count(
                seen.AsSpan().SequenceEqual(content), $"{path}, {at}: {seen.Length} of {content.Length}");
            if (at % 3 == 0) await Tally.Within(reader.UnlinkAsync(path), $"unlink {path}");
        }
    }

    private async Task NumbersAsync(DemoProcess process)
    {
        while (!_stop.IsCancellationRequested)
        {
            var batch = process.Task.NewBatch();
            for (var at = 0; at < CallsPerBatch; at++) _ = batch.Add(SystemCalls.Getpid());
            foreach (var answer in await Tally.Within(batch.SendAsync(), "a batch of getpid"))
            {
                _tally.Count(
                    answer.Errno == 0 && answer.Result == process.Pid,
                    $"getpid: {answer.Result} or error {answer.Errno} instead of {process.Pid}");
            }
        }
    }

    private async Task ChildrenAsync(K42Task parent)
    {
        while (!_stop.IsCancellationRequested)
        {
            var child = await Tally.Within(parent.ForkAsync(), "fork");
            await Tally.Within(child.ExitAsync(ExitCode), "exit");
            var (pid, status) = await Tally.Within(parent.WaitAsync(child.Pid), "wait4");
            _tally.Count(pid == child.Pid && status == ExitCode << 8, $"wait4 {child.Pid}: {pid}, {status}");
        }
    }

    // From node 1 to node 3; at the end, all that was written has been read.
    private async Task PipeAsync(int writerFd, int readerFd)
    {
        var pattern = new Pattern(5);
        var reading = ReadPipeAsync(readerFd, pattern);
        long written = 0;
        while (!_stop.IsCancellationRequested && !reading.IsCompleted)
        {
            var piece = pattern.Bytes(written, PipeBytes);
            written += await Tally.Within(_one.Task.WriteAsync(writerFd, piece), "write to a pipe");
        }
        await Tally.Within(_one.Task.CloseAsync(writerFd), "close a pipe");
        var read = await Tally.Within(reading, "end of a pipe");
        _tally.Count(read == written, $"a pipe gave {read} bytes of {written}");
    }

    private async Task<long> ReadPipeAsync(int fd, Pattern pattern)
    {
        long read = 0;
        while (true)
        {
            var bytes = await Tally.Within(_far.Task.ReadAsync(fd, PipeBytes), "read from a pipe");
            if (bytes.IsEmpty) return read;
            _tally.Count(pattern.Fits(bytes.Span, read), $"a pipe's bytes after {read}");
            read += bytes.Length;
        }
    }
}

/// <summary>What the specs here ask of a cluster.</summary>
internal static class ClusterExtensions
{
    /// <summary>The node process of that name.</summary>
    public static K42.Node.Hosting.NodeProcess Node(this LocalCluster cluster, string name) =>
        cluster.Nodes.Single(node => node.Settings.Name == name);
}
