using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace K42.Cluster.Security;

/// <summary>Who is at the other end of a Unix socket, as the host kernel says: an identity without a
/// certificate.</summary>
public static class UnixPeer
{
    // socket(7), unix(7): SOL_SOCKET, SO_PEERCRED, SO_PEERGROUPS on x86-64 and arm64.
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int SoPeerGroups = 59;
    private const int CredentialBytes = 12;

    /// <summary>The credentials that the peer had when it called connect(2) or listen(2).</summary>
    /// <param name="socket">A connected AF_UNIX stream socket.</param>
    /// <returns>The identity and the peer's process number on this host.</returns>
    /// <exception cref="SocketException">The socket is not a connected Unix socket.</exception>
    public static (ClientIdentity Identity, int HostPid) Of(Socket socket)
    {
        Span<byte> credential = stackalloc byte[CredentialBytes];
        if (socket.GetRawSocketOption(SolSocket, SoPeerCred, credential) != CredentialBytes)
            throw new SocketException((int)SocketError.NotSocket);
        var pid = MemoryMarshal.Read<int>(credential);
        var uid = MemoryMarshal.Read<uint>(credential[4..]);
        var gid = MemoryMarshal.Read<uint>(credential[8..]);
        return (new ClientIdentity(UserName(uid), uid, gid, Groups(socket)), pid);
    }

    private static uint[] Groups(Socket socket)
    {
        // Room for NGROUPS_MAX, or the kernel says ERANGE; more groups than a certificate carries are cut
        // off.
        var bytes = new byte[4 * 65_536];
        var length = socket.GetRawSocketOption(SolSocket, SoPeerGroups, bytes);
        var groups = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan(0, length));
        return groups[..Math.Min(groups.Length, ClientIdentity.GroupsMax)].ToArray();
    }

    /// <summary>The name in /etc/passwd, or the number where there is none: passwd(5).</summary>
    private static string UserName(uint uid)
    {
        var number = uid.ToString(CultureInfo.InvariantCulture);
        if (!File.Exists("/etc/passwd")) return number;
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            var fields = line.Split(':');
            if (fields.Length > 3 && fields[2] == number && ClientIdentity.IsUserName(fields[0]))
                return fields[0];
        }
        return number;
    }
}
