using System.Buffers.Binary;
using Google.Protobuf.Collections;
using K42.Linux.V1;
using static K42.Linux.V1.Call.CallOneofCase;

namespace K42.Gateway.Calls;

internal static partial class CallEncoder
{
    private const int IdBytes = 4;

    private static bool TryCredentials(Call call, CallFrame frame, int number)
    {
        switch (call.CallCase)
        {
            case Setuid: frame.Set(number, call.Setuid.Uid); return true;
            case Setgid: frame.Set(number, call.Setgid.Gid); return true;
            case Setreuid: frame.Set(number, call.Setreuid.Ruid, call.Setreuid.Euid); return true;
            case Setregid: frame.Set(number, call.Setregid.Rgid, call.Setregid.Egid); return true;
            case Setresuid:
                frame.Set(number, call.Setresuid.Ruid, call.Setresuid.Euid, call.Setresuid.Suid);
                return true;
            case Setresgid:
                frame.Set(number, call.Setresgid.Rgid, call.Setresgid.Egid, call.Setresgid.Sgid);
                return true;
            case Setfsuid: frame.Set(number, call.Setfsuid.Fsuid); return true;
            case Setfsgid: frame.Set(number, call.Setfsgid.Fsgid); return true;
            case Getresuid or Getresgid:
                var room = frame.Room(OutKind.Ids, 3 * IdBytes);
                frame.Set(number, room, room + IdBytes, room + (2 * IdBytes));
                return true;
            case Setgroups: SetGroups(frame, number, call.Setgroups.List); return true;
            default: return false;
        }
    }

    private static void SetGroups(CallFrame frame, int number, RepeatedField<uint> groups)
    {
        var bytes = new byte[groups.Count * IdBytes];
        for (var i = 0; i < groups.Count; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * IdBytes), groups[i]);
        frame.Set(number, groups.Count, frame.In(bytes));
    }
}
