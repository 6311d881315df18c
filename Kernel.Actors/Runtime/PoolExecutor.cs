using K42.Contracts.Ports;

namespace K42.Kernel.Runtime;

/// <summary>The thread pool. An exception that an action lets out is handed to the node's log.</summary>
/// <param name="failed">Told of exceptions.</param>
public sealed class PoolExecutor(Action<Exception>? failed = null) : IExecutor
{
    /// <inheritdoc/>
    public void Post(Action<object?> action, object? state) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            static work => work.Self.Run(work.Action, work.State), (
                Self: this, Action: action, State: state), preferLocal: false);

    private void Run(Action<object?> action, object? state)
    {
        try
        {
            action(state);
        }
#pragma warning disable CA1031 // The pool's thread must outlive whatever an action throws; it is logged.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed?.Invoke(exception);
        }
    }
}
