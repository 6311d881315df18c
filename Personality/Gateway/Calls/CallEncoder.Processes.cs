using System.Buffers.Binary;
using K42.Linux.V1;
using static K42.Linux.V1.Call.CallOneofCase;

namespace K42.Gateway.Calls;

internal static partial class CallEncoder
{
    private static bool TryProcesses(Call call, CallFrame frame, int number)
    {
        switch (call.CallCase)
        {
            case Getpid or Getppid or Getpgrp or Setsid or Getuid or Geteuid or Getgid or Getegid or Pause
                or Fork:
                frame.Set(number);
                return true;
            case Exit: frame.Set(number, call.Exit.Status); return true;
            case ExitGroup: frame.Set(number, call.ExitGroup.Status); return true;
            case Wait4:
                var status = frame.Room(OutKind.WaitStatus, StructLayout.WaitBytes);
                frame.Set(
                    number, call.Wait4.Pid, status, call.Wait4.Options, status + StructLayout.WaitUsage);
                return true;
            case Waitid:
                var wait = call.Waitid;
                var info = frame.Room(
                    OutKind.ChildInfo, StructLayout.SiginfoBytes + StructLayout.RusageBytes);
                frame.Set(
                    number, wait.Idtype, wait.Id, info, wait.Options, info + StructLayout.SiginfoBytes);
                return true;
            case Kill: frame.Set(number, call.Kill.Pid, call.Kill.Sig); return true;
            case Getpgid: frame.Set(number, call.Getpgid.Pid); return true;
            case Setpgid: frame.Set(number, call.Setpgid.Pid, call.Setpgid.Pgid); return true;
            case Getsid: frame.Set(number, call.Getsid.Pid); return true;
            case Getgroups:
                frame.Set(number, call.Getgroups.Size, frame.Room(OutKind.Groups, call.Getgroups.Size * 4L));
                return true;
            case RtSigaction: Action(frame, number, call.RtSigaction); return true;
            case RtSigprocmask: Mask(frame, number, call.RtSigprocmask); return true;
            case Alarm: frame.Set(number, call.Alarm.Seconds); return true;
            case Nanosleep:
                var time = new byte[StructLayout.TimespecBytes];
                if (call.Nanosleep.Req != null) StructLayout.Write(call.Nanosleep.Req, time);
                frame.Set(number, call.Nanosleep.Req == null ? 0 : frame.In(time));
                return true;
            case ClockGettime:
                var room = frame.Room(OutKind.Time, StructLayout.TimespecBytes);
                frame.Set(number, call.ClockGettime.Clockid, room);
                return true;
            case Uname:
                frame.Set(number, frame.Room(OutKind.Utsname, StructLayout.UtsnameBytes));
                return true;
            default: return false;
        }
    }

    private static void Action(CallFrame frame, int number, RtSigactionRequest call)
    {
        var action = 0L;
        if (call.Act != null)
        {
            var bytes = new byte[StructLayout.SigactionBytes];
            var handler = call.Act.Disposition == Disposition.Handler
                ? HandlerAddress : (long)call.Act.Disposition;
            BinaryPrimitives.WriteInt64LittleEndian(bytes, handler);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), call.Act.Flags);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), call.Act.Mask);
            action = frame.In(bytes);
        }
        var before = frame.Room(OutKind.Action, StructLayout.SigactionBytes);
        frame.Set(number, call.Signum, action, before, SignalSetBytes);
    }

    private static void Mask(CallFrame frame, int number, RtSigprocmaskRequest call)
    {
        var set = 0L;
        if (call.Set != null)
        {
            var bytes = new byte[SignalSetBytes];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, call.Set.Mask);
            set = frame.In(bytes);
        }
        var before = frame.Room(OutKind.Signals, SignalSetBytes);
        frame.Set(number, call.How, set, before, SignalSetBytes);
    }
}
