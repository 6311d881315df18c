namespace K42.Contracts.Ports;

/// <summary>Where continuations run: a thread pool in a node, one ordered queue in a simulation.</summary>
public interface IExecutor
{
    /// <summary>Queues an action; never runs it before returning.</summary>
    /// <param name="action">What to run. An exception it lets out is logged, and ends nothing else.</param>
    /// <param name="state">Given to the action.</param>
    void Post(Action<object?> action, object? state);
}
