using K42.Contracts;
using K42.Contracts.Servers;
using K42.Locks;

namespace K42.Kernel.Devices;

/// <summary>What all of these devices have as open files: no offset, no size, no end.</summary>
/// <remarks>Lives in <see cref="DeviceRoot"/>. Calls: nobody. On failure: all open devices of the node answer
/// EIO.</remarks>
internal abstract class DeviceFile(int flagsOfOpen, FileStatus status) : SignallingFile
{
    private const int AccessMode = 3;
    private const int Path = 0x20_0000;
    private const int LargeFile = 0x8000;
    private const int Direct = 0x4000;
    private const int Settable = 0x400 | 0x800 | 0x4_0000; // O_APPEND, O_NONBLOCK, O_NOATIME
    private const int Async = 0x2000;
    private const int Shown = AccessMode | Settable | Async | 0x10_1000 | 0x2_0000; // O_SYNC, O_NOFOLLOW
    private const long TypeMagic = 0x0102_1994;
    private const int PageBytes = 4_096;
    private const int NameBytesMax = 255;
    private const int WhenceMax = 4;

    private int _flags = (flagsOfOpen & Shown) | LargeFile;

    /// <summary>The user who opened it.</summary>
    public uint Opener { get; set; }

    /// <summary>Told when the last handle was dropped.</summary>
    public Action<DeviceFile>? Closed { get; set; }

    /// <summary>Whether F_SETFL changes O_ASYNC. Nothing ever happens that a signal would tell of.</summary>
    protected virtual bool KeepsAsync => false;

    public static Rights RightsFor(int flags)
    {
        const Rights always = Rights.Lookup | Rights.ControlAccess;
        if ((flags & Path) != 0) return always;
        return (flags & AccessMode) switch
        {
            0 => always | Rights.Read,
            1 => always | Rights.Write,
            2 => always | Rights.Read | Rights.Write,
            _ => always,
        };
    }

    public override void Read(int countMax, long offset, Reply<ReadOnlyMemory<byte>> reply)
    {
        if (countMax < 0 || offset < SharedOffset) reply.Fail(Errno.EINVAL);
        else reply.Ok(Read(Math.Min(countMax, CallBytesMax)));
    }

    public override void Write(ReadOnlyMemory<byte> data, long offset, Reply<int> reply)
    {
        if (offset < SharedOffset) reply.Fail(Errno.EINVAL);
        else reply.Give(Write(data.Length));
    }

    /// <summary>They have no place to seek to; Linux says 0 whatever is asked.</summary>
    public override void Seek(long offset, int whence, Reply<long> reply)
    {
        if (whence is < 0 or > WhenceMax) reply.Fail(Errno.EINVAL);
        else reply.Ok(0);
    }

    public override void Status(Reply<FileStatus> reply) => reply.Ok(status);

    public override void Flags(Reply<int> reply) => reply.Ok(_flags);

    public override void SetFlags(int flags, int descriptor, Reply<Nothing> reply)
    {
        if ((flags & Direct) != 0)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }
        // Asked for by open(2) it was never registered, and so is not to be taken away.
        var settable = KeepsAsync && (flagsOfOpen & Async) == 0 ? Settable | Async : Settable;
        _flags = (_flags & ~settable) | (flags & settable);
        reply.Ok();
    }

    public override void VolumeStatus(Reply<VolumeStatus> reply) =>
        reply.Ok(new VolumeStatus(TypeMagic, PageBytes, 0, 0, 0, 0, status.Device, NameBytesMax, 0));

    protected internal override void LastHandleDropped() => Closed?.Invoke(this);

    /// <summary>Bytes that stay as they are.</summary>
    protected abstract ReadOnlyMemory<byte> Read(int count);

    /// <summary>What write(2) gives for so many bytes.</summary>
    protected abstract Outcome<int> Write(int count);
}

/// <summary>null(4): always at its end, takes everything.</summary>
internal sealed class NullDevice(int flags, FileStatus status) : DeviceFile(flags, status)
{
    protected override ReadOnlyMemory<byte> Read(int count) => ReadOnlyMemory<byte>.Empty;

    protected override Outcome<int> Write(int count) => count;
}

/// <summary>zero(4): zeros without end.</summary>
internal sealed class ZeroDevice(int flags, FileStatus status) : DeviceFile(flags, status)
{
    public static readonly ReadOnlyMemory<byte> Zeros = new byte[CallBytesMax];

    protected override ReadOnlyMemory<byte> Read(int count) => Zeros[..count];

    protected override Outcome<int> Write(int count) => count;
}

/// <summary>full(4): zeros to read, never room to write.</summary>
internal sealed class FullDevice(int flags, FileStatus status) : DeviceFile(flags, status)
{
    protected override ReadOnlyMemory<byte> Read(int count) => ZeroDevice.Zeros[..count];

    protected override Outcome<int> Write(int count) => Errno.ENOSPC;
}

/// <summary>random(4): random and urandom, which differ no more once the source is seeded.</summary>
internal sealed class RandomDevice(int flags, FileStatus status) : DeviceFile(flags, status)
{
    /// <summary>On Linux it is for those who wait for the source to be seeded; here it always is.</summary>
    protected override bool KeepsAsync => true;

    protected override ReadOnlyMemory<byte> Read(int count)
    {
        var bytes = new byte[count];
        Home.Ipc.Randomness.Fill(bytes);
        return bytes;
    }

    protected override Outcome<int> Write(int count) => count;
}
