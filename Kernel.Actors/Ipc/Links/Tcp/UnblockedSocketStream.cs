using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>The stream below TLS: reads block, writes never do; what a full socket leaves is kept.</summary>
/// <remarks>The socket stays in blocking mode: one asynchronous call would make .NET switch it, and every
/// later read would pass through the poll engine at twice the latency. A write that must not block therefore
/// asks the kernel directly (send with MSG_DONTWAIT). One reader and one writer at a time.</remarks>
/// <param name="socket">Connected, in blocking mode.</param>
/// <param name="reader">How this socket is read once the handshake is over.</param>
internal sealed partial class UnblockedSocketStream(Socket socket, SpinningReader reader) : Stream
{
    // send(2), Linux.
    private const int MsgDontWait = 0x40;
    private const int MsgNoSignal = 0x4000;
    private const int Eintr = 4;
    private const int Eagain = 11;

    private readonly SafeSocketHandle _handle = socket.SafeHandle;
    private byte[] _out = new byte[32_768];
    private bool _blocking = true;
    private int _begin;
    private int _end;

    /// <summary>True during the TLS handshake: then a write waits for the socket, and a read only
    /// blocks.</summary>
    public bool Blocking { get => _blocking; set => _blocking = value; }

    /// <summary>True when a full socket left something for <see cref="PushBlocking"/>.</summary>
    public bool HasLeft => _begin < _end;

    public override int Read(Span<byte> buffer) =>
        _blocking ? socket.Receive(buffer, SocketFlags.None) : reader.Read(buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // Straight from TLS's buffer to the kernel; only what a full socket leaves is copied.
        if (!_blocking && _begin == _end) buffer = buffer[TrySend(buffer)..];
        if (buffer.IsEmpty) return;
        if (_out.Length - _end < buffer.Length)
        {
            Array.Resize(ref _out, Math.Max(2 * _out.Length, _end + buffer.Length));
        }
        buffer.CopyTo(_out.AsSpan(_end));
        _end += buffer.Length;
        if (_blocking) PushBlocking();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Sends what a full socket left, however long it takes.</summary>
    public void PushBlocking()
    {
        while (_begin < _end) _begin += socket.Send(_out.AsSpan(_begin, _end - _begin));
        _begin = _end = 0;
    }

    private unsafe int TrySend(ReadOnlySpan<byte> bytes)
    {
        var done = 0;
        while (done < bytes.Length)
        {
            nint sent;
            fixed (byte* from = bytes[done..])
            {
                sent = Send(_handle, from, bytes.Length - done, MsgDontWait | MsgNoSignal);
            }
            if (sent >= 0)
            {
                done += (int)sent;
                continue;
            }
            var errno = Marshal.GetLastPInvokeError();
            if (errno == Eagain) break;
            if (errno != Eintr) throw new IOException($"send failed with errno {errno}.");
        }
        return done;
    }

    public override void Flush()
    {
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static unsafe partial nint Send(SafeHandle socket, byte* bytes, nint length, int flags);
}
