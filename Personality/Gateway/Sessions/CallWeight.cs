using K42.Gateway.Calls;
using K42.Linux.V1;
using static K42.Linux.V1.Call.CallOneofCase;

namespace K42.Gateway.Sessions;

/// <summary>How much of the node's memory a call takes while it is under way.</summary>
internal static class CallWeight
{
    // The message itself, and what stands for the call in the session.
    private const long Least = 256;

    /// <summary>The bytes that it brings and the room that it asks for. The same whenever it is
    /// asked.</summary>
    public static long Of(Call call) => Least + call.CallCase switch
    {
        Read => Room(call.Read.Count),
        Pread64 => Room(call.Pread64.Count),
        Readv => RoomOf(call.Readv.Counts),
        Write => call.Write.Data.Length,
        Pwrite64 => call.Pwrite64.Data.Length,
        Writev => BytesOf(call.Writev.Data),
        _ => 0,
    };

    private static long Room(ulong count) => (long)Math.Min(count, CallLimits.ReadBytesMax);

    private static long RoomOf(Google.Protobuf.Collections.RepeatedField<ulong> counts)
    {
        var sum = 0L;
        foreach (var count in counts) sum += Room(count);
        return Math.Min(sum, CallLimits.ReadBytesMax);
    }

    private static long BytesOf(Google.Protobuf.Collections.RepeatedField<Google.Protobuf.ByteString> pieces)
    {
        var sum = 0L;
        foreach (var piece in pieces) sum += piece.Length;
        return sum;
    }
}
