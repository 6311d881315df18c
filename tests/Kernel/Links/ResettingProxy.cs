using System.Net;
using System.Net.Sockets;

namespace K42.Kernel.Tests.Links;

/// <summary>A TCP proxy that resets connections (RST, both sides) after numbers of bytes that a seed decides.
/// </summary>
internal sealed class ResettingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly Random _random;
    private readonly int _bytesMax;
    private int _resetsLeft;
    private volatile bool _disposed;

    public ResettingProxy(IPEndPoint target, int seed, int resets, int bytesMax)
    {
        (_target, _random, _resetsLeft, _bytesMax) = (target, new Random(seed), resets, bytesMax);
        _listener.Start();
        new Thread(AcceptLoop) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Resets;

    private void AcceptLoop()
    {
        try
        {
            while (!_disposed)
            {
                var pair = new Pair(this, _listener.AcceptSocket());
                pair.Start();
            }
        }
        catch (SocketException)
        {
            // The listener was disposed.
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _listener.Dispose();
    }

    private sealed class Pair(ResettingProxy proxy, Socket near)
    {
        private readonly Socket _far = new(SocketType.Stream, ProtocolType.Tcp);
        private long _bytesLeft = long.MaxValue;

        public void Start()
        {
            lock (proxy._random)
            {
                if (proxy._resetsLeft-- > 0) _bytesLeft = proxy._random.Next(proxy._bytesMax);
            }
            _far.Connect(proxy._target);
            new Thread(() => Pump(near, _far)) { IsBackground = true }.Start();
            new Thread(() => Pump(_far, near)) { IsBackground = true }.Start();
        }

        private void Pump(Socket from, Socket to)
        {
            var buffer = new byte[8_192];
            try
            {
                while (true)
                {
                    var count = from.Receive(buffer);
                    if (count == 0) break;
                    if (Interlocked.Add(ref _bytesLeft, -count) < 0)
                    {
                        Interlocked.Increment(ref proxy.Resets);
                        break;
                    }
                    to.Send(buffer.AsSpan(0, count));
                }
            }
            catch (Exception lost) when (lost is SocketException or ObjectDisposedException)
            {
                // The other pump reset, or an end went away.
            }
            Reset(near);
            Reset(_far);
        }

        private static void Reset(Socket socket)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                // Reset already.
            }
            socket.Dispose();
        }
    }
}
