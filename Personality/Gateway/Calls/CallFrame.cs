using Google.Protobuf;
using K42.Linux.V1;
using K42.Personality.Linux;
using K42.Personality.Linux.Memory;

namespace K42.Gateway.Calls;

/// <summary>A call on its way: the registers and memory that its message became.</summary>
internal sealed class CallFrame
{
    /// <summary>Arguments of a Linux system call.</summary>
    public const int ArgumentsMax = 6;

    private readonly long[] _arguments = new long[ArgumentsMax];
    private MessageMemory? _memory;

    /// <summary>The x86-64 number.</summary>
    public int Number { get; private set; }

    /// <summary>What the call writes.</summary>
    public OutKind Out { get; private set; }

    /// <summary>Where it writes.</summary>
    public ulong OutAddress { get; private set; }

    /// <summary>The program's memory, as far as this call is concerned.</summary>
    public MessageMemory Memory => _memory ??= new MessageMemory();

    /// <summary>Sets number and arguments.</summary>
    public void Set(
        int number, long first = 0, long second = 0, long third = 0, long fourth = 0, long fifth = 0)
    {
        Number = number;
        _arguments[0] = first;
        _arguments[1] = second;
        _arguments[2] = third;
        _arguments[3] = fourth;
        _arguments[4] = fifth;
        _arguments[5] = 0;
    }

    /// <summary>Puts a value into an argument.</summary>
    /// <param name="position">1 to 6.</param>
    /// <returns>False when there is no such argument.</returns>
    public bool TrySet(uint position, long value)
    {
        if (position is 0 or > ArgumentsMax) return false;
        _arguments[position - 1] = value;
        return true;
    }

    /// <summary>Room for what the call writes; its address.</summary>
    public long Room(OutKind kind, long count)
    {
        Out = kind;
        OutAddress = Memory.Out((int)Math.Clamp(count, 0, CallLimits.ReadBytesMax));
        return (long)OutAddress;
    }

    /// <summary>Text with its NUL; null is the null pointer.</summary>
    public long Text(ByteString? text) => text == null ? 0 : (long)Memory.Text(text.Span);

    /// <summary>Bytes to read; their address.</summary>
    public long In(ReadOnlyMemory<byte> bytes) => (long)Memory.In(bytes);

    /// <summary>Ready for the dispatcher.</summary>
    public SyscallArgs Arguments =>
        new(_memory ?? (ITaskMemory)NoMemory.Instance, _arguments[0], _arguments[1],
        _arguments[2], _arguments[3], _arguments[4], _arguments[5]);

    /// <summary>What the call wrote.</summary>
    public ReadOnlyMemory<byte> Written => Memory.Written(OutAddress);

    /// <summary>Ready for the next call.</summary>
    public void Clear()
    {
        _memory = null;
        Out = OutKind.None;
        OutAddress = 0;
    }
}

/// <summary>Limits of what one call carries.</summary>
internal static class CallLimits
{
    /// <summary>The most bytes that one call gives back.</summary>
    public const int ReadBytesMax = 1024 * 1024;

    /// <summary>IOV_MAX.</summary>
    public const int VectorsMax = 1_024;
}

/// <summary>A program's memory when the call passes no address: nothing can be reached.</summary>
internal sealed class NoMemory : ITaskMemory
{
    public static readonly NoMemory Instance = new();

    public long Readable(ulong address, long count) => 0;

    public long Writable(ulong address, long count) => 0;

    public bool TryRead(ulong address, Span<byte> into) => into.IsEmpty;

    public bool TryWrite(ulong address, ReadOnlySpan<byte> from) => from.IsEmpty;
}
