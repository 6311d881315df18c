using System.Globalization;

using K42.Benchmarks.Harness;
using K42.Client;
using K42.Linux.V1;

namespace K42.Benchmarks.K42Rows;

/// <summary>Something idle that a node holds for a program.</summary>
public enum HeldThing
{
    /// <summary>A process that fork(2) made, with nothing open.</summary>
    Process,

    /// <summary>An open file description, with its descriptor.</summary>
    OpenFile,

    /// <summary>An empty pipe, with both descriptors.</summary>
    Pipe,
}

/// <summary>What a node's heap grows by for each idle process, open file or pipe of a gRPC client.</summary>
/// <remarks>A fresh node for each row, so that none finds tables that another one filled. With one object
/// the figure is what the first one of its kind costs, with all that is made when first needed; with more,
/// the first is made before the count begins.</remarks>
/// <param name="thing">What.</param>
/// <param name="count">How many.</param>
public sealed class MemoryRow(HeldThing thing, int count) : IBenchRow
{
    /// <summary>Things of one process, so that its 1,024 descriptors are enough.</summary>
    private const int PerHolder = 500;

    private const int BatchCalls = 250;
    private const string Path = "/k42-bench-memory";
    private CancellationToken _cancel;
    private long _residentBytes;

    /// <inheritdoc/>
    public string Name => thing switch
    {
        HeldThing.Process => $"k42-memory-process-{count}",
        HeldThing.OpenFile => $"k42-memory-open-file-{count}",
        _ => $"k42-memory-pipe-{count}",
    };

    /// <inheritdoc/>
    public BenchGroup Group => BenchGroup.Memory;

    /// <inheritdoc/>
    public string Note
    {
        get
        {
            var resident = (_residentBytes / (double)count).ToString("N0", CultureInfo.InvariantCulture);
            var what = count == 1 ? "the first one, with what is made when first needed" : "managed heap";
            return $"{what}; working set {resident} B";
        }
    }

    /// <inheritdoc/>
    public bool IsOnce => true;

    /// <inheritdoc/>
    public Task SetupAsync(BenchContext context)
    {
        _cancel = context.Cancel;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<PassResult> RunPassAsync(TimeSpan duration, CancellationToken cancel)
    {
        await using var nodes = await WholeNodes.StartAsync(1, "K42.Benchmarks", _cancel)
            .ConfigureAwait(false);
        var main = nodes.SessionWith(1).Main;
        await K42File.WriteAllBytesAsync(main, Path, new byte[1], cancellation: cancel).ConfigureAwait(false);
        var holders = await HoldersAsync(main).ConfigureAwait(false);
        if (count > 1) await MakeAsync(main, 1).ConfigureAwait(false);

        var before = await HeldAsync(nodes, cancel).ConfigureAwait(false);
        for (var made = 0; made < count; made += PerHolder)
            await MakeAsync(holders[made / PerHolder], Math.Min(PerHolder, count - made))
                .ConfigureAwait(false);
        var after = await HeldAsync(nodes, cancel).ConfigureAwait(false);
        _residentBytes = after.ResidentBytes - before.ResidentBytes;
        return new PassResult(BytesPerOp: (after.ManagedBytes - before.ManagedBytes) / (double)count);
    }

    /// <summary>The processes that hold the things: the session's own one, unless there are too
    /// many.</summary>
    private async Task<K42Task[]> HoldersAsync(K42Task main)
    {
        var holders = new K42Task[(count + PerHolder - 1) / PerHolder];
        for (var i = 0; i < holders.Length; i++)
        {
            var isOwn = thing == HeldThing.Process || holders.Length == 1;
            holders[i] = isOwn ? main : await main.ForkAsync().ConfigureAwait(false);
        }
        return holders;
    }

    private async Task MakeAsync(K42Task holder, int number)
    {
        for (var made = 0; made < number; made += BatchCalls)
        {
            var batch = holder.NewBatch();
            for (var i = made; i < Math.Min(number, made + BatchCalls); i++) _ = batch.Add(Call());
            foreach (var completion in await batch.SendAsync().ConfigureAwait(false))
                BenchPayload.Check(0, completion.Errno);
        }
    }

    private Call Call() => thing switch
    {
        HeldThing.Process => SystemCalls.Fork(),
        HeldThing.OpenFile => SystemCalls.Open(Path, OpenFlags.ReadOnly),
        _ => SystemCalls.Pipe2(0),
    };

    private static async Task<NodeMemory> HeldAsync(WholeNodes nodes, CancellationToken cancel)
    {
        // A last call acknowledges the completions that the gateway still keeps for a resumed session.
        for (var i = 0; i < 2; i++) await nodes.SessionWith(1).Main.GetPidAsync(cancel).ConfigureAwait(false);
        return await MeasuredNode.AskAsync(nodes.SettingsOf(1), cancel).ConfigureAwait(false);
    }
}
