namespace K42.Benchmarks.Harness;

/// <summary>What the rows of one run share; ends all of it, newest first, when disposed.</summary>
/// <remarks>Used by one thread at a time: rows are set up one after another.</remarks>
public sealed class BenchContext(CancellationToken cancel) : IAsyncDisposable
{
    private static readonly TimeSpan DisposeMax = TimeSpan.FromSeconds(5);
    private readonly Dictionary<Type, object> _shared = [];
    private readonly Stack<object> _owned = [];

    /// <summary>The run's certificates.</summary>
    public BenchCertificates Certificates { get; } = BenchCertificates.Create();

    /// <summary>Ends when the run is interrupted.</summary>
    public CancellationToken Cancel => cancel;

    /// <summary>The one <typeparamref name="T"/> of this run, made by whichever row asks first.</summary>
    public async Task<T> ShareAsync<T>(Func<BenchContext, Task<T>> create)
        where T : class
    {
        if (_shared.TryGetValue(typeof(T), out var found)) return (T)found;
        var made = Own(await create(this));
        _shared.Add(typeof(T), made);
        return made;
    }

    /// <summary>Has something disposed at the end of the run, once.</summary>
    public T Own<T>(T thing)
        where T : class
    {
        if (!_owned.Contains(thing)) _owned.Push(thing);
        return thing;
    }

    /// <summary>Starts a child process that serves a peer.</summary>
    /// <param name="server">Its name in <c>PeerServers</c>.</param>
    public async Task<PeerProcess> StartProcessAsync(string server) =>
        Own(await PeerProcess.StartAsync(server, Certificates, Cancel));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var thing))
        {
            try
            {
                await EndAsync(thing).WaitAsync(DisposeMax);
            }
            catch (Exception e)
            {
                // One that does not end must not keep the next one, perhaps a child process, alive.
                await Console.Error.WriteLineAsync($"{thing.GetType().Name} did not end: {e.Message}");
            }
        }
        Certificates.Dispose();
    }

    private static async Task EndAsync(object thing)
    {
        // Off this thread: a Dispose that blocks is then left behind after DisposeMax.
        await Task.Yield();
        if (thing is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
        else if (thing is IDisposable synchronous) synchronous.Dispose();
    }
}
