using K42.Contracts;

namespace K42.Personality.Linux;

public static partial class SyscallTable
{
    // Sockets.
    private static SyscallRow[] SocketRows =>
    [
        Refused(41, "socket", Errno.ENOSYS, "No sockets yet."),
        Refused(42, "connect", Errno.ENOSYS, "No sockets yet."),
        Refused(43, "accept", Errno.ENOSYS, "No sockets yet."),
        Refused(44, "sendto", Errno.ENOSYS, "No sockets yet."),
        Refused(45, "recvfrom", Errno.ENOSYS, "No sockets yet."),
        Refused(46, "sendmsg", Errno.ENOSYS, "No sockets yet."),
        Refused(47, "recvmsg", Errno.ENOSYS, "No sockets yet."),
        Refused(48, "shutdown", Errno.ENOSYS, "No sockets yet."),
        Refused(49, "bind", Errno.ENOSYS, "No sockets yet."),
        Refused(50, "listen", Errno.ENOSYS, "No sockets yet."),
        Refused(51, "getsockname", Errno.ENOSYS, "No sockets yet."),
        Refused(52, "getpeername", Errno.ENOSYS, "No sockets yet."),
        Refused(53, "socketpair", Errno.ENOSYS, "No sockets yet."),
        Refused(54, "setsockopt", Errno.ENOSYS, "No sockets yet."),
        Refused(55, "getsockopt", Errno.ENOSYS, "No sockets yet."),
        Refused(288, "accept4", Errno.ENOSYS, "No sockets yet."),
        Refused(299, "recvmmsg", Errno.ENOSYS, "No sockets yet."),
        Refused(307, "sendmmsg", Errno.ENOSYS, "No sockets yet."),
    ];
}
