using System.Buffers.Binary;

using K42.Contracts.Ports;

namespace K42.TestKit.Simulation;

/// <summary>Chance from a seed: SplitMix64 (Steele, Lea and Flood, 2014).</summary>
/// <param name="seed">What decides.</param>
public sealed class SimulatedRandomness(ulong seed) : IRandomness
{
    private ulong _state = seed;

    /// <inheritdoc/>
    public ulong Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number from 0 to below the bound.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <inheritdoc/>
    public void Fill(Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[8];
        for (var at = 0; at < bytes.Length; at += 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, Next());
            word[..Math.Min(8, bytes.Length - at)].CopyTo(bytes[at..]);
        }
    }
}

/// <summary>A node's executor in a simulation: the loop's queue.</summary>
/// <param name="loop">The loop.</param>
/// <param name="life">Whose work it is.</param>
public sealed class SimulatedExecutor(SimulationLoop loop, NodeLife life) : IExecutor
{
    /// <inheritdoc/>
    public void Post(Action<object?> action, object? state) =>
        loop.Add(loop.NextNumber(), life, action, state);
}

/// <summary>A node's clock in a simulation: virtual time, which moves only when nothing is ready.</summary>
/// <param name="loop">The loop.</param>
/// <param name="life">Whose timers they are.</param>
public sealed class SimulatedClock(SimulationLoop loop, NodeLife life) : IClock
{
    /// <summary>CLOCK_REALTIME at the start of every simulation: 2026-01-01 00:00 UTC.</summary>
    public const long StartRealtimeNs = 1_767_225_600_000_000_000;

    /// <inheritdoc/>
    public long MonotonicNs => loop.NowNs;

    /// <inheritdoc/>
    public long RealtimeNs => StartRealtimeNs + loop.NowNs;

    /// <inheritdoc/>
    public IDisposable Schedule(TimeSpan delay, Action<object?> action, object? state) =>
        loop.AddTimer(delay, life, action, state);
}
