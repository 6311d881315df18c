using System.Net;
using System.Net.Sockets;

namespace K42.Node.Hosting;

/// <summary>Choosing TCP ports.</summary>
internal static class Ports
{
    /// <summary>Where the first node's gateway listens unless told otherwise.</summary>
    public const int GatewayFirst = 4200;

    /// <summary>True when something listens there already, or it may not be bound.</summary>
    public static bool IsTaken(string host, int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Parse(host), port));
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>A port that is free now.</summary>
    public static int Free(string host)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Parse(host), 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
