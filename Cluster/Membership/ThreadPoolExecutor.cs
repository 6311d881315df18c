using K42.Contracts.Ports;

namespace K42.Cluster.Membership;

/// <summary>Runs callbacks on the thread pool.</summary>
internal sealed class ThreadPoolExecutor : IExecutor
{
    /// <inheritdoc/>
    public void Post(Action<object?> action, object? state) =>
        ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
}
