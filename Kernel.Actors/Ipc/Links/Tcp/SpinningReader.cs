using System.Net.Sockets;
using System.Runtime.InteropServices;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>Reads a socket: looks for bytes without sleeping while waits are short, and blocks otherwise.
/// </summary>
/// <remarks>A thread that blocks lets its processor go idle, and waking it there costs a virtual machine tens
/// of microseconds, more than the rest of a call. The socket stays in blocking mode; looking asks the kernel
/// directly (recv with MSG_DONTWAIT). Between looks other threads get the processor (sched_yield).</remarks>
internal sealed partial class SpinningReader(Socket socket, SpinPolicy policy, SpinSlots slots, IClock clock)
{
    // recv(2), Linux.
    private const int MsgDontWait = 0x40;
    private const int LooksPerYield = 4;
    private const int PauseTurns = 8;

    private readonly SafeSocketHandle _handle = socket.SafeHandle;

    /// <summary>Waits for bytes as long as it takes.</summary>
    /// <returns>How many; 0 at the end of the connection.</returns>
    /// <exception cref="SocketException">The connection is dead.</exception>
    public int Read(Span<byte> buffer)
    {
        if (policy.BudgetNs <= 0) return socket.Receive(buffer, SocketFlags.None);
        var read = TryReceive(buffer);
        if (read >= 0)
        {
            policy.Waited(0);
            return read;
        }
        var begun = clock.MonotonicNs;
        if (policy.IsOn) read = Look(buffer, begun + policy.BudgetNs);
        if (read < 0) read = socket.Receive(buffer, SocketFlags.None);
        policy.Waited(clock.MonotonicNs - begun);
        return read;
    }

    /// <returns>Bytes read; -1 when none came in time, or when others look already.</returns>
    private int Look(Span<byte> buffer, long untilNs)
    {
        if (!slots.TryEnter()) return -1;
        try
        {
            for (var look = 1; clock.MonotonicNs < untilNs; look++)
            {
                if (look % LooksPerYield == 0) Thread.Yield();
                else Thread.SpinWait(PauseTurns);
                var read = TryReceive(buffer);
                if (read >= 0) return read;
            }
            return -1;
        }
        finally
        {
            slots.Leave();
        }
    }

    /// <returns>Bytes read; -1 when there are none, or for an error, which a blocking read then tells.
    /// </returns>
    private unsafe int TryReceive(Span<byte> buffer)
    {
        fixed (byte* to = buffer) return (int)Receive(_handle, to, buffer.Length, MsgDontWait);
    }

    [LibraryImport("libc", EntryPoint = "recv")]
    private static unsafe partial nint Receive(SafeHandle socket, byte* bytes, nint length, int flags);
}
