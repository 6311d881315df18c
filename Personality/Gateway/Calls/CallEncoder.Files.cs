using System.Buffers.Binary;
using K42.Linux.V1;
using static K42.Linux.V1.Call.CallOneofCase;

namespace K42.Gateway.Calls;

internal static partial class CallEncoder
{
    private static bool TryFiles(Call call, CallFrame frame, int number)
    {
        switch (call.CallCase)
        {
            case Call.CallOneofCase.Stat:
                frame.Set(number, frame.Text(call.Stat.Path), StatRoom(frame));
                return true;
            case Lstat: frame.Set(number, frame.Text(call.Lstat.Path), StatRoom(frame)); return true;
            case Fstat: frame.Set(number, call.Fstat.Fd, StatRoom(frame)); return true;
            case Newfstatat:
                var stat = call.Newfstatat;
                frame.Set(number, stat.Dirfd, frame.Text(stat.Path), StatRoom(frame), stat.Flags);
                return true;
            case Access: frame.Set(number, frame.Text(call.Access.Path), call.Access.Mode); return true;
            case Faccessat:
                frame.Set(number, call.Faccessat.Dirfd, frame.Text(call.Faccessat.Path), call.Faccessat.Mode);
                return true;
            case Call.CallOneofCase.Statfs:
                frame.Set(number, frame.Text(call.Statfs.Path), StatfsRoom(frame));
                return true;
            case Fstatfs: frame.Set(number, call.Fstatfs.Fd, StatfsRoom(frame)); return true;
            case Utimensat: Times(frame, number, call.Utimensat); return true;
            case Chmod: frame.Set(number, frame.Text(call.Chmod.Path), call.Chmod.Mode); return true;
            case Fchmod: frame.Set(number, call.Fchmod.Fd, call.Fchmod.Mode); return true;
            case Fchmodat:
                frame.Set(number, call.Fchmodat.Dirfd, frame.Text(call.Fchmodat.Path), call.Fchmodat.Mode);
                return true;
            case Chown:
                frame.Set(number, frame.Text(call.Chown.Path), call.Chown.Owner, call.Chown.Group);
                return true;
            case Lchown:
                frame.Set(number, frame.Text(call.Lchown.Path), call.Lchown.Owner, call.Lchown.Group);
                return true;
            case Fchown: frame.Set(number, call.Fchown.Fd, call.Fchown.Owner, call.Fchown.Group); return true;
            case Fchownat:
                var own = call.Fchownat;
                frame.Set(number, own.Dirfd, frame.Text(own.Path), own.Owner, own.Group, own.Flags);
                return true;
            case Mount:
                var mount = call.Mount;
                frame.Set(number, frame.Text(mount.HasSource ? mount.Source : null),
                    frame.Text(mount.HasTarget ? mount.Target : null),
                    frame.Text(mount.HasType ? mount.Type : null), unchecked((long)mount.Flags),
                    frame.Text(mount.HasData ? mount.Data : null));
                return true;
            case Umount2: frame.Set(number, frame.Text(call.Umount2.Target), call.Umount2.Flags); return true;
            case Umask: frame.Set(number, call.Umask.Mask); return true;
            case Chdir: frame.Set(number, frame.Text(call.Chdir.Path)); return true;
            case Fchdir: frame.Set(number, call.Fchdir.Fd); return true;
            case Getcwd:
                var size = (long)Math.Min(call.Getcwd.Size, CallLimits.ReadBytesMax);
                frame.Set(number, frame.Room(OutKind.Path, size), size);
                return true;
            default: return false;
        }
    }

    private static bool TryNames(Call call, CallFrame frame, int number)
    {
        switch (call.CallCase)
        {
            case Getdents64:
                var count = Math.Min(call.Getdents64.Count, CallLimits.ReadBytesMax);
                frame.Set(number, call.Getdents64.Fd, frame.Room(OutKind.Entries, count), count);
                return true;
            case Mkdir: frame.Set(number, frame.Text(call.Mkdir.Path), call.Mkdir.Mode); return true;
            case Mkdirat:
                frame.Set(number, call.Mkdirat.Dirfd, frame.Text(call.Mkdirat.Path), call.Mkdirat.Mode);
                return true;
            case Mknod:
                frame.Set(number, frame.Text(call.Mknod.Path), call.Mknod.Mode,
                    unchecked((long)call.Mknod.Dev));
                return true;
            case Rmdir: frame.Set(number, frame.Text(call.Rmdir.Path)); return true;
            case Unlink: frame.Set(number, frame.Text(call.Unlink.Path)); return true;
            case Unlinkat:
                frame.Set(number, call.Unlinkat.Dirfd, frame.Text(call.Unlinkat.Path), call.Unlinkat.Flags);
                return true;
            case Rename:
                frame.Set(number, frame.Text(call.Rename.Oldpath), frame.Text(call.Rename.Newpath));
                return true;
            case Renameat:
                var at = call.Renameat;
                frame.Set(number, at.Olddirfd, frame.Text(at.Oldpath), at.Newdirfd, frame.Text(at.Newpath));
                return true;
            case Renameat2:
                var at2 = call.Renameat2;
                frame.Set(number, at2.Olddirfd, frame.Text(at2.Oldpath), at2.Newdirfd,
                    frame.Text(at2.Newpath),
                    at2.Flags);
                return true;
            case Link:
                frame.Set(number, frame.Text(call.Link.Oldpath), frame.Text(call.Link.Newpath));
                return true;
            case Linkat:
                var link = call.Linkat;
                frame.Set(number, link.Olddirfd, frame.Text(link.Oldpath), link.Newdirfd,
                    frame.Text(link.Newpath),
                    link.Flags);
                return true;
            case Symlink:
                frame.Set(number, frame.Text(call.Symlink.Target), frame.Text(call.Symlink.Linkpath));
                return true;
            case Symlinkat:
                var symlink = call.Symlinkat;
                frame.Set(number, frame.Text(symlink.Target), symlink.Newdirfd, frame.Text(symlink.Linkpath));
                return true;
            case Readlink:
                frame.Set(number, frame.Text(call.Readlink.Path), frame.Room(OutKind.Data,
                    call.Readlink.Bufsiz),
                    (int)call.Readlink.Bufsiz);
                return true;
            case Readlinkat:
                var read = call.Readlinkat;
                frame.Set(number, read.Dirfd, frame.Text(read.Path), frame.Room(OutKind.Data, read.Bufsiz),
                    (int)read.Bufsiz);
                return true;
            default: return false;
        }
    }

    private static long StatRoom(CallFrame frame) => frame.Room(OutKind.Stat, StructLayout.StatBytes);

    private static long StatfsRoom(CallFrame frame) => frame.Room(OutKind.Statfs, StructLayout.StatfsBytes);

    private static void Times(CallFrame frame, int number, UtimensatRequest call)
    {
        var times = 0L;
        if (call.Times.Count > 0)
        {
            // A missing second time can't be read: the call finds a bad address.
            var bytes = new byte[Math.Min(call.Times.Count, 2) * StructLayout.TimespecBytes];
            for (var i = 0; i < bytes.Length / StructLayout.TimespecBytes; i++)
                StructLayout.Write(call.Times[i], bytes.AsSpan(i * StructLayout.TimespecBytes));
            times = frame.In(bytes);
        }
        frame.Set(number, call.Dirfd, call.HasPath ? frame.Text(call.Path) : 0, times, call.Flags);
    }
}
