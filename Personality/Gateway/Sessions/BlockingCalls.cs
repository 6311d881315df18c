using K42.Linux.V1;
using static K42.Linux.V1.Call.CallOneofCase;

namespace K42.Gateway.Sessions;

/// <summary>Which calls may wait for something that may never come, and so can be given up.</summary>
internal static class BlockingCalls
{
    /// <summary>Whether a call may wait for long; the rest always ends by itself.</summary>
    public static bool MayWait(Call.CallOneofCase call) =>
        call is Read or Write or Readv or Writev or Open or Openat or Creat or Truncate or Fcntl or Flock
            or Wait4 or Waitid or Pause or Nanosleep or Numeric;
}
