using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links;

/// <summary>What all links of a node share.</summary>
/// <param name="Options">Limits and times.</param>
/// <param name="Identity">What we say of ourselves.</param>
/// <param name="Clock">All time.</param>
/// <param name="Executor">Where Ended is told.</param>
/// <param name="Randomness">Session ids and jitter.</param>
/// <param name="Receiver">Who takes the frames.</param>
/// <param name="Log">What an operator sees.</param>
public sealed record LinkContext(
    LinkOptions Options,
    LinkIdentity Identity,
    IClock Clock,
    IExecutor Executor,
    IRandomness Randomness,
    ILinkReceiver Receiver,
    ILinkLog Log)
{
    private readonly LogLimit _often = new(Clock);

    /// <summary>Counts of all links.</summary>
    public LinkCounters Counters { get; } = new();

    internal ChunkPool Chunks { get; } = new(keptMax: 64);

    /// <summary>Counts a refusal and logs it, but never floods the log: strangers can cause these.</summary>
    internal void Refuse(LinkRefusal reason, string line)
    {
        Counters.CountRefused(reason);
        LogOften(line);
    }

    /// <summary>Logs a warning that may come often: 20 a second, the rest is only counted.</summary>
    internal void LogOften(string line)
    {
        if (!_often.MayWrite(out var unsaid)) return;
        if (unsaid > 0) Log.Warning($"Links: {unsaid} more warnings were not written.");
        Log.Warning(line);
    }
}
