using K42.Contracts.Kernel;

namespace K42.Personality.Linux;

/// <summary>What a task has to tell whoever runs its program.</summary>
public enum TaskEventKind : byte
{
    /// <summary>A signal with a handler was delivered: the program runs it.</summary>
    Signal,

    /// <summary>The process ended: nothing follows.</summary>
    Ended,
}

/// <summary>One event of a task.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Signal">The signal, for Signal.</param>
/// <param name="Status">The status word of wait4(2), for Ended.</param>
public readonly record struct TaskEvent(TaskEventKind Kind, SignalInfo Signal, int Status);
