using System.Globalization;

using CsCheck;

namespace K42.Tests;

/// <summary>Random values from fixed seeds, the same in every run. For others:
/// <c>K42_RANDOM_SEED=5000 K42_RANDOM_COUNT=2000</c>.</summary>
internal static class Seeded
{
    private const int CountDefault = 100;
    private const uint Stream = 42;

    /// <summary>Checks that many values; what fails is shrunk, and printed with its seed.</summary>
    public static void Check<T>(this Gen<T> gen, Action<T> check, int count = CountDefault)
    {
        var first = Number("K42_RANDOM_SEED", 1);
        var wanted = Number("K42_RANDOM_COUNT", count);
        for (var seed = first; seed < first + wanted; seed++)
        {
            var random = new PCG(Stream, (ulong)seed);
            var start = random.ToString();
            var value = gen.Generate(random, null, out _);
            try
            {
                check(value);
            }
            catch (Exception)
            {
                // The library begins with this one, and looks for smaller ones that fail, too.
                gen.Sample(check, seed: start, iter: CountDefault, threads: 1);
                throw;
            }
        }
    }

    /// <summary>The same of what has to hold.</summary>
    public static void Check<T>(this Gen<T> gen, Func<T, bool> holds, int count = CountDefault) =>
        gen.Check(
            value =>
            {
                if (!holds(value)) throw new InvalidOperationException("It does not hold.");
            },
            count);

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}
