using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;

namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>One TLS connection: a pipe for its conduit, the loop of its reader thread, and a second thread
/// that exists only once a full socket asked for it.</summary>
internal sealed class TcpLinkConnection : ILinkPipe
{
    private readonly Socket _socket;
    private readonly LinkContext _context;
    private readonly SpinSlots _slots;
    private readonly Lock _lock = new();
    private readonly object _writerSignal = new();
    private UnblockedSocketStream? _stream;
    private SslStream? _tls;
    private LinkConduit? _conduit;
    private bool _writerWanted;
    private bool _writerStarted;
    private bool _aborted;
    private bool _authenticated;

    public TcpLinkConnection(Socket socket, LinkContext context, SpinSlots slots)
    {
        _socket = socket;
        _context = context;
        _slots = slots;
    }

    /// <summary>True once the peer has shown an acceptable certificate.</summary>
    public bool IsAuthenticated => Volatile.Read(ref _authenticated);

    /// <summary>Does TLS on a connected socket; blocks.</summary>
    /// <returns>The peer's node name, as its certificate proves it.</returns>
    /// <exception cref="LinkRefusedException">The peer's certificate is not acceptable.</exception>
    public string Authenticate(TcpLinkCredentials credentials, bool dialled)
    {
        string? name = null;
        string? refusal = null;
        bool Validate(System.Security.Cryptography.X509Certificates.X509Certificate? certificate) =>
            NodeCertificates.TryName(TcpLinkCredentials.Certificate2(certificate), credentials.Authorities,
                _context.Clock, out name, out refusal);
        _socket.NoDelay = true;
        var policy = new SpinPolicy(_context.Options.SpinBudget.Ticks * 100);
        _stream = new UnblockedSocketStream(_socket,
            new SpinningReader(_socket, policy, _slots, _context.Clock));
        _tls = new SslStream(_stream, leaveInnerStreamOpen: true);
        try
        {
            if (dialled)
                _tls.AuthenticateAsClient(credentials.ForClient((_, shown, _, _) => Validate(shown)));
            else _tls.AuthenticateAsServer(credentials.ForServer((_, shown, _, _) => Validate(shown)));
        }
        catch (System.Security.Authentication.AuthenticationException broken)
        {
            throw new LinkRefusedException(LinkRefusal.Tls, refusal ?? broken.Message.TrimEnd('.'));
        }
        Volatile.Write(ref _authenticated, true);
        _stream.Blocking = false;
        return name ?? throw new LinkRefusedException(LinkRefusal.Tls, refusal ?? "no certificate was shown");
    }

    /// <summary>Feeds the conduit until the connection is over. Runs on the connection's reader
    /// thread.</summary>
    /// <param name="conduit">Already begun when dialled.</param>
    /// <param name="opened">Called once, when Hello was accepted.</param>
    public void ReadLoop(LinkConduit conduit, Action opened)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_context.Options.ReadBufferBytes);
        var (begin, end, isOpen) = (0, 0, false);
        try
        {
            while (!Volatile.Read(ref _aborted))
            {
                if (begin == end) begin = end = 0;
                else if (buffer.Length - end < LinkOptions.FrameBytesMax)
                {
                    buffer.AsSpan(begin, end - begin).CopyTo(buffer);
                    (begin, end) = (0, end - begin);
                }
                var read = _tls!.Read(buffer.AsSpan(end));
                if (read <= 0) return;
                end += read;
                var consumed = conduit.Feed(buffer.AsSpan(begin, end - begin));
                if (consumed < 0) return;
                begin += consumed;
                if (isOpen || !conduit.IsOpen) continue;
                isOpen = true;
                opened();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Join(LinkConduit conduit) => _conduit = conduit;

    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        _tls!.Write(bytes);
        if (!_stream!.HasLeft) return true;
        WakeWriter();
        return false;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _tls!.Write(bytes);
        _stream!.PushBlocking();
    }

    public void HandOver() => WakeWriter();

    public void Abort()
    {
        lock (_lock)
        {
            if (_aborted) return;
            Volatile.Write(ref _aborted, true);
        }
        try
        {
            // Wakes a reader and a writer that block in the kernel; the reader thread then closes.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception late) when (late is SocketException or ObjectDisposedException)
        {
            _socket.Dispose();
        }
        lock (_writerSignal) Monitor.Pulse(_writerSignal);
    }

    /// <summary>The reader thread's last act.</summary>
    public void Close()
    {
        lock (_lock) Volatile.Write(ref _aborted, true);
        _socket.Dispose();
        lock (_writerSignal) Monitor.Pulse(_writerSignal);
    }

    private void WakeWriter()
    {
        lock (_writerSignal)
        {
            _writerWanted = true;
            Monitor.Pulse(_writerSignal);
            if (_writerStarted) return;
            _writerStarted = true;
        }
        new Thread(WriteLoop) { IsBackground = true, Name = "k42-link-write" }.Start();
    }

    private void WriteLoop()
    {
        while (true)
        {
            lock (_writerSignal)
            {
                while (!_writerWanted && !Volatile.Read(ref _aborted)) Monitor.Wait(_writerSignal);
                if (Volatile.Read(ref _aborted)) return;
                _writerWanted = false;
            }
            try
            {
                _stream!.PushBlocking();
            }
            catch (Exception lost) when (lost is SocketException or ObjectDisposedException)
            {
                Abort();
                return;
            }
            _conduit!.ContinueFlush();
        }
    }
}
