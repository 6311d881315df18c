using System.Collections.Concurrent;
using Grpc.Core;
using Xunit;

namespace K42.Cluster.Tests.Nodes;

/// <summary>Counts answers, and puts an upper limit on the time of each.</summary>
internal sealed class Tally
{
    /// <summary>Whatever takes longer hangs.</summary>
    public static readonly TimeSpan CallTimeMax = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly ConcurrentDictionary<string, int> _errors = new();
    private long _right;

    /// <summary>Answers that were compared and equal to what they must be.</summary>
    public long Right => Interlocked.Read(ref _right);

    /// <summary>Answers that were not, in words.</summary>
    public IReadOnlyCollection<string> Wrong => _wrong;

    /// <summary>Definite errors, by their kind.</summary>
    public string Errors => string.Join(", ", _errors.OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => $"{pair.Value} {pair.Key}"));

    /// <summary>Whether a failure says what happened: an errno, the session's end, a gRPC status.</summary>
    public static bool IsDefinite(Exception failure) => failure is IOException or RpcException;

    /// <summary>Counts an answer.</summary>
    public void Count(bool right, string what)
    {
        if (right) Interlocked.Increment(ref _right);
        else _wrong.Enqueue(what);
    }

    /// <summary>Counts a definite error.</summary>
    public void Count(Exception error) => _errors.AddOrUpdate(
        error is Client.K42Exception known ? $"{known.Call} {known.Errno}" : error.GetType().Name,
        1, (_, count) => count + 1);

    /// <summary>Awaits an answer, but not for ever.</summary>
    public static async Task<T> Within<T>(Task<T> call, string what)
    {
        try
        {
            return await call.WaitAsync(CallTimeMax, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new HungException($"no answer within {CallTimeMax.TotalSeconds} s: {what}");
        }
    }

    /// <summary>Awaits an end, but not for ever.</summary>
    public static async Task Within(Task call, string what) => await Within(Plain(call), what);

    /// <summary>Repeats calls until one fails with a definite error, and gives that.</summary>
    public async Task<Exception> UntilError(Func<Task> once)
    {
        try
        {
            while (true) await once();
        }
        catch (Exception e) when (IsDefinite(e))
        {
            Count(e);
            return e;
        }
    }

    private static async Task<bool> Plain(Task call)
    {
        await call;
        return true;
    }
}

/// <summary>A call had no answer in time.</summary>
public sealed class HungException(string message) : Exception(message);

/// <summary>Bytes that tell their own place, so that a lost, doubled or strange one is seen.</summary>
/// <param name="seed">Which of many such streams.</param>
internal readonly struct Pattern(int seed)
{
    /// <summary>The bytes from an offset on.</summary>
    public byte[] Bytes(long offset, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = At(offset + i);
        return bytes;
    }

    /// <summary>Whether these are the bytes at that offset.</summary>
    public bool Fits(ReadOnlySpan<byte> bytes, long offset)
    {
        for (var i = 0; i < bytes.Length; i++)
            if (bytes[i] != At(offset + i)) return false;
        return true;
    }

    private byte At(long offset) =>
        (byte)((offset * 31) + ((offset >> 8) * 7) + (offset >> 16) + (seed * 17));
}
