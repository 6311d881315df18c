using System.Buffers.Binary;

namespace K42.Benchmarks.Harness;

/// <summary>What every call carries and answers, the same for K42 and for its peers.</summary>
public static class BenchPayload
{
    /// <summary>Bytes that a call carries.</summary>
    public const int PayloadBytes = 64;

    /// <summary>Bytes of a bare transport's call: header, identity tag, handle and payload.</summary>
    public const int RequestBytes = 98;

    /// <summary>Bytes of an answer as a bare transport sends it: header, call id and sum.</summary>
    public const int ReplyBytes = 24;

    /// <summary>Bytes of one piece of bulk.</summary>
    public const int BulkBytes = 65_536;

    private const int IdOffset = 8;
    private const int PayloadOffset = RequestBytes - PayloadBytes;
    private const int SumOffset = 16;

    /// <summary>A payload of <see cref="PayloadBytes"/> bytes that are not all alike.</summary>
    public static byte[] Create()
    {
        var payload = new byte[PayloadBytes];
        for (var i = 0; i < payload.Length; i++) payload[i] = (byte)(i * 37 + 11);
        return payload;
    }

    /// <summary>The sum of the payload's little-endian 64-bit words: all that a callee does.</summary>
    public static long Sum(ReadOnlySpan<byte> payload)
    {
        var sum = 0L;
        for (; payload.Length >= sizeof(long); payload = payload[sizeof(long)..])
            sum = unchecked(sum + BinaryPrimitives.ReadInt64LittleEndian(payload));
        return sum;
    }

    /// <summary>Refuses an answer that is not the expected one.</summary>
    /// <exception cref="InvalidDataException">The answer is wrong.</exception>
    public static void Check(long expected, long actual)
    {
        if (expected != actual) throw new InvalidDataException($"answer {actual}, expected {expected}");
    }

    /// <summary>A bare transport's request of <see cref="RequestBytes"/> bytes around a payload.</summary>
    public static byte[] CreateRequest(byte[] payload)
    {
        var request = new byte[RequestBytes];
        payload.CopyTo(request, PayloadOffset);
        return request;
    }

    /// <summary>Numbers a bare request.</summary>
    public static void SetId(Span<byte> request, long id) =>
        BinaryPrimitives.WriteInt64LittleEndian(request[IdOffset..], id);

    /// <summary>The callee of a bare transport: reads a request, writes its answer.</summary>
    public static void Answer(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        request.Slice(0, SumOffset).CopyTo(reply);
        BinaryPrimitives.WriteInt64LittleEndian(reply[SumOffset..], Sum(request[PayloadOffset..]));
    }

    /// <summary>Checks a bare answer's number and sum.</summary>
    /// <exception cref="InvalidDataException">The answer is wrong.</exception>
    public static void CheckReply(ReadOnlySpan<byte> reply, long id, long sum)
    {
        Check(ReplyBytes, reply.Length);
        Check(id, BinaryPrimitives.ReadInt64LittleEndian(reply[IdOffset..]));
        Check(sum, BinaryPrimitives.ReadInt64LittleEndian(reply[SumOffset..]));
    }
}
