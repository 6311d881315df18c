using System.Numerics;

namespace K42.Benchmarks.Harness;

/// <summary>Counts of times, kept to within 1/128 of their value; recording allocates nothing.</summary>
/// <remarks>For one writer. Values are nanoseconds from 0 up to 2^62; a negative one counts as 0.</remarks>
public sealed class LatencyHistogram
{
    private const int StepBits = 7;
    private const int StepsPerOctave = 1 << StepBits;

    private readonly long[] _counts = new long[(64 - StepBits) * StepsPerOctave];

    /// <summary>How many values were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>Records one value in nanoseconds.</summary>
    public void Record(long nanoseconds)
    {
        _counts[IndexOf(Math.Max(nanoseconds, 0))]++;
        Count++;
    }

    /// <summary>Adds the counts of another histogram.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
        Count += other.Count;
    }

    /// <summary>The value below which <paramref name="share"/> of all values lie.</summary>
    /// <param name="share">From 0 to 1: 0.5 is the median.</param>
    /// <exception cref="InvalidOperationException">Nothing was recorded.</exception>
    public double Quantile(double share)
    {
        if (Count == 0) throw new InvalidOperationException("no value was recorded");
        var rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Count);
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank) return MiddleOf(i);
        }
        throw new InvalidOperationException("counts and their sum differ");
    }

    // Values below one octave of steps have a cell each; above, an octave is cut into equal steps.
    private static int IndexOf(long value)
    {
        if (value < StepsPerOctave) return (int)value;
        var octave = BitOperations.Log2((ulong)value) - StepBits;
        return ((octave + 1) << StepBits) + (int)((value >> octave) - StepsPerOctave);
    }

    private static double MiddleOf(int index)
    {
        if (index < StepsPerOctave) return index;
        var octave = (index >> StepBits) - 1;
        var low = (long)(StepsPerOctave + (index & (StepsPerOctave - 1))) << octave;
        return low + ((1L << octave) - 1) / 2.0;
    }
}
