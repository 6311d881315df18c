using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>The stream below TLS: reads block, writes are collected and pushed when the caller says
/// so.</summary>
/// <remarks>The socket stays in blocking mode: one asynchronous call would make .NET switch it, and every
/// later read would pass through the poll engine at twice the latency. A push that must not block therefore
/// asks the kernel directly (send with MSG_DONTWAIT). One reader and one writer at a time.</remarks>
internal sealed partial class CorkedSocketStream(Socket socket) : Stream
{
    // send(2), Linux.
    private const int MsgDontWait = 0x40;
    private const int MsgNoSignal = 0x4000;
    private const int Eintr = 4;
    private const int Eagain = 11;

    private readonly SafeSocketHandle _handle = socket.SafeHandle;
    private byte[] _out = new byte[32_768];
    private int _begin;
    private int _end;

    /// <summary>False during the TLS handshake: then every write goes out at once.</summary>
    public bool Corked { get; set; }

    public override int Read(Span<byte> buffer) => socket.Receive(buffer, SocketFlags.None);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_out.Length - _end < buffer.Length)
        {
            Array.Resize(ref _out, Math.Max(2 * _out.Length, _end + buffer.Length));
        }
        buffer.CopyTo(_out.AsSpan(_end));
        _end += buffer.Length;
        if (!Corked) PushBlocking();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Sends what was collected, as far as the socket takes it now.</summary>
    /// <returns>False when something is left for <see cref="PushBlocking"/>.</returns>
    public unsafe bool Push()
    {
        while (_begin < _end)
        {
            nint sent;
            fixed (byte* from = &_out[_begin])
            {
                sent = Send(_handle, from, _end - _begin, MsgDontWait | MsgNoSignal);
            }
            if (sent >= 0)
            {
                _begin += (int)sent;
                continue;
            }
            var errno = Marshal.GetLastPInvokeError();
            if (errno == Eagain) return false;
            if (errno != Eintr) throw new IOException($"send failed with errno {errno}.");
        }
        _begin = _end = 0;
        return true;
    }

    /// <summary>Sends what was collected, however long it takes.</summary>
    public void PushBlocking()
    {
        while (_begin < _end) _begin += socket.Send(_out.AsSpan(_begin, _end - _begin));
        _begin = _end = 0;
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
