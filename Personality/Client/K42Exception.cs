using K42.Linux.V1;

namespace K42.Client;

/// <summary>A system call failed, and this is its errno.</summary>
public sealed class K42Exception : IOException
{
    /// <summary>A failed call.</summary>
    /// <param name="errno">Why.</param>
    /// <param name="call">Linux's name of the call.</param>
    /// <param name="subject">What it was about, mostly a path; null when there is nothing to name.</param>
    /// <param name="skipped">Whether it reached the kernel at all.</param>
    public K42Exception(Errno errno, string call, string? subject = null, Skipped skipped = Skipped.No)
        : base(Describe(errno, call, subject, skipped))
    {
        (Errno, Call, Subject, Skipped) = (errno, call, subject, skipped);
    }

    /// <summary>Why it failed.</summary>
    public Errno Errno { get; }

    /// <summary>Linux's name of the call.</summary>
    public string Call { get; }

    /// <summary>What it was about, mostly a path.</summary>
    public string? Subject { get; }

    /// <summary>Why the gateway did not make the call; No when it was made.</summary>
    public Skipped Skipped { get; }

    private static string Describe(Errno errno, string call, string? subject, Skipped skipped)
    {
        var about = string.IsNullOrEmpty(subject) ? call : $"{call} {K42Text.Show(subject)}";
        var why = $"{ErrnoTextTable.Of(errno)} ({errno})";
        return skipped == Skipped.No ? $"{about}: {why}" : $"{about}: {why}: {Reason(skipped)}";
    }

    private static string Reason(Skipped skipped) => skipped switch
    {
        Skipped.LinkFailed => "the call that it was linked to failed",
        Skipped.NoResult => "the result that it wanted to use is not there",
        Skipped.TooManyCalls => "too many calls are outstanding",
        Skipped.TooManyBytes => "too many bytes of results are unacknowledged",
        Skipped.NoTask => "the session has no such task",
        Skipped.UnknownCall => "the gateway doesn't know this call",
        _ => skipped.ToString(),
    };
}

/// <summary>The session is over: its process ended, or its stream was lost and could not be
/// resumed.</summary>
/// <remarks>Calls that were outstanding may or may not have run when <see cref="WasLost"/> is true.</remarks>
public sealed class K42SessionEndedException : IOException
{
    /// <summary>An ended session.</summary>
    public K42SessionEndedException(string message, bool wasLost, Exception? cause = null)
        : base(message, cause) => WasLost = wasLost;

    /// <summary>False when the process ended; true when the connection was lost for good.</summary>
    public bool WasLost { get; }
}
