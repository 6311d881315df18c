using K42.Gateway.Calls;
using K42.Linux.V1;
using static K42.Linux.V1.Call.CallOneofCase;

namespace K42.Gateway.Sessions;

/// <summary>How much of the node's memory a call takes while it is under way.</summary>
internal static class CallWeight
{
    // What stands for the call in the session, and its message at the least.
    private const long Least = 256;

    // An element of a list may be a byte or two in the message.
    private const long Element = 64;

    /// <summary>The bytes that it brings, with whatever it brings them in, and the room that it asks
    /// for.</summary>
    public static long Of(Call call) => Least + call.CalculateSize() + (Element * call.Use.Count)
        + call.CallCase switch
        {
            Read => Room(call.Read.Count),
            Pread64 => Room(call.Pread64.Count),
            Readv => RoomOf(call.Readv.Counts) + (Element * call.Readv.Counts.Count),
            Writev => Element * call.Writev.Data.Count,
            Setgroups => Element * call.Setgroups.List.Count,
            Numeric => Element * call.Numeric.Args.Count,
            _ => 0,
        };

    private static long Room(ulong count) => (long)Math.Min(count, CallLimits.ReadBytesMax);

    private static long RoomOf(Google.Protobuf.Collections.RepeatedField<ulong> counts)
    {
        var sum = 0L;
        foreach (var count in counts) sum += Room(count);
        return Math.Min(sum, CallLimits.ReadBytesMax);
    }
}
