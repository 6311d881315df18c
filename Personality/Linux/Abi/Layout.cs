using System.Buffers.Binary;
using System.Text;

using K42.Contracts.Kernel;
using K42.Contracts.Servers;

namespace K42.Personality.Linux.Abi;

/// <summary>Linux's structures as an x86-64 program sees them; offsets and sizes are the kernel
/// headers'.</summary>
internal static class Layout
{
    public const int StatBytes = 144;
    public const int StatfsBytes = 120;
    public const int TimespecBytes = 16;
    public const int IovecBytes = 16;
    public const int UtsnameBytes = 390;
    public const int UtsnameFieldBytes = 65;
    public const int SiginfoBytes = 128;
    public const int RusageBytes = 144;
    public const int StatxBytes = 256;
    public const int FlockBytes = 32;
    public const long NsPerSecond = 1_000_000_000;

    private const uint StatxBasicStats = 0x7FF;

    /// <summary>struct stat (asm/stat.h).</summary>
    public static void Stat(Span<byte> to, in FileStatus status)
    {
        to[..StatBytes].Clear();
        U64(to, 0, status.Device);
        U64(to, 8, status.Inode);
        U64(to, 16, status.Links);
        U32(to, 24, status.Mode);
        U32(to, 28, status.Uid);
        U32(to, 32, status.Gid);
        U64(to, 40, status.RDevice);
        I64(to, 48, status.Size);
        I64(to, 56, status.BlockSize);
        I64(to, 64, status.Blocks);
        Timespec(to[72..], status.AccessedNs);
        Timespec(to[88..], status.ModifiedNs);
        Timespec(to[104..], status.ChangedNs);
    }

    /// <summary>struct rusage (asm-generic): the processor time; all else is zero, as what the program's own
    /// host spends is not known here.</summary>
    public static void Rusage(Span<byte> to, long processorNs)
    {
        const int nsPerUs = 1_000, system = 16;
        to[..RusageBytes].Clear();
        I64(to, system, processorNs / NsPerSecond);
        I64(to, system + 8, processorNs % NsPerSecond / nsPerUs);
    }

    /// <summary>struct flock (asm-generic/fcntl.h).</summary>
    public static RecordLock Flock(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadInt16LittleEndian(from),
        BinaryPrimitives.ReadInt16LittleEndian(from[2..]),
        BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
        BinaryPrimitives.ReadInt32LittleEndian(from[24..]));

    /// <summary>struct flock.</summary>
    public static void Flock(Span<byte> to, in RecordLock found)
    {
        to[..FlockBytes].Clear();
        BinaryPrimitives.WriteInt16LittleEndian(to, (short)found.Type);
        BinaryPrimitives.WriteInt16LittleEndian(to[2..], (short)found.Whence);
        I64(to, 8, found.Start);
        I64(to, 16, found.Length);
        U32(to, 24, (uint)found.Pid);
    }

    /// <summary>struct statx (linux/stat.h), the basic fields.</summary>
    public static void Statx(Span<byte> to, in FileStatus status)
    {
        to[..StatxBytes].Clear();
        U32(to, 0, StatxBasicStats);
        U32(to, 4, (uint)status.BlockSize);
        U32(to, 16, status.Links);
        U32(to, 20, status.Uid);
        U32(to, 24, status.Gid);
        BinaryPrimitives.WriteUInt16LittleEndian(to[28..], (ushort)status.Mode);
        U64(to, 32, status.Inode);
        I64(to, 40, status.Size);
        I64(to, 48, status.Blocks);
        Timespec(to[64..], status.AccessedNs);
        Timespec(to[96..], status.ChangedNs);
        Timespec(to[112..], status.ModifiedNs);
        U32(to, 128, Major(status.RDevice));
        U32(to, 132, Minor(status.RDevice));
        U32(to, 136, Major(status.Device));
        U32(to, 140, Minor(status.Device));
    }

    /// <summary>struct statfs (asm-generic/statfs.h).</summary>
    public static void Statfs(Span<byte> to, in VolumeStatus status)
    {
        to[..StatfsBytes].Clear();
        I64(to, 0, status.Type);
        I64(to, 8, status.BlockSize);
        U64(to, 16, status.Blocks);
        U64(to, 24, status.BlocksFree);
        U64(to, 32, status.BlocksFree);
        U64(to, 40, status.Files);
        U64(to, 48, status.FilesFree);
        U64(to, 56, status.FsId);
        I64(to, 64, status.NameMax);
        I64(to, 72, status.BlockSize);
        I64(to, 80, status.Flags);
    }

    /// <summary>struct timespec of nanoseconds since 1970, or of a duration; the nanoseconds are never
    /// negative.</summary>
    public static void Timespec(Span<byte> to, long ns)
    {
        var seconds = Math.DivRem(ns, NsPerSecond, out var rest);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + NsPerSecond);
        I64(to, 0, seconds);
        I64(to, 8, rest);
    }

    /// <summary>struct new_utsname (linux/utsname.h).</summary>
    public static void Utsname(
        Span<byte> to, string system, string node, string release, string version, string machine,
        string domain)
    {
        to[..UtsnameBytes].Clear();
        ReadOnlySpan<string> fields = [system, node, release, version, machine, domain];
        for (var i = 0; i < fields.Length; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(fields[i]);
            var count = Math.Min(bytes.Length, UtsnameFieldBytes - 1);
            bytes.AsSpan(0, count).CopyTo(to[(i * UtsnameFieldBytes)..]);
        }
    }

    /// <summary>siginfo_t of SIGCHLD as waitid(2) fills it: all zero when there was no child (wait.Pid
    /// 0).</summary>
    public static void ChildSiginfo(Span<byte> to, in WaitResult wait)
    {
        to[..SiginfoBytes].Clear();
        if (wait.Pid == 0) return;
        I32(to, 0, Signal.SIGCHLD);
        I32(to, 8, wait.Code);
        I32(to, 16, wait.Pid);
        U32(to, 20, wait.Uid);
        I32(to, 24, ChildStatus(wait.Status));
    }

    /// <summary>si_status of a status word: the exit code, or the signal that killed, stopped or
    /// continued.</summary>
    public static int ChildStatus(int word)
    {
        const int continued = 0xFFFF;
        const int sigcont = 18;
        if (word == continued) return sigcont;
        var low = word & 0x7F;
        return low is 0 or 0x7F ? (word >> 8) & 0xFF : low;
    }

    /// <summary>The kernel's struct sigaction.</summary>
    public static void SignalAction(Span<byte> to, in SignalAction action)
    {
        U64(to, 0, action.Handler);
        U64(to, 8, action.Flags);
        U64(to, 16, action.Restorer);
        U64(to, 24, action.Mask);
    }

    /// <summary>The kernel's struct sigaction.</summary>
    public static SignalAction SignalAction(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(from), BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[24..]));

    /// <summary>A device number's major part.</summary>
    public static uint Major(ulong device) => (uint)((device >> 8) & 0xFFF);

    /// <summary>A device number's minor part.</summary>
    public static uint Minor(ulong device) => (uint)((device & 0xFF) | ((device >> 12) & 0xFFFFF00));

    private static void U64(Span<byte> to, int at, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(to[at..], value);

    private static void I64(Span<byte> to, int at, long value) =>
        BinaryPrimitives.WriteInt64LittleEndian(to[at..], value);

    private static void U32(Span<byte> to, int at, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(to[at..], value);

    private static void I32(Span<byte> to, int at, int value) =>
        BinaryPrimitives.WriteInt32LittleEndian(to[at..], value);
}
